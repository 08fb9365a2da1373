"""Which files may go to the loader: by name, size, content, and how large they are unpacked."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.loading.upload_check import (
    LONGEST_NAME,
    MOST_BYTES,
    UploadError,
    checked_name,
    refuse_unfit,
)
from tests.laws import law


def workbook(parts: dict[str, bytes] | None = None) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {
            "[Content_Types].xml": b"<a/>",
            "xl/workbook.xml": b"<b/>",
            **(parts or {}),
        }.items():
            archive.writestr(name, content)
    return found.getvalue()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("calls.csv", "calls.csv"),
        ("../../etc/calls.CSV", "calls.CSV"),
        ("C:\\Users\\Mari\\calls.xlsx", "calls.xlsx"),
        ("/abs/õäöü Вопросы.jsonl", "õäöü Вопросы.jsonl"),
        ("a\x00b\u202ec.csv", "abc.csv"),
        (".csv", None),
        ("calls", None),
        ("calls.exe", None),
        ("calls.csv.gz", None),
        ("..", None),
        ("", None),
    ],
)
def test_only_the_last_part_of_a_name_with_a_known_ending_is_taken(given: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(UploadError, match="expected one ending in"):
            checked_name(given)
    else:
        assert checked_name(given) == expected


def test_a_long_name_keeps_its_ending() -> None:
    found = checked_name("x" * 500 + ".parquet")
    assert len(found) == LONGEST_NAME
    assert found.endswith("x.parquet")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"x" * (MOST_BYTES + 1), "5,242,881 bytes"),
        ("a.csv", b" \r\n\t", "is empty"),
        ("a.csv", workbook(), "is a workbook"),
        ("a.csv", b"PAR1....PAR1", "is a Parquet file"),
        ("a.csv", b"%PDF-1.7", "is a PDF"),
        ("a.tsv", b"\x1f\x8b\x08", "is a packed file"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel workbook"),
        ("a.jsonl", bytes(range(32)) * 50, "holds no text"),
        ("a.parquet", b"a,b\n1,2\n", "no finished Parquet"),
        ("a.parquet", b"PAR1 cut off", "no finished Parquet"),
        ("a.xlsx", b"a,b\n1,2\n", "no whole XLSX"),
        ("a.xlsx", workbook()[:-30], "no whole XLSX"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "no whole XLSX"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(name: str, content: bytes, expected: str) -> None:
    with pytest.raises(UploadError, match=expected):
        refuse_unfit(name, content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"\xef\xbb\xbfa;b\n1;2\n"),
        ("a.csv", "a;b\nõ;Ж\n".encode("utf-16")),
        ("a.csv", "queue;agent;started;ended\nõ;Ж;1;2\n".encode("utf-16-le")),
        ("a.csv", "a;b\nõ;ä\n".encode("cp1252")),
        ("a.csv", b"a,b\nx\x00y,2\n" + b"1,2\n" * 100),  # a stray NUL is a matter of one row
        ("a.jsonl", b'{"a": 1}\n'),
        ("a.parquet", b"PAR1 whatever PAR1"),
        ("a.xlsx", workbook({"xl/worksheets/sheet1.xml": b"<c>1</c>" * 1000})),
    ],
)
def test_an_ordinary_file_passes(name: str, content: bytes) -> None:
    refuse_unfit(name, content)


def test_a_workbook_that_unpacks_to_gigabytes_is_refused() -> None:
    bomb = workbook({"xl/worksheets/sheet1.xml": b"0" * 150_000_000})
    assert len(bomb) < 1_000_000
    with pytest.raises(UploadError, match="unpacks to more than 100 MB"):
        refuse_unfit("a.xlsx", bomb)


def test_a_workbook_that_lies_about_its_size_is_refused() -> None:
    bomb = bytearray(workbook({"xl/worksheets/sheet1.xml": b"0" * 150_000_000}))
    told = struct.pack("<L", 150_000_000)
    assert bomb.count(told) == 2  # the local header and the directory
    bomb = bytearray(bytes(bomb).replace(told, struct.pack("<L", 10)))
    with pytest.raises(UploadError, match="unpacks to more than 100 MB"):
        refuse_unfit("a.xlsx", bytes(bomb))


def test_many_small_parts_that_share_the_limit_are_refused() -> None:
    parts = {f"xl/media/{place}.xml": b"0" * 11_000_000 for place in range(10)}
    with pytest.raises(UploadError, match="unpacks to more"):
        refuse_unfit("a.xlsx", workbook(parts))


def test_a_broken_stream_inside_a_workbook_is_a_sentence() -> None:
    packed = zlib.compress(b"<c>1</c>" * 500, 9)[2:-4]
    broken = workbook({"xl/worksheets/sheet1.xml": b"<c>1</c>" * 500})
    assert packed in broken
    with pytest.raises(UploadError, match="no whole XLSX"):
        refuse_unfit("a.xlsx", broken.replace(packed, b"\xff" * len(packed)))


@law(100)
@given(st.text(max_size=200), st.sampled_from([".csv", ".XLSX", ".parquet", ""]))
def test_whatever_a_file_is_called_its_name_is_no_place_and_fits_a_source(text: str, ending: str) -> None:
    try:
        name = checked_name(text + ending)
    except UploadError:
        return
    assert not set(name) & set("/\\\x00")
    assert name not in (".", "..")
    assert 1 <= len(f"upload: {name}") <= 100
    assert re.fullmatch(r"[^\x00-\x1f\x7f]+", name)


@law(100)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=30), st.integers(0, 2000))
def test_a_damaged_workbook_is_taken_or_refused_but_never_an_error(
    changes: list[tuple[int, int]], length: int
) -> None:
    content = bytearray(workbook({"xl/worksheets/sheet1.xml": b"<c>1</c>" * 200}))
    for place, value in changes:
        content[place % len(content)] = value
    with suppress(UploadError):
        refuse_unfit("a.xlsx", bytes(content[: length or None]))


@law(100)
@given(st.binary(max_size=500))
def test_any_bytes_are_taken_or_refused_but_never_an_error(content: bytes) -> None:
    for name in ("a.csv", "a.xlsx", "a.parquet", "a.jsonl"):
        with suppress(UploadError):
            refuse_unfit(name, content)
