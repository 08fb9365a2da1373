"""Following a growing file: rotation, compression, cuts and half-written lines never lose or double a line."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from etl import LoadError
from etl.sources.files import growing_file, line_blocks, rotated_files
from etl.sources.files.growing_file import Piece, Position, pieces


def age(line: bytes) -> float | None:
    digits = line.split(b"|", 1)[0]
    return float(digits) if digits.isdigit() else None


def follow(
    path: Path, position: Position | None, *, piece_bytes: int = 4096
) -> tuple[list[Piece], Position | None]:
    """What came since, with the position stored and read back as a cursor does."""
    got = list(pieces(path, position, age_of=age, piece_bytes=piece_bytes))
    if got:
        position = Position.from_text(got[-1].position.to_text())
    return got, position


class Log:
    """A writer of numbered lines and a reader that follows it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "queue_log"
        self.path.write_bytes(b"")
        self.written = 0
        self.read: list[bytes] = []
        self.notices: list[str] = []
        self.position: Position | None = None

    def write(self, lines: int, *, end: bytes = b"\n") -> None:
        with self.path.open("ab") as file:
            for number in range(lines):
                self.written += 1
                file.write(b"%010d|line" % self.written + (b"\n" if number < lines - 1 else end))

    def poll(self) -> None:
        got, self.position = follow(self.path, self.position)
        for piece in got:
            self.read += piece.data.splitlines()
            self.notices += [piece.notice] if piece.notice else []

    def rotate(self, *, compress: bool = False) -> None:
        """As logrotate does: queue_log.1 becomes .2 (or .2.gz), queue_log becomes .1, a new file begins."""
        for number in range(8, 0, -1):
            for suffix in ("", ".gz"):
                old = self.path.with_name(f"queue_log.{number}{suffix}")
                if old.exists():
                    old.rename(self.path.with_name(f"queue_log.{number + 1}{suffix}"))
        first = self.path.with_name("queue_log.1")
        self.path.rename(first)
        if compress:
            with gzip.open(first.with_name("queue_log.1.gz"), "wb") as packed:
                packed.write(first.read_bytes())
            first.unlink()
        self.path.write_bytes(b"")

    def expect_all(self) -> None:
        assert self.read == [b"%010d|line" % number for number in range(1, self.written + 1)]


def test_whole_lines_only(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(3, end=b"")
    log.poll()
    assert len(log.read) == 2
    with log.path.open("ab") as file:
        file.write(b"\n")
    log.poll()
    log.expect_all()


@pytest.mark.parametrize("compress", [False, True])
def test_rotation_by_rename_loses_and_doubles_nothing(tmp_path: Path, compress: bool) -> None:
    log = Log(tmp_path)
    for _ in range(5):
        log.write(7)
        log.poll()
        log.write(3)  # written after the poll, before the rotation
        log.rotate(compress=compress)
        log.write(4)
        log.poll()
    log.expect_all()
    assert log.notices == []


def test_two_rotations_between_polls_are_read_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    for _ in range(3):
        log.write(5)
        log.rotate(compress=True)
    log.write(2)
    log.poll()
    log.expect_all()


def test_a_file_that_is_renamed_while_the_writer_goes_on_is_read_to_its_end(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    with log.path.open("ab") as still_open:
        log.rotate()
        still_open.write(b"0000000006|li")
        still_open.flush()
        log.poll()
        assert len(log.read) == 5
        still_open.write(b"ne\n")
    log.written = 6
    log.poll()
    log.write(2)
    log.poll()
    log.expect_all()


def test_a_new_file_with_the_inode_of_the_old_one_is_a_new_file(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    log.path.write_bytes(b"")  # the same inode, other content, and longer than before
    with log.path.open("ab") as file:
        file.writelines(b"%010d|other line\n" % number for number in range(100, 120))
    log.poll()
    assert [line for line in log.read if b"other" in line] == [
        b"%010d|other line" % n for n in range(100, 120)
    ]
    assert "cut short in place" in log.notices[0]


def test_a_copy_and_cut_is_read_on_and_reported(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    log.write(2)
    log.path.with_name("queue_log.1").write_bytes(log.path.read_bytes())
    os.truncate(log.path, 0)
    log.write(3)
    log.poll()
    log.expect_all()
    assert "cut short in place" in log.notices[0]


def test_a_file_whose_old_copy_is_gone_is_reported(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    log.path.rename(tmp_path / "elsewhere")
    log.path.write_bytes(b"0000000009|line\n")
    log.poll()
    assert log.read[-1] == b"0000000009|line"
    assert "neither here nor among the rotated files" in log.notices[0]


def test_the_first_start_reads_the_rotated_files_too(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for _ in range(3):
        log.write(4)
        log.rotate(compress=True)
    log.write(1)
    log.poll()
    log.expect_all()


def test_files_that_are_rotated_on_while_older_ones_are_read_are_not_missed(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for _ in range(2):
        log.write(100)
        log.rotate()
    log.write(100)
    got: list[bytes] = []
    for number, piece in enumerate(pieces(log.path, None, age_of=age, piece_bytes=4096)):
        got += piece.data.splitlines()
        if number in (0, 2):
            log.rotate(compress=number == 2)
            log.write(100)
    assert got == [b"%010d|line" % number for number in range(1, log.written + 1)]


def test_an_old_archive_that_is_broken_does_not_stop_what_is_read_after_it(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(4)
    log.poll()
    (tmp_path / "queue_log.7.gz").write_bytes(gzip.compress(b"0000000000|older")[:15])
    log.write(4)
    log.poll()
    log.expect_all()


def test_a_file_that_begins_with_an_empty_line_keeps_its_place_in_the_order(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(4)
    log.poll()
    log.rotate()
    log.path.write_bytes(b"\n")
    log.write(3)
    log.poll()
    log.rotate()
    log.write(2)
    log.poll()
    assert [line for line in log.read if line] == [b"%010d|line" % number for number in range(1, 10)]
    assert log.notices == []


def test_a_lone_carriage_return_in_the_first_line_does_not_stop_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"0000000001|na\rme\n0000000002|line\n")
    got, position = follow(path, None)
    assert b"".join(piece.data for piece in got) == path.read_bytes()
    assert follow(path, position)[0] == []


def test_a_rotated_file_that_is_not_unpackable_stops_the_load_with_its_name(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(4)
    log.poll()
    log.write(4)
    log.rotate(compress=True)
    packed = log.path.with_name("queue_log.1.gz")
    packed.write_bytes(packed.read_bytes()[:20])
    log.write(1)
    with pytest.raises(LoadError, match=r"queue_log\.1\.gz: this rotated file cannot be unpacked"):
        log.poll()


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"there is no such file.*floorboard\.toml"):
        follow(tmp_path / "queue_log", None)


def test_an_overlong_line_is_one_refused_row_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_blocks, "LONGEST_LINE_BYTES", 5000)
    path = tmp_path / "queue_log"
    path.write_bytes(b"1|a\n" + b"x" * 50_000 + b"\n2|b\n")
    got, position = follow(path, None, piece_bytes=256)
    assert [(piece.overlong, piece.first_line_number, len(piece.data)) for piece in got] == [
        (False, 1, 4),
        (True, 2, 5000),
        (False, 3, 4),
    ]
    assert position is not None
    assert follow(path, position, piece_bytes=256)[0] == []


def test_numbers_of_lines_go_on_over_pieces_and_polls(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(1000)
    got, position = follow(log.path, None, piece_bytes=512)
    assert len(got) > 10
    log.write(5)
    [piece], _ = follow(log.path, position)
    assert piece.first_line_number == 1001


@pytest.mark.parametrize(
    "text", ["{", '{"version":2}', '{"version":1,"offset":-1}', "[]", '{"version":1,"offset":"a"}']
)
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be read|its version|its numbers"):
        Position.from_text(text)


@pytest.mark.parametrize("seed", range(8))
def test_random_writing_rotation_and_polling_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    log = Log(tmp_path)
    rotations = 0
    for _ in range(120):
        act = chance.random()
        if act < 0.5:
            log.write(chance.randint(1, 300))
        elif act < 0.9:
            log.poll()
        elif rotations < 8 and log.path.stat().st_size:
            log.rotate(compress=chance.random() < 0.5)
            rotations += 1
    log.poll()
    log.expect_all()
    assert log.notices == []


# ---- rotation while the files are looked at or read


def rotating_after_looks(monkeypatch: pytest.MonkeyPatch, *acts: Callable[[], object]) -> None:
    """Lets something happen to the files right after each look at them, before anything is opened."""
    left = iter(acts)

    def look(*args: Any, **named: Any) -> rotated_files.Look:
        seen = rotated_files.look(*args, **named)
        next(left, lambda: None)()
        return seen

    monkeypatch.setattr(growing_file, "look", look)


def test_a_file_that_is_packed_after_it_was_looked_at_is_read_before_the_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    log.write(5)
    log.rotate()
    log.write(3)
    first = log.path.with_name("queue_log.1")

    def pack() -> None:
        first.with_name("queue_log.1.gz").write_bytes(gzip.compress(first.read_bytes()))
        first.unlink()

    rotating_after_looks(monkeypatch, pack)
    log.poll()
    log.expect_all()
    assert log.notices == []


def test_files_that_move_on_after_each_look_are_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    for _ in range(3):
        log.write(5)
        log.rotate()
    log.write(2)
    log.poll()

    def rotate_on() -> None:
        log.rotate(compress=True)
        log.write(2)

    rotating_after_looks(monkeypatch, *[rotate_on] * 4)
    log.poll()
    log.expect_all()
    assert log.notices == []


def test_a_log_that_is_renamed_all_the_time_is_left_to_the_next_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(2)
    numbers = count(1)
    acts = [lambda: log.path.with_name(f"queue_log.{next(numbers)}").write_bytes(b"")] * 100
    rotating_after_looks(monkeypatch, *acts)
    log.poll()
    assert log.read == []
    monkeypatch.undo()
    log.poll()
    log.expect_all()


@pytest.mark.parametrize("compress", [False, True])
def test_a_second_cut_is_told_though_nothing_was_read_of_the_log_between(
    tmp_path: Path, compress: bool
) -> None:
    log = Log(tmp_path)

    def copy_and_cut() -> None:
        data = log.path.read_bytes()
        for number in range(3, 0, -1):
            for old in tmp_path.glob(f"queue_log.{number}*"):
                old.rename(tmp_path / old.name.replace(f".{number}", f".{number + 1}"))
        copy = tmp_path / f"queue_log.1{'.gz' * compress}"
        copy.write_bytes(gzip.compress(data) if compress else data)
        os.truncate(log.path, 0)

    log.write(5)
    log.poll()
    log.write(1)
    copy_and_cut()
    log.poll()  # the sixth line, out of the copy; the log is empty
    log.write(4)
    copy_and_cut()
    log.write(1)
    log.poll()
    log.expect_all()
    assert ["cut short in place" in notice for notice in log.notices] == [True, True]


def test_a_copy_that_is_not_cut_out_of_the_log_yet_is_no_file_of_its_own(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    copy = log.path.with_name("queue_log.1")
    copy.write_bytes(log.path.read_bytes()[:40])  # as far as it was copied: in the middle of a line
    log.poll()
    log.write(2)
    copy.write_bytes(log.path.read_bytes())
    os.truncate(log.path, 0)
    log.write(3)
    log.poll()
    log.expect_all()
    assert "cut short in place" in log.notices[0]


def test_a_log_that_is_cut_and_grown_again_between_look_and_reading_gives_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    log.write(1)

    def holds(_: rotated_files.Look) -> bool:
        os.truncate(log.path, 0)
        with log.path.open("ab") as file:
            file.writelines(b"%010d|a longer line of another kind\n" % number for number in range(20, 40))
        return True

    monkeypatch.setattr(rotated_files.Look, "holds", holds)  # asked after the last comparison
    log.poll()
    assert log.read[5:] == [b"%010d|a longer line of another kind" % number for number in range(20, 40)]
    assert "cut short in place" in log.notices[0]


def test_a_link_to_a_dated_file_gives_its_lines_once_and_none_half(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for day in (20261121, 20261122):
        dated = tmp_path / f"queue_log-{day}"
        dated.write_bytes(b"")
        log.path.unlink()
        log.path.symlink_to(dated.name)
        log.write(3, end=b"")
        log.poll()
        with log.path.open("ab") as file:
            file.write(b"\n")
        log.write(2)
        if day == 20261121:
            log.poll()
            log.write(1)
    log.poll()
    log.expect_all()
    assert log.notices == []


def test_what_was_written_after_a_file_that_was_thrown_away_is_read_from_its_oldest_file(
    tmp_path: Path,
) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    for _ in range(4):
        log.write(5)
        log.rotate()
    (tmp_path / "queue_log.4").unlink()  # the one that was read, with five lines that were not
    log.write(2)
    log.poll()
    expected = [b"%010d|line" % number for number in (*range(1, 6), *range(11, 28))]
    assert log.read == expected
    assert "Reading goes on with queue_log.3" in log.notices[0]
    assert len(log.notices) == 1


def test_a_position_of_before_there_were_births_goes_on(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.write(5)
    log.poll()
    assert log.position is not None
    kept = json.loads(log.position.to_text())
    for name in ("log_inode", "log_birth", "later_files", "age", "file_key"):
        del kept[name]
    log.position = Position.from_text(json.dumps(kept))
    log.write(2)
    log.rotate(compress=True)
    log.write(2)
    log.poll()
    log.expect_all()


def test_a_pipe_in_the_place_of_a_file_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "queue_log")
    with pytest.raises(LoadError, match="no ordinary file"):
        follow(tmp_path / "queue_log", None)
    (tmp_path / "queue_log").unlink()
    log = Log(tmp_path)
    os.mkfifo(tmp_path / "queue_log.1")
    log.write(3)
    log.poll()
    log.expect_all()
