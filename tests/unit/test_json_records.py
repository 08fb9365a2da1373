"""Records out of files of JSON: every one once, whatever lies between them, wherever reading was cut."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl import LoadError
from etl.sources.clouds import json_files, json_scan
from etl.sources.clouds.json_fields import masked, masked_values
from etl.sources.clouds.json_files import FileInfo, LocalFiles, S3Files, s3_files
from etl.sources.clouds.json_records import FilesPosition, Piece, pieces
from etl.sources.clouds.json_scan import scan
from tests.laws import law

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


def values(data: bytes) -> list[object]:
    """Each object of the bytes, or the first words of its fault."""
    return [found.value if not found.fault else found.fault[:13] for found in scan(io.BytesIO(data))]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'{"a":1}\n{"a":2}\n', [{"a": 1}, {"a": 2}]),
        (b'{"a":1}{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'[{"a":1},\n {"a":2}]', [{"a": 1}, {"a": 2}]),
        (b'\xef\xbb\xbf{"a":1}\r\n{"a":2}', [{"a": 1}, {"a": 2}]),
        (b'{\n  "a": {\n    "b": "}{"\n  }\n}\n', [{"a": {"b": "}{"}}]),
        (b"", []),
        (b"\n\n", []),
        ('{"a":"õ\U0001f600"}{"a":2}'.encode(), [{"a": "õ\U0001f600"}, {"a": 2}]),
        (b'{"a": tru}{"a":2}', ["it is no JSON", {"a": 2}]),
        (b'{"a":1\n{"a":2}\n', ["it is no JSON", {"a": 2}]),
        (b'{"a":"x\n{"a":2}\n', ["it is no JSON", {"a": 2}]),
        (b'garbage\n{"a":2}\n', ["text that is ", {"a": 2}]),
        (b'1,{"a":2}', ["text that is ", {"a": 2}]),
        (b'{"a":NaN}{"a":2}', ["it is no JSON", {"a": 2}]),
        (b'{"a":"\xff"}{"a":2}', ["it holds byte", {"a": 2}]),
        (b'{"a":1}{"a":', [{"a": 1}, "the file ends"]),
        (b'{"a":' * 20_000 + b"\n" + b'{"a":2}', ["it is no JSON", {"a": 2}]),
    ],
)
def test_each_object_is_found_and_a_broken_one_does_not_take_the_next_with_it(
    data: bytes, expected: list[object]
) -> None:
    assert values(data) == expected


def test_every_byte_belongs_to_an_object_or_lies_between_two() -> None:
    data = b' {"a":"\xc3\xb5"}, garbage\n{"a":2} '
    spans = [(found.start, found.end) for found in scan(io.BytesIO(data))]
    assert [data[start:end] for start, end in spans] == [b'{"a":"\xc3\xb5"}', b"garbage", b'{"a":2}']


def test_objects_are_found_across_the_borders_of_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = "".join(f'{{"a":"õ{number}","b":{{"c":[1,2]}}}}\n' for number in range(20)).encode()
    whole = values(data)
    for block_bytes in (1, 2, 3, 7, 64):
        monkeypatch.setattr(json_scan, "BLOCK_BYTES", block_bytes)
        assert values(data) == whole


def read(path: Path, position: str = "", **options: Any) -> list[Piece]:
    place = FilesPosition.from_text(position)
    return list(pieces(LocalFiles((path,)), place, now=options.pop("now", LATER), **options))


def numbers(found: list[Piece]) -> list[int]:
    return [item.value["a"] for piece in found for item in piece.items]


def dated(path: Path, text: str | bytes, *, at: datetime = NOW) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_a_folder_is_read_once_with_all_that_is_in_it(tmp_path: Path) -> None:
    dated(tmp_path / "2026/11/a.json", '{"a":1}{"a":2}')
    dated(tmp_path / "2026/11/b.gz", gzip.compress(b'{"a":3}\n'))
    dated(
        tmp_path / "2026/12/packed without a name for it",
        gzip.compress(b'{"a":4}') + gzip.compress(b'{"a":5}'),
    )
    dated(tmp_path / "2026/12/.hidden", '{"a":99}')
    dated(tmp_path / "2026/12/half.tmp", '{"a":99}')
    found = read(tmp_path)
    assert numbers(found) == [1, 2, 3, 4, 5]
    assert [item.place_text for piece in found for item in piece.items][:3] == [
        "2026/11/a.json:1", "2026/11/a.json:2", "2026/11/b.gz:1",
    ]  # fmt: skip
    assert read(tmp_path, found[-1].position.to_text()) == []


def test_a_file_that_came_later_under_an_earlier_name_is_found(tmp_path: Path) -> None:
    dated(tmp_path / "b.json", '{"a":1}')
    place = read(tmp_path)[-1].position.to_text()
    dated(tmp_path / "a.json", '{"a":2}', at=NOW - timedelta(days=300))
    assert numbers(read(tmp_path, place)) == [2]


def test_a_growing_file_is_read_on_and_its_half_written_record_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    soon = NOW + timedelta(minutes=1)
    dated(path, '{"a":1}\n{"a":2')
    first = read(tmp_path, now=soon)
    assert numbers(first) == [1]
    assert read(tmp_path, first[-1].position.to_text(), now=soon) == []
    dated(path, '{"a":1}\n{"a":2}\n{"a":3}', at=NOW + timedelta(seconds=30))
    second = read(tmp_path, first[-1].position.to_text(), now=soon)
    assert numbers(second) == [2, 3]
    assert [item.place_text for item in second[0].items] == ["a.json:2", "a.json:3"]
    dated(path, '{"a":7}\n{"a":8}\n{"a":9}\n{"a":10}', at=NOW + timedelta(seconds=40))
    replaced = read(tmp_path, second[-1].position.to_text(), now=soon)
    assert numbers(replaced) == [7, 8, 9, 10], "another content under the same name is another file"


def test_a_record_that_nobody_ends_is_refused_after_a_while(tmp_path: Path) -> None:
    dated(tmp_path / "a.json", '{"a":1}\n{"a":2')
    (piece,) = read(tmp_path, now=NOW + timedelta(hours=1))
    assert [item.fault[:33] for item in piece.items] == ["", "the file ends in the middle of it"]
    assert read(tmp_path, piece.position.to_text(), now=NOW + timedelta(hours=1)) == []


def test_a_broken_gzip_file_gives_what_is_whole_and_one_fault(tmp_path: Path) -> None:
    packed = gzip.compress(
        b"".join(b'{"a":%d,"b":"%s"}\n' % (n, os.urandom(40).hex().encode()) for n in range(50))
    )
    dated(tmp_path / "a.gz", packed[: len(packed) - 30])
    assert read(tmp_path, now=NOW + timedelta(minutes=1)) == [], "it may still be on its way"
    (piece,) = read(tmp_path, now=NOW + timedelta(hours=1))
    assert [bool(item.fault) for item in piece.items].count(True) == 1
    assert piece.items[-1].fault.startswith("the file cannot be read on")


def test_a_file_in_another_encoding_is_refused_as_a_whole(tmp_path: Path) -> None:
    dated(tmp_path / "a.json", '{"a":1}'.encode("utf-16"))
    dated(tmp_path / "b.json", '{"a":2}')
    (piece,) = read(tmp_path)
    assert [item.fault for item in piece.items] == [
        "the file cannot be read on (it is UTF-16); expected it whole, in UTF-8", "",
    ]  # fmt: skip


def test_a_file_that_cannot_be_opened_stops_the_load_but_not_what_came_before_it(tmp_path: Path) -> None:
    class Locked(LocalFiles):
        def opened(self, info: FileInfo) -> Any:
            if info.name == "b.json":
                raise PermissionError(13, "Permission denied")
            return super().opened(info)

    for name in "abc":
        dated(tmp_path / f"{name}.json", f'{{"a":{ord(name)}}}')
    found: list[Piece] = []
    with pytest.raises(
        LoadError, match=r"b\.json: cannot be read \(Permission denied\); expected a readable file"
    ):
        found.extend(pieces(Locked((tmp_path,)), FilesPosition(), now=LATER))
    assert numbers(found) == [ord("a")]
    assert numbers(read(tmp_path, found[-1].position.to_text())) == [ord("b"), ord("c")]


def test_a_missing_folder_and_an_unusable_position_say_so(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"there is no such file or folder; expected .* Put the right path"):
        read(tmp_path / "nowhere")
    for text in (
        "{}",
        "[]",
        "x",
        '{"version":9}',
        '{"version":1,"done":[],"tails":{"a":{"offset":-1}},"after":{}}',
    ):
        with pytest.raises(ValueError, match=r"expected|cannot be read"):
            FilesPosition.from_text(text)


def test_an_object_around_the_records_is_opened(tmp_path: Path) -> None:
    dated(tmp_path / "page.json", '{"conversations":[{"a":1},{"a":2},3],"totalHits":3}{"a":4}')
    items = [
        item for piece in read(tmp_path, piece_bytes=1, wrapper_key="conversations") for item in piece.items
    ]
    assert [item.value.get("a") for item in items] == [1, 2, None, 4]
    assert items[2].fault == "an entry of conversations is no object; expected a record in braces"


@law(60)
@given(
    files=st.lists(st.lists(st.integers(0, 999), max_size=6), min_size=1, max_size=4),
    style=st.sampled_from(["lines", "joined", "array", "wrapped"]),
    piece_bytes=st.integers(1, 60),
    stops=st.lists(st.integers(1, 3), max_size=6),
)
@example(files=[[1, 2, 3]], style="wrapped", piece_bytes=1, stops=[1, 1, 1])
def test_every_record_comes_once_wherever_reading_stopped(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[list[int]],
    style: str,
    piece_bytes: int,
    stops: list[int],
) -> None:
    folder = tmp_path_factory.mktemp("files")
    for number, content in enumerate(files):
        records = [json.dumps({"a": value}) for value in content]
        text = {
            "lines": "\n".join(records),
            "joined": "".join(records),
            "array": f"[{','.join(records)}]",
            "wrapped": f'{{"list":[{",".join(records)}]}}' if records else "",
        }[style]
        dated(folder / f"{number}.json", text)
    place, read_so_far = "", list[int]()
    for stop in [*stops, 1_000]:
        found = pieces(
            LocalFiles((folder,)),
            FilesPosition.from_text(place),
            now=LATER,
            piece_bytes=piece_bytes,
            wrapper_key="list",
        )
        for piece, _ in zip(found, range(stop), strict=False):
            read_so_far += [item.value["a"] for item in piece.items]
            place = piece.position.to_text()
    assert read_so_far == [value for content in files for value in content]


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "+" * 100_000, "+1 " * 33_000, "a@" * 50_000, "1-" * 50_000, "a.b@c." * 16_000]
)
def test_masking_takes_no_longer_than_the_text(text: str) -> None:
    started = time.process_time()
    masked_values(text)
    masked(text)
    assert time.process_time() - started < 0.5


def test_numbers_and_addresses_are_masked_in_broken_text() -> None:
    text = '{"a":"+372 5100 0001","b":"mari.maasikas@posti.example.ee","c":37251000001,"at":"2026-11-22T12:00:00Z"'
    assert masked(text) == '{"a":"•••","b":"•••","c":•••,"at":"2026-11-22T12:00:00Z"'


class Bucket:
    """Stands for boto3's client: objects by key, with their time."""

    def __init__(self, objects: dict[str, tuple[bytes, datetime]]) -> None:
        self.objects = objects
        self.listed_after: list[str] = []

    def get_paginator(self, name: str) -> Bucket:
        assert name == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str, StartAfter: str) -> list[dict[str, Any]]:  # noqa: N803
        self.listed_after.append(StartAfter)
        found = [
            {"Key": key, "Size": len(data), "LastModified": at, "ETag": str(hash(data))}
            for key, (data, at) in sorted(self.objects.items())
            if key.startswith(Prefix) and key > StartAfter
        ]
        return [{"Contents": found[:2]}, {"Contents": found[2:]}, {}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key not in self.objects:
            raise KeyError("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[Key][0])}


def test_a_bucket_is_read_on_from_the_newest_old_object(tmp_path: Path) -> None:
    bucket = Bucket(
        {
            f"ctr/2026/11/{day:02}/x.gz": (
                gzip.compress(b'{"a":%d}' % day),
                datetime(2026, 11, day, tzinfo=UTC),
            )
            for day in range(10, 21)
        }
    )
    files = S3Files(bucket, "my-bucket", ("ctr/",), look_back=timedelta(days=3), faults=(KeyError,))
    first = list(pieces(files, FilesPosition(), now=NOW))
    assert numbers(first) == list(range(10, 21))
    bucket.objects["ctr/2026/11/18/late.gz"] = (b'{"a":99}', datetime(2026, 11, 21, tzinfo=UTC))
    bucket.objects["ctr/2026/11/21/x.gz"] = (b'{"a":21}', datetime(2026, 11, 21, tzinfo=UTC))
    second = list(pieces(files, first[-1].position, now=NOW))
    assert numbers(second) == [99, 21]
    assert bucket.listed_after == ["", "ctr/2026/11/16/x.gz"]
    assert list(pieces(files, second[-1].position, now=NOW)) == []


def test_s3_without_boto3_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(json_files.importlib, "import_module", absent)
    with pytest.raises(LoadError, match=r"boto3.*is not installed.*python -m pip install boto3"):
        s3_files("my-bucket", ("",), region=None, look_back_days=3)


def test_a_bucket_that_refuses_says_what_to_check() -> None:
    class Closed(Bucket):
        def paginate(self, **_: str) -> list[dict[str, Any]]:
            raise PermissionError("AccessDenied")

    files = S3Files(Closed({}), "my-bucket", ("",), faults=(PermissionError,))
    with pytest.raises(
        LoadError, match=r"s3://my-bucket: S3 answered AccessDenied; expected .*s3:ListBucket"
    ):
        files.listing({})

    class Broken(Bucket):
        def get_object(self, **_: str) -> dict[str, Any]:
            body = io.BytesIO(b"")
            body.read = lambda size=-1: (_ for _ in ()).throw(PermissionError("cut off"))  # type: ignore[method-assign]
            return {"Body": body}

    broken = S3Files(Broken({"a": (b"{}", NOW)}), "my-bucket", ("",), faults=(PermissionError,))
    with pytest.raises(LoadError, match="S3 answered cut off"):
        list(pieces(broken, FilesPosition(), now=NOW))
    gone = S3Files(Bucket({}), "my-bucket", ("",), faults=(KeyError,))
    with pytest.raises(FileNotFoundError):
        gone.opened(FileInfo("", "nothing", 1, NOW, "", False))
