"""Opens a file of which nothing is known, and says what it is where it is no file that can be read.

In: a path. Out: its bytes, unpacked where it is packed, or a sentence.
The rule it guards: nothing that could keep the loader waiting for ever (a pipe, a device, a socket) is opened to be read.
"""

from __future__ import annotations

import errno
import gzip
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from etl import LoadError

UNPACKING_FAULTS = (EOFError, gzip.BadGzipFile, zlib.error)
LONGEST_KEPT = 20_000
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def opened_file(path: Path) -> BinaryIO:
    """The bytes of a file as they lie there; LoadError where it is no file, else OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        number = os.open(path, flags)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            refuse_no_file(path)
        raise
    try:
        mode = os.fstat(number).st_mode
        if not stat.S_ISREG(mode):
            raise _refusal(path, _kind(mode))
        return os.fdopen(number, "rb")
    except BaseException:
        os.close(number)
        raise


def opened(path: Path) -> BinaryIO:
    """The text file, unpacked where its name says that it is packed."""
    file = opened_file(path)
    return cast("BinaryIO", _Packed(file)) if path.suffix.lower() == ".gz" else file


def refuse_no_file(path: Path) -> None:
    """Raises LoadError where something stands there that is no file: a folder, a pipe, links in a circle."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refusal(path, "links that lead in a circle") from None
        return
    if not stat.S_ISREG(mode):
        raise _refusal(path, _kind(mode))


def broken_packing(path: Path, error: Exception) -> LoadError:
    """The sentence for a packed file that cannot be unpacked to its end."""
    return LoadError(
        f"{shown(path)}: it cannot be unpacked ({error}); expected a whole gzip file. If it is still being written, "
        "nothing is to do; if it is broken, write it again or take it out of the folder."
    )


def shown(name: str | Path) -> str:
    """A path, or a text that holds one, as text that can be written anywhere: signs that are not UTF-8 as \ufffd."""
    return _decoded(name, "replace")


def key_of(name: str) -> str:
    """The name of a file as text that can be stored, another one for every name."""
    return _decoded(name, "backslashreplace")


def _decoded(name: str | Path, errors: str) -> str:
    try:
        return os.fsencode(str(name)).decode("utf-8", errors)
    except UnicodeEncodeError:  # of a system that knows no such names
        return str(name).encode("utf-8", "replace").decode()


def cut(text: str) -> str:
    """A text to be kept, of a very long one its beginning, with a word about its length."""
    if len(text) <= LONGEST_KEPT:
        return text
    return f"{text[:LONGEST_KEPT]} … cut here: {len(text):,} characters in all"


def _kind(mode: int) -> str:
    return next((name for is_it, name in _KINDS if is_it(mode)), "something else")


def _refusal(path: Path, found: str) -> LoadError:
    return LoadError(
        f"{shown(path)}: found {found}; expected a file. Name the file that holds the rows, or take it out of the folder."
    )


class _Packed(gzip.GzipFile):
    """Unpacks a file and closes it, which GzipFile leaves to whoever opened it."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        """Closes the packed file too."""
        super().close()
        self._packed.close()
