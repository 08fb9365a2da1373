"""A million broken lines and records for each reader: none stops a load, each is told, refused with a reason, or counted."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from etl.sources import Batch
from tests.torture.campaign import Campaign
from tests.torture.fuzz import RecordMutator, mutants, smallest
from tests.torture.json_origins import JSON_ORIGINS, JsonOrigin
from tests.torture.laws import Account, account_of
from tests.torture.origins import TEXT_ORIGINS, Origin, lines_of

LINES_A_FILE, RECORDS_A_FILE = 2_500, 400
LINES = {"short": 50_000, "long": 1_000_000}
DESK_TABLES = sum(origin.kind == "zendesk_csv" for origin in TEXT_ORIGINS)
PARTS = {"amazon_connect": 2, "zendesk": 4, "liveagent": 2}  # several lists of one origin


@pytest.mark.by_turns(7)
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("origin", TEXT_ORIGINS, ids=lambda origin: origin.name.replace(" ", "_"))
def test_f1_no_line_however_broken_stops_a_load_and_each_is_accounted_for(
    origin: Origin, campaign: Campaign
) -> None:
    wanted = campaign.times(
        short=LINES["short"] // len(TEXT_ORIGINS),
        long=LINES["long"] // (DESK_TABLES if origin.kind == "zendesk_csv" else 1),
    )
    whole, begun, files = Account(), time.process_time(), -(-wanted // LINES_A_FILE)
    for number in range(files):
        chance = Random(f"{origin.name} {campaign.seed} {number}")
        good = lines_of(origin, 60, first=60 * (number % 10))
        count = min(LINES_A_FILE, wanted - number * LINES_A_FILE)
        lines = [
            *mutants(
                good, count=count, chance=chance, separator=origin.separator, has_quotes=origin.has_quotes
            )
        ]
        piece_bytes = chance.choice((1 << 22, 1 << 16))

        def read(lines: Sequence[Any], piece_bytes: int = piece_bytes) -> Account:
            with _folder() as folder:
                batches = origin.read(folder, lines, piece_bytes=piece_bytes)
            found = account_of(batches)
            _expect_kept(origin, lines, batches)
            assert not origin.counts_lines or found.read_rows == len(lines)
            return found

        whole = whole.plus(_checked(lines, read, f"seed {campaign.seed}, file {number}"))
    seconds = time.process_time() - begun
    assert 0 < whole.refused_rows < whole.read_rows
    assert whole.told_rows > 0
    campaign.record(
        "F1", f"no line of {origin.name} stops a load, each is accounted for",
        lines_count=wanted, read_rows=whole.read_rows, told_rows=whole.told_rows, refused_rows=whole.refused_rows,
        uncaught_exceptions_count=0, lines_per_second=round(wanted / max(seconds, 0.001)),
    )  # fmt: skip


@pytest.mark.by_turns(3)
@pytest.mark.timeout(7_200)
@pytest.mark.parametrize("origin", JSON_ORIGINS, ids=lambda origin: origin.name.replace(" ", "_"))
def test_f3_no_record_however_broken_stops_a_load_and_each_is_accounted_for(
    origin: JsonOrigin, campaign: Campaign
) -> None:
    wanted = campaign.times(short=400, long=200_000 // PARTS.get(origin.name.partition(" ")[0], 1))
    whole, begun, files = Account(), time.process_time(), -(-wanted // RECORDS_A_FILE)
    for number in range(files):
        mutator = RecordMutator(
            [origin.good(place) for place in range(RECORDS_A_FILE)],
            Random(f"{origin.name} {campaign.seed} {number}"),
        )
        records = [mutator.record(place) for place in range(min(RECORDS_A_FILE, wanted))]

        def read(records: Sequence[Any]) -> Account:
            with _folder() as folder:
                return account_of(origin.read(folder, records))

        whole = whole.plus(_checked(records, read, f"seed {campaign.seed}, file {number}"))
    seconds = time.process_time() - begun
    assert 0 < whole.refused_rows < whole.read_rows
    assert whole.told_rows > 0
    campaign.record(
        "F3", f"no record of {origin.name} stops a load, each is accounted for",
        records_count=wanted, read_rows=whole.read_rows, told_rows=whole.told_rows, refused_rows=whole.refused_rows,
        uncaught_exceptions_count=0, records_per_second=round(wanted / max(seconds, 0.001)),
    )  # fmt: skip


class _folder:  # noqa: N801 - a context, used like a function
    """A folder for as long as the block lasts; quicker than pytest's, which keeps them."""

    def __enter__(self) -> Path:
        self._path = Path(tempfile.mkdtemp(prefix="floorboard-fuzz-"))
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path)


def _checked(items: list[Any], read: Callable[[Sequence[Any]], Account], place: str) -> Account:
    """What became of the items; where a law is broken, an error with the fewest of them that break it."""
    try:
        return read(items)
    except Exception as error:
        kind = type(error)

        def is_broken(some: list[Any]) -> bool:
            try:
                read(some)
            except Exception as found:  # noqa: BLE001 - whatever it is, it is the fault that is looked for
                return type(found) is kind
            return False

        found = smallest(items, is_broken)
        raise AssertionError(f"{place}: {kind.__name__}: {error}\nfor a unit test: {found!r}") from error


def _expect_kept(origin: Origin, lines: Sequence[bytes], batches: list[Batch]) -> None:
    """Every refused line is kept with its own place and its text."""
    if origin.kind == "asterisk_ami":  # a block has a number on its connection, not a line
        return
    first = 2 if origin.header and origin.kind != "zendesk_csv" else 1
    for batch in batches:
        for place, _, _, raw in batch.rejects.iter_rows():
            number = re.search(r"(\d+)$", place)
            assert number is not None, place
            line = lines[int(number[1]) - first]
            assert raw or not line
            if origin.kind == "asterisk_queue_log":
                assert raw == _as_kept(line)


def _as_kept(line: bytes) -> str:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("cp1252", errors="replace")
    return text.replace("\x00", "\u2400")
