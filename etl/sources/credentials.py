"""Fetches what lets us into an API: from the environment, or from a file that only its owner can read.

In: the name of an environment variable or a path, from the settings; never the credential itself.
Out: the credential as text. The rule it guards: it stands in no message, log, table or settings file.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from etl import LoadError

MOST_BYTES = 16_384
_SAMPLES = re.compile(
    r"(?:your|my|the|some|an?)?[-_ ]?(?:api|access|auth|bearer|secret|client)?[-_ ]?"
    r"(?:change[-_ ]?me|token|secret|password|key|example|sample|test|placeholder|todo|none|null|undefined)"
    r"(?:[-_ ]?(?:here|value|goes[-_ ]here))?|[x*.\-_0]+|<.*>|\{.*\}|\$.*|123456\d*",
    re.IGNORECASE,
)


def credential(env_name: str | None, file: Path | None, *, what: str) -> str:
    """The credential from the environment variable (where it is set) or from the file; `what` names it in messages.

    The file must be the own user's, readable by nobody else (mode 600 or 400). Raises LoadError, which never holds
    the credential; also for an empty one, for one of several lines, and for a sample that was never filled in.
    """
    place = credential_place(env_name, file)
    if env_name is None and file is None:
        raise LoadError(
            f"{what}: found neither an environment variable nor a file in the settings, expected one of them. "
            "Name it there; the credential itself never stands in the settings."
        )
    given = os.environ.get(env_name) if env_name else None
    if given is None and file is None:
        raise LoadError(
            f"{what}: {place} is not set, expected the credential in it. Set it for this process."
        )
    text = (given if given is not None else _content(file, what)).strip()  # type: ignore[arg-type]
    if not text:
        raise LoadError(f"{what}: {place} is empty, expected the credential. Put it there.")
    if not text.isprintable() or not text.isascii() or len(text) > MOST_BYTES:
        raise LoadError(
            f"{what}: {place} holds several lines, or characters that no credential has, expected one line of plain "
            "characters. Put only the credential there."
        )
    if _SAMPLES.fullmatch(text):
        raise LoadError(f"{what}: {place} holds a sample, expected the real credential. Put it there.")
    return text


def credential_place(env_name: str | None, file: Path | None) -> str:
    """Where a credential comes from, in words, for messages."""
    if env_name and (file is None or env_name in os.environ):
        return f"the environment variable {env_name}"
    return f"the file {file}"


def _content(file: Path, what: str) -> str:
    """The text of a file that is the own user's alone; checked on what was opened, not on what had that name."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise LoadError(
            f"{what}: the file {file} cannot be read ({error.strerror}), expected a file with the credential. "
            "Check the path and its owner."
        ) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise LoadError(f"{what}: {file} is no ordinary file, expected a file with the credential.")
        if status.st_uid != os.geteuid():
            raise LoadError(
                f"{what}: the file {file} is another user's, expected one of the user who runs Floorboard. "
                "Copy it and make the copy that user's own."
            )
        if status.st_mode & 0o177:
            raise LoadError(
                f"{what}: the file {file} has the mode {stat.S_IMODE(status.st_mode):o}, expected 600: others can read "
                f"or run it. Run: chmod 600 {file}"
            )
        return os.read(handle, MOST_BYTES + 1).decode("utf-8", errors="replace")
    finally:
        os.close(handle)
