"""Everything once more: read again from the start, from an old copy, over what is live; and one bad row among many."""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import load
from etl.backfill import backfill
from sql import warehouse
from sql.postgres_programs import chosen, place_of
from tests.conftest import ROOT, made_database, url_of
from tests.db.test_load import T0, ask, run
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of, figures_of, ledger_of
from tests.torture.kills import load_once
from tests.torture.worlds import Places, append, kinds, world_of

RECORDED = ROOT.parent / "shared" / "data"
TOLD_AGAIN = tuple(kind for kind in kinds() if kind != "asterisk_ami")  # a manager tells nothing twice


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for one load that nobody disturbs."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


def dumped(database_url: str) -> bytes:
    """The data of the schema warehouse as pg_dump writes it, the rows of each table in order.

    Left out are the sequences' numbers and the dump's own key. No column is: a row that nothing changed keeps the run
    that wrote it. The order is not left to the disk, since intervals that are counted anew are written anew.
    """
    programs, _, _ = chosen(place_of(Path(os.environ["FLOORBOARD_HOME"])))
    command = [
        str(programs.folder / "pg_dump"),
        "--data-only",
        "--schema=warehouse",
        f"--dbname={database_url}",
    ]
    text = subprocess.run(command, check=True, capture_output=True).stdout
    text = re.sub(rb"(?m)^(SELECT pg_catalog\.setval.*|\\(un)?restrict .*)$", b"", text)
    tables = re.split(rb"(?m)^(COPY .*)$", text)
    return b"\n".join(b"\n".join(sorted(table.split(b"\n"))) for table in tables)


@pytest.mark.timeout(300)
@pytest.mark.by_turns(3)
@pytest.mark.parametrize("kind", TOLD_AGAIN)
def test_everything_read_again_over_what_is_live_changes_not_one_byte(
    engine: sa.Engine, database_url: str, places: Places, campaign: Campaign, kind: str
) -> None:
    with world_of(kind, places, pieces=4) as world:
        while world.grow():
            load_once(engine, world)
        world.finish()
        load_once(engine, world)
        load_once(engine, world)
        told = dumped(database_url)
        assert len(told) > 2000
        backfill(engine)
        assert dumped(database_url) == told, "counted anew over what is live"
        assert load.reset_cursor(engine, "src")
        again = load_once(engine, world)
        assert again.read_rows > 0
        assert (again.loaded_rows, again.read_rows) == (0, again.unchanged_rows + again.rejected_rows)
        assert dumped(database_url) == told, "read again from the start"
    campaign.record(
        "D7", f"{kind}: everything read again changes not one byte of a dump", again_read_rows=again.read_rows,
        changed_rows=again.loaded_rows,
    )  # fmt: skip


@pytest.fixture
def places(tmp_path: Path, empty_database_url: str) -> Places:
    """Where a world of this test lies."""
    return Places(tmp_path / "world", empty_database_url, RECORDED if RECORDED.is_dir() else None)


BEGINNINGS = [
    (kind, fault)
    for kind in ("asterisk_queue_log", "asterisk_cdr", "asterisk_cel", "file")
    for fault in ("an old copy put back", "from zero again", "told a second time at the end")
]


@pytest.mark.by_turns(4)
@pytest.mark.parametrize(("kind", "fault"), BEGINNINGS)
def test_a_file_that_begins_again_doubles_nothing(
    engine: sa.Engine, alone: sa.Engine, places: Places, campaign: Campaign, kind: str, fault: str
) -> None:
    with world_of(kind, places, pieces=6) as world:
        path: Path = world.path  # type: ignore[attr-defined]
        pieces = []
        while world.grow():
            pieces.append(path.read_bytes())
            load_once(engine, world)
        world.finish()
        load_once(engine, world)
        whole = pieces[-1]
        load_once(alone, world)
        expected = facts_of(alone)
        assert differences(facts_of(engine), expected) == {}
        if fault == "an old copy put back":
            steps = [pieces[2], whole]
        elif fault == "from zero again":
            steps = [b"", pieces[0], pieces[3], whole]
        else:
            steps = [whole + (whole if kind != "file" else whole.split(b"\n", 1)[1])]
        for data in steps:
            path.unlink()
            path.write_bytes(data)
            load_once(engine, world)
        found = differences(facts_of(engine), expected)
        assert found == {}
        ledger = ledger_of(engine)
        assert ledger.is_balanced
        if fault == "told a second time at the end" and kind in ("asterisk_queue_log", "asterisk_cel"):
            assert ledger.open_rejects == world.refused_rows, (
                "a refused line that is told again is the same line"
            )
            told = ask(engine, "select count(*) from ops.runs where notice_text like '%word for word%'")
            assert told == [(1,)]
    campaign.record("D12", f"{kind}: {fault} doubles nothing", **figures_of(found))


BAD_LINES = {
    "no second": ("soon|c1|sales|A|CONNECT|1|x|1", "expected epoch seconds"),
    "a year ahead": (f"{T0 + 400 * 86_400}|c1|sales|NONE|ENTERQUEUE||1|1", "over a year ahead"),
    "too many fields": (f"{T0}|c1|sales|A|CONNECT|1|2|3|4|5|6|7|8", "more than 11 fields"),
    "an empty line": ("", "an empty line"),
    "no call": (f"{T0}|NONE|sales|A|CONNECT|1|x|1", "expected the call id"),
    "never entered": (f"{T0}|never|sales|A|COMPLETEAGENT|1|1|1", "never entered this queue"),
    "a long name": (f"{T0}|c1|{'q' * 300}|NONE|ENTERQUEUE||1|1", "more than 250 bytes"),
    "what the warehouse forbids": (f"{T0}|poison|sales|NONE|ENTERQUEUE||1|1", "23514"),
}


@pytest.mark.by_turns(4)
@pytest.mark.parametrize("reason", BAD_LINES)
def test_one_bad_row_among_ten_thousand_is_refused_for_its_own_reason_and_keeps_no_other_back(
    engine: sa.Engine, tmp_path: Path, campaign: Campaign, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    rows, (bad, expected) = campaign.times(short=1000, long=10_000), BAD_LINES[reason]
    lines = [f"{T0 + n // 10}|c{n}|sales|NONE|ENTERQUEUE||123{n}|1" for n in range(rows)]
    path = tmp_path / "queue_log"
    append(path, [*lines[: rows // 3], bad, *lines[rows // 3 + 1 :]])
    with engine.begin() as connection:
        connection.execute(sa.text("alter table warehouse.calls add check (call_id <> 'poison')"))
    tries = 0
    merged = load.merge_batch

    def counted(*given: object, **named: object) -> object:
        nonlocal tries
        tries += 1
        return merged(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(load, "merge_batch", counted)
    done = run(engine, path)
    assert (done.read_rows, done.loaded_rows, done.rejected_rows) == (rows, rows - 1, 1)
    assert ask(engine, "select count(*) from warehouse.calls") == [(rows - 1,)]
    [(place, told)] = ask(engine, "select place_text, reason_text from ops.rejects")
    assert (place, expected in str(told)) == (f"queue_log:{rows // 3 + 1}", True), told
    failed = tries - done.batches
    assert failed <= math.log2(rows)
    campaign.record(
        "D13", f"{reason}: one bad row keeps no other back", rows_count=rows, loaded_rows=done.loaded_rows,
        refused_rows=done.rejected_rows, failed_tries_count=failed, batches_count=done.batches,
    )  # fmt: skip
