"""Lines of a log that were written on to it a second time count once, and no other line is ever passed over."""

from __future__ import annotations

import gzip
import random
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.sources import Batch, Reader
from etl.sources.asterisk_queue_log import QueueLog
from etl.sources.files import lines_again
from etl.sources.files.growing_file import Position, pieces
from etl.sources.files.lines_again import MOST_STRANGE_LINES, Past
from etl.sources.pbx.queue_events import Rules
from tests.laws import law
from tests.unit.test_asterisk_cdr import lines_of, queued, row
from tests.unit.test_asterisk_cdr import reader as cdr_reader

T0 = 1_795_309_870
NOW = datetime.fromtimestamp(T0 + 86_400, UTC)


def at_of(line: bytes) -> int | None:
    digits = line.split(b"|", 1)[0]
    return int(digits) if digits.isdigit() else None


class Follower:
    """Reads a log as a load does: the place goes through its text, and a load may end after any piece."""

    def __init__(self, path: Path) -> None:
        self.path, self.position_text = path, ""
        self.taken: list[bytes] = []
        self.passed = 0
        self.notices: list[str] = []

    def poll(self, *, piece_bytes: int = 64, most: int = 10_000) -> None:
        position = Position.from_text(self.position_text)
        past = position.past if position else Past()
        for number, piece in enumerate(
            pieces(self.path, position, age_of=at_of, piece_bytes=piece_bytes), start=1
        ):
            again = piece.lines_again(past)
            instants = [at_of(line) for line in again.lines]
            ages = pl.DataFrame(
                {"seq": range(len(instants)), "event_at": instants},
                schema={"seq": pl.Int64, "event_at": pl.Int64},
            ).drop_nulls()
            passed = set(again.all_passed(ages))
            self.taken += [line for place, line in enumerate(again.lines) if place not in passed]
            assert again.passed_lines == len(passed)
            assert bool(passed) == bool(again.notice)
            self.passed += len(passed)
            past = again.past
            self.position_text = Position(**vars(piece.position) | {"past": past}).to_text()
            if number == most:
                return


def append(path: Path, lines: list[bytes]) -> None:
    with path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def numbered(first: int, last: int, *, step: int = 1) -> list[bytes]:
    return [b"%d|line %d" % (T0 + number * step, number) for number in range(first, last)]


STORIES = st.lists(
    st.tuples(
        st.sampled_from(("grow", "copy", "copy with lines between", "lines without a time", "rotate", "pack", "poll")),
        st.integers(1, 30),
        st.integers(0, 10**6),
    ),
    max_size=14,
)  # fmt: skip


@law(15, long=1_000)
@given(story=STORIES, piece_bytes=st.sampled_from((1, 20, 64, 300, 1 << 20)), seed=st.integers(0, 10**6))
def test_a_log_written_on_with_parts_of_itself_gives_each_line_once(
    story: list[tuple[str, int, int]], piece_bytes: int, seed: int
) -> None:
    chance, written, copied = random.Random(seed), 0, 0
    lines: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Follower(Path(folder) / "queue_log")
        log.path.touch()
        for action, size, at in story:
            if action == "grow":
                new = numbered(written, written + size)
                new += [new[-1]] * (at % 3)  # the same thing in the same second: each of them counts
                written += size
                lines += new
                append(log.path, new)
            elif action == "lines without a time" and log.path.stat().st_size:
                new = [b"x%d" % len(lines)] * 2
                lines += new
                append(log.path, new)
            elif action.startswith("copy") and len(lines) > 3 and log.path.stat().st_size:
                # What begins in the last moments of a log is no step back in time.
                starts = [
                    n for n, line in enumerate(lines) if (at_of(line) or T0 + written) < T0 + written - 3
                ]
                if not starts:
                    continue
                start = starts[at % len(starts)]
                copy = lines[start : start + size]
                copied += len(copy)
                if action == "copy with lines between":
                    new = numbered(written, written + 2)
                    written += 2
                    lines += new
                    copy = [*copy[: size // 2], new[0], *copy[size // 2 :], new[1]]
                append(log.path, copy)
            elif action in ("rotate", "pack") and log.path.stat().st_size:
                _rotate(log.path, packs=action == "pack")
            elif action == "poll":
                log.poll(piece_bytes=piece_bytes, most=chance.choice((1, 2, 10_000)))
        for _ in range(200):
            before = log.position_text
            log.poll(piece_bytes=piece_bytes, most=chance.choice((1, 3, 10_000)))
            if log.position_text == before:
                break
        assert sorted(log.taken) == sorted(lines)
        assert log.passed == copied


def _rotate(path: Path, *, packs: bool) -> None:
    for number in range(20, 0, -1):
        for ending in ("", ".gz"):
            old = path.with_name(f"{path.name}.{number}{ending}")
            if old.exists():
                old.rename(path.with_name(f"{path.name}.{number + 1}{ending}"))
    first = path.with_name(f"{path.name}.1")
    if packs:
        first.with_name(f"{first.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    else:
        first.write_bytes(path.read_bytes())
    path.unlink()
    path.touch()


def test_a_clock_that_was_set_back_loses_no_line(tmp_path: Path) -> None:
    log = Follower(tmp_path / "queue_log")
    first, second = numbered(0, 600), [b"%d|after %d" % (T0 + n, n) for n in range(900)]
    for lines in (first, second[:100], second[100:]):
        append(log.path, lines)
        log.poll(piece_bytes=300)
    assert (log.taken, log.passed) == ([*first, *second], 0)
    assert Past(**vars(Position.from_text(log.position_text).past)).again_from == -1  # type: ignore[union-attr]


def test_what_was_set_back_is_looked_up_for_a_bounded_number_of_lines(tmp_path: Path) -> None:
    log = Follower(tmp_path / "queue_log")
    append(log.path, [*numbered(0, 5000), *[b"%d|after %d" % (T0 + n, n) for n in range(MOST_STRANGE_LINES)]])
    log.poll(piece_bytes=1 << 20)
    assert '"again_from":-1' in log.position_text
    append(log.path, numbered(10, 20))  # the clock was set back: these are seconds like any others
    log.poll()
    assert log.passed == 10


@pytest.mark.parametrize("past", ['{"newest_at":"soon"}', '{"again_from":-7}', '{"other":1}', "[]", "7"])
def test_a_past_that_nobody_wrote_is_no_position(tmp_path: Path, past: str) -> None:
    log = Follower(tmp_path / "queue_log")
    append(log.path, numbered(0, 5))
    log.poll()
    text = log.position_text.replace('"past":{', f'"past":{past},"_":{{')
    with pytest.raises(ValueError, match=r"cannot be read|expected whole numbers"):
        Position.from_text(text)


def test_a_position_of_before_there_was_a_past_is_read_on(tmp_path: Path) -> None:
    log = Follower(tmp_path / "queue_log")
    append(log.path, numbered(0, 5))
    log.poll()
    cut = log.position_text.index(',"past"')
    position = Position.from_text(log.position_text[:cut] + "}")
    assert position is not None
    assert position.past == Past()
    assert list(pieces(log.path, position, age_of=at_of)) == []


CALL = (
    f"{T0}|{T0}.1|sales|NONE|ENTERQUEUE||+37251000001|1\n"
    f"{T0 + 3}|NONE|sales|A|PAUSE|Lunch\n"
    "this is no event\n"
    f"{T0 + 7}|{T0}.1|sales|A|CONNECT|7|x|3\n"
    f"{T0 + 60}|{T0}.1|sales|A|COMPLETECALLER|7|53|1\n"
)
LATER = f"{T0 + 65}|{T0 + 65}.2|sales|NONE|ENTERQUEUE||+37251000002|1\n"


def totals(batches: list[Batch]) -> tuple[int, int, list[int]]:
    rejected = sum(batch.rejects.height for batch in batches)
    calls = [number for batch in batches for number in batch.facts["calls"]["stay_number"].to_list()]
    return sum(batch.read_rows for batch in batches), rejected, sorted(calls)


@pytest.mark.parametrize("piece_bytes", [1, 100, 1 << 20])
def test_a_call_that_is_told_a_second_time_enters_no_second_time(tmp_path: Path, piece_bytes: int) -> None:
    path = tmp_path / "queue_log"
    path.write_text(CALL + CALL + LATER)
    batches = list(QueueLog(path, Rules(), b"s").read("", "", now=NOW, piece_bytes=piece_bytes))
    stays = {
        row[:2] for batch in batches for row in batch.facts["calls"].select("call_id", "stay_number").rows()
    }
    assert stays == {(f"{T0}.1", 1), (f"{T0 + 65}.2", 1)}
    read_rows, rejected_rows, _ = totals(batches)
    assert (read_rows, rejected_rows) == (11, 1)
    notices = " ".join(batch.notice or "" for batch in batches)
    assert "word for word" in notices
    if piece_bytes > 100:
        assert "queue_log: 5 lines that go back in time" in notices


def test_without_looking_lines_up_a_call_would_enter_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: no step back in time is noticed."""
    monkeypatch.setattr(lines_again, "STEP_SECONDS", 10**9)
    path = tmp_path / "queue_log"
    path.write_text(CALL + CALL)
    [batch] = QueueLog(path, Rules(), b"s").read("", "", now=NOW)
    assert totals([batch]) == (10, 2, [1, 2])


@pytest.mark.parametrize("piece_bytes", [1, 500, 1 << 20])
def test_call_records_without_an_id_that_are_told_a_second_time_count_once(
    tmp_path: Path, piece_bytes: int
) -> None:
    rows = [row(0, 8, 60), row(5, None, 35), queued(10, 20, 90), queued(10, 20, 90), row(100, 108, 160)]
    text = lines_of(rows, "16")

    def told(content: str) -> tuple[set[str], int]:
        (tmp_path / "Master.csv").write_text(content)
        reader: Reader = cdr_reader(tmp_path, layout="16", outgoing_contexts=["from-internal"])
        position, carry, found, read_rows = "", "", set[str](), 0
        for now in (NOW, datetime.fromtimestamp(NOW.timestamp() + 3600, UTC)):
            for batch in reader.read(position, carry, now=now, piece_bytes=piece_bytes):
                position, carry = batch.position_text, batch.carry_text
                found |= set(batch.facts["calls"]["call_id"].to_list())
                read_rows += batch.read_rows
        return found, read_rows

    once = told(text)
    assert once[1] == 5
    assert len(once[0]) == 5
    assert told(text + text) == (once[0], 10)


def test_a_packed_file_that_breaks_while_lines_are_looked_up_is_named(tmp_path: Path) -> None:
    log = Follower(tmp_path / "queue_log")
    append(log.path, numbered(0, 50_000))
    log.poll(piece_bytes=1 << 20)
    _rotate(log.path, packs=True)
    append(log.path, numbered(60_000, 60_010))
    log.poll()
    packed = tmp_path / "queue_log.1.gz"
    packed.write_bytes(packed.read_bytes()[:-2000])
    append(log.path, numbered(0, 10))
    with pytest.raises(LoadError, match=r"queue_log\.1\.gz: it cannot be unpacked"):
        log.poll()
