"""Call detail records in the warehouse: beside the queue log nothing counts twice, loaded twice nothing changes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import load
from etl.sources import SourceSettings
from etl.sources.asterisk_cdr import CdrSettings
from etl.sources.asterisk_cel import CelSettings
from tests.torture.kills import now, settings_for
from tests.unit import test_asterisk_cdr as records
from tests.unit import test_asterisk_cel as events


def ask(engine: sa.Engine, text: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def run(engine: sa.Engine, source: SourceSettings) -> load.RunSummary:
    return load.run_source(engine, settings_for(Path("nowhere")), source, now=now)


def cdr(path: Path, **given: object) -> CdrSettings:
    source = {"name": "cdr", "kind": "asterisk_cdr", "every_seconds": 5, "path": str(path), "layout": "21"}
    return CdrSettings.model_validate(source | given)


@pytest.fixture
def pbx(shared_data: Path, tmp_path: Path) -> Path:
    folder = shared_data / "asterisk_pbx"
    (tmp_path / "Master.csv").write_bytes(gzip.decompress((folder / "Master.csv.gz").read_bytes()))
    (tmp_path / "queue_log").write_bytes((folder / "queue_log").read_bytes())
    return tmp_path


def test_records_beside_their_queue_log_add_no_call_of_a_queue(engine: sa.Engine, pbx: Path) -> None:
    settings = settings_for(pbx / "queue_log")
    load.run_source(engine, settings, settings.sources[0], now=now)
    before = ask(engine, "select count(*), sum(talk_seconds) from warehouse.calls")
    beside = cdr(
        pbx / "Master.csv", layout="18", is_utc=True, queue_log_source="pbx", queue_log_path=str(pbx / "queue_log"),
        outgoing_contexts=["callers"],
    )  # fmt: skip
    done = run(engine, beside)
    assert (done.read_rows, done.rejected_rows) == (7256, 0)
    assert done.read_rows == done.loaded_rows + done.unchanged_rows
    in_queues = "select count(*), sum(talk_seconds) from warehouse.calls where source_name = 'pbx'"
    assert ask(engine, in_queues) == before
    told_twice = (
        "select count(*) from warehouse.calls group by call_id having count(distinct source_name) > 1"
    )
    assert ask(engine, told_twice) == []


def test_records_alone_give_the_calls_of_the_queues_once(engine: sa.Engine, pbx: Path) -> None:
    alone = cdr(pbx / "Master.csv", layout="18", is_utc=True)
    first = run(engine, alone)
    assert (first.read_rows, first.rejected_rows) == (7256, 0)
    answered = (
        "select queue_name, count(*) from warehouse.calls join warehouse.queues using (queue_id) "
        "where outcome_name = 'answered' and offered_at >= '2026-11-22 01:11:10Z' group by queue_name order by queue_name"
    )
    assert ask(engine, answered) == [("billing", 326), ("sales", 460), ("support", 509)]
    before = ask(
        engine, "select to_jsonb(c) - 'run_id' from warehouse.calls as c order by call_id, stay_number"
    )
    load.reset_cursor(engine, "cdr")
    again = run(engine, alone)
    assert (again.read_rows, again.loaded_rows) == (7256, 0)
    assert (
        ask(engine, "select to_jsonb(c) - 'run_id' from warehouse.calls as c order by call_id, stay_number")
        == before
    )


def test_calls_and_links_come_into_the_warehouse(engine: sa.Engine, tmp_path: Path) -> None:
    t0 = records.T0
    rows = [
        records.queued(30, 35, 50, uniqueid=f"{t0 + 30}.11", linkedid=f"{t0}.9"),
        records.queued(0, 5, 90),
        records.row(100, 108, 160),
    ]
    (tmp_path / "Master.csv").write_text(records.lines_of(rows, "21"))
    done = run(engine, cdr(tmp_path / "Master.csv", **records.COMPANION))
    assert (done.read_rows, done.loaded_rows, done.rejected_rows) == (3, 2, 0)
    assert ask(engine, "select direction_name, talk_seconds, source_name from warehouse.calls") == [
        ("outbound", 52, "cdr")
    ]
    links = "select source_name, contact_id, linked_source_name, linked_contact_id, link_name from warehouse.contact_links"
    assert ask(engine, links) == [("pbx", f"{t0 + 30}.11", "pbx", f"{t0}.9", "transfer")]
    assert run(engine, cdr(tmp_path / "Master.csv", **records.COMPANION)).read_rows == 0


def test_channel_events_come_into_the_warehouse_once(engine: sa.Engine, tmp_path: Path) -> None:
    (tmp_path / "Master.csv").write_text(events.lines_of([*events.HANDED_OVER, *events.DIALLED[1:]]))
    source = CelSettings.model_validate(
        {"name": "cel", "kind": "asterisk_cel", "every_seconds": 5, "path": str(tmp_path / "Master.csv")}
    )
    done = run(engine, source)
    assert (done.rejected_rows, done.read_rows) == (0, len(events.HANDED_OVER) + len(events.DIALLED) - 1)
    told = (
        "select queue_name, wait_seconds, talk_seconds from warehouse.calls join warehouse.queues using (queue_id) "
        "order by queue_name"
    )
    assert ask(engine, told) == [("billing", 9, 14), ("sales", 12, 56)]
    load.reset_cursor(engine, "cel")
    assert run(engine, source).loaded_rows == 0
