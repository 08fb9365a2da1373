"""Decides whether a file that somebody uploads may go to the loader: a table of a known kind, small, and what it says it is.

In: the name and the bytes. Out: nothing, or one sentence why not.
The rule it guards: nothing is unpacked without a limit, and the name of a file is never taken for a place.
"""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
import zlib

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED_BYTES = 100 * 1024 * 1024
MOST_PARTS = 2000
LONGEST_NAME = 90
TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".tab", ".jsonl", ".ndjson", ".json")
ENDINGS = (*TEXT_ENDINGS, ".xlsx", ".parquet")
_ZIP, _PARQUET = b"PK\x03\x04", b"PAR1"
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_KNOWN_BINARY = {
    _ZIP: "a workbook or an archive",
    _PARQUET: "a Parquet file",
    b"\x1f\x8b": "a packed file",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"MZ": "a program",
    b"\x7fELF": "a program",
    b"SQLite format 3": "a database",
}


class UploadError(Exception):
    """The file is none that can be loaded; the message says what was found, what was expected and what to do."""


def checked_name(file_name: str) -> str:
    """The last part of the name without anything that is no sign of a name; UploadError for an unknown ending."""
    plain = unicodedata.normalize("NFC", file_name).replace("\\", "/").rpartition("/")[2]
    plain = "".join(
        sign for sign in plain if unicodedata.category(sign)[0] != "C" and sign not in '<>:"|?*\u2028\u2029'
    ).strip(" .")
    stem, dot, ending = plain.rpartition(".")
    if not dot or f".{ending.lower()}" not in ENDINGS:
        raise UploadError(
            f"'{plain or file_name!r}' is no file that can be read here; expected one ending in {', '.join(ENDINGS)}. "
            "Save it as CSV or XLSX (unpack an archive first)."
        )
    return f"{stem[: LONGEST_NAME - len(ending) - 1] or 'file'}.{ending}"


def refuse_unfit(name: str, content: bytes) -> None:
    """Raises UploadError for a file that is too large, empty, not what its name says, or far larger unpacked."""
    if len(content) > MOST_BYTES:
        raise UploadError(
            f"{name} has {len(content):,} bytes; expected at most {MOST_BYTES:,}. Name the file in floorboard.toml "
            "instead, or upload it in parts."
        )
    if not content.strip():
        raise UploadError(f"{name} is empty; expected the names of the columns and a row at least.")
    ending = f".{name.rpartition('.')[2].lower()}"
    if ending == ".xlsx":
        _refuse_workbook(name, content)
    elif ending == ".parquet":
        if not (content.startswith(_PARQUET) and content.endswith(_PARQUET)):
            raise UploadError(f"{name} is no finished Parquet file. Write it again, or save it as CSV.")
    else:
        _refuse_text(name, content)


def _refuse_text(name: str, content: bytes) -> None:
    for start, what in _KNOWN_BINARY.items():
        if content.startswith(start):
            raise UploadError(
                f"{name} is {what} by its content; expected text as its name says. Save the table as CSV, or give the "
                "file its right ending."
            )
    head = content[:65536]
    every_second = head[1:400:2]
    is_wide = head.startswith((b"\xff\xfe", b"\xfe\xff")) or every_second.count(0) * 2 > len(every_second)
    if not is_wide and len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", head)) > len(head) / 100:
        raise UploadError(f"{name} holds no text; expected a table as text. Save it as CSV in UTF-8.")


def _refuse_workbook(name: str, content: bytes) -> None:
    broken = f"{name} is no whole XLSX workbook. Save it again from the spreadsheet, or as CSV."
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError):
        raise UploadError(broken) from None
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise UploadError(broken)
    if len(parts) > MOST_PARTS or any(part.flag_bits & 1 for part in parts):
        raise UploadError(
            f"{name} is locked with a password or has too many parts; expected a plain workbook. Save it as CSV."
        )
    left = MOST_UNPACKED_BYTES
    for part in parts:
        try:
            left -= _unpacked_bytes(content, part, left)
        except (zlib.error, struct.error, IndexError):
            raise UploadError(broken) from None
        if left < 0:
            raise UploadError(
                f"{name} unpacks to more than {MOST_UNPACKED_BYTES // 1_048_576} MB; expected a workbook of ordinary "
                "size. Save the one sheet that is wanted as CSV."
            )


def _unpacked_bytes(content: bytes, part: zipfile.ZipInfo, limit: int) -> int:
    """How large a part really is, counted while it is unpacked and up to a little over the limit.

    What the archive says of its own sizes is not believed.
    """
    header = _LOCAL_HEADER.unpack_from(content, part.header_offset)
    start = part.header_offset + _LOCAL_HEADER.size + header[9] + header[10]
    packed = content[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        return len(packed)
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise zlib.error("an unusual kind of packing")
    unpacker, total = zlib.decompressobj(-15), 0
    while packed and total <= limit and not unpacker.eof:
        total += len(unpacker.decompress(packed, 1 << 20))
        packed = unpacker.unconsumed_tail
    return total
