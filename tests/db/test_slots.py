"""One interval, one start: slots on the warehouse's clock, and what is due once for each local day."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from etl.config import Settings, SiteSettings
from etl.load import run_source
from etl.schedule import nightly
from etl.schedule.leader import Leadership
from etl.schedule.nightly import Due, Nightly
from etl.schedule.slots import Slot, SlotTaken, Turn, take
from etl.sources.asterisk_queue_log import QueueLogSettings
from sql.warehouse import connected

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOUR = 3600


def settings(path: Path, *names: str) -> Settings:
    sources = tuple(
        QueueLogSettings.model_validate(
            {"name": name, "kind": "asterisk_queue_log", "path": str(path / name), "every_seconds": HOUR},
            context={"folder": Path("/")},
        )
        for name in names
    )
    return Settings(site=SiteSettings(name="T", time_zone="Europe/Tallinn"), sources=sources)


def ask(engine: sa.Engine, text: str, **words: object) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        found = connection.execute(sa.text(text), words)
        return [tuple(row) for row in found] if found.returns_rows else []


def taken(engine: sa.Engine, *, every_seconds: int = HOUR, rest_seconds: float | None = None) -> float | None:
    """Null where the slot was taken now, else the seconds until the next one."""
    try:
        with connected(engine) as connection:
            take(connection, Slot("pbx", every_seconds, "etl here 1", rest_seconds), now=NOW)
    except SlotTaken as refused:
        return refused.wait_seconds
    return None


def failed_runs(engine: sa.Engine) -> list[str]:
    return [row[0] for row in ask(engine, "select error_text from ops.runs where outcome_name = 'failed'")]


def age(engine: sa.Engine, interval: str) -> None:
    """As if the slot had been taken so long ago, or (negative) as if the warehouse's clock had been set back."""
    ask(
        engine,
        "update ops.slots set slot_at = slot_at - cast(:age as interval), taken_at = taken_at - cast(:age as interval)",
        age=interval,
    )


def test_a_slot_is_taken_once_and_the_refusal_says_when_the_next_one_begins(engine: sa.Engine) -> None:
    assert taken(engine) is None
    wait_seconds = taken(engine)
    assert wait_seconds is not None
    assert 0 < wait_seconds <= HOUR
    age(engine, "1 hour")
    assert taken(engine) is None
    assert len(ask(engine, "select from ops.slots")) == 1


def test_a_start_that_breaks_off_gives_its_slot_back(engine: sa.Engine) -> None:
    def breaks_off() -> None:
        with connected(engine) as connection:
            take(connection, Slot("pbx", HOUR, "etl here 1"), now=NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks_off()
    assert taken(engine) is None


def test_a_start_whose_commit_was_not_heard_of_has_its_slot_all_the_same(engine: sa.Engine) -> None:
    """Else a source that is read once a day would be left out for a day, in silence."""

    def tries(turn: Turn) -> None:
        with connected(engine) as connection:
            turn.begin(connection, now=NOW)

    mine, of_another = Turn(Slot("pbx", HOUR, "etl here 1")), Turn(Slot("pbx", HOUR, "etl there 2"))
    tries(mine)  # the reply to the commit is lost, so nobody sets is_begun
    tries(mine)
    for _ in range(2):
        with pytest.raises(SlotTaken):
            tries(of_another)
    with pytest.raises(SlotTaken):
        tries(Turn(Slot("pbx", HOUR, "etl here 1")))  # another start of the same process


def test_of_many_that_begin_at_the_same_moment_one_has_the_slot(engine: sa.Engine) -> None:
    together, got = threading.Barrier(6), list[bool]()

    def begin() -> None:
        together.wait(10)
        got.append(taken(engine) is None)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(got) == [False] * 5 + [True]


@pytest.mark.parametrize("set_back", ["-2 seconds", "-1 hour", "-1 day"])
def test_a_warehouse_whose_clock_was_set_back_holds_up_no_job(engine: sa.Engine, set_back: str) -> None:
    assert taken(engine, every_seconds=1) is None
    age(engine, set_back)
    assert taken(engine, every_seconds=1) is None
    assert failed_runs(engine) == []


def test_starts_that_nobody_made_become_one_row_of_the_ledger(engine: sa.Engine) -> None:
    assert taken(engine, every_seconds=2) is None
    age(engine, "300 seconds")
    assert taken(engine, every_seconds=2) is None
    (sentence,) = failed_runs(engine)
    assert sentence.startswith("150 starts were left out: for 300 s no load of this source could begin.")
    age(engine, "90 seconds")  # not worth a row: a minute of back-off is told by the failure before it
    assert taken(engine, every_seconds=2) is None
    age(engine, "300 seconds")
    assert taken(engine, every_seconds=2, rest_seconds=2.0) is None  # a long load ended only two seconds ago
    assert len(failed_runs(engine)) == 1


def test_a_load_whose_slot_is_taken_reads_nothing_and_is_no_failure(
    engine: sa.Engine, tmp_path: Path
) -> None:
    (tmp_path / "pbx").write_text("1760000000|1.1|sales|NONE|ENTERQUEUE||5551000|1\n")
    chosen = settings(tmp_path, "pbx")
    slot = Slot("pbx", HOUR, "etl here 1")
    source = chosen.sources[0]
    assert run_source(engine, chosen, source, now=lambda: NOW, slot=slot).read_rows == 1
    with (tmp_path / "pbx").open("a") as log:
        log.write("1760000009|1.1|sales|NONE|ABANDON|1|1|9\n")
    with pytest.raises(SlotTaken):
        run_source(engine, chosen, source, now=lambda: NOW, slot=slot)
    assert ask(engine, "select count(*), sum(read_rows) from ops.runs") == [(1, 1)]
    age(engine, "1 hour")
    summary = run_source(engine, chosen, source, now=lambda: NOW, slot=slot)
    assert (summary.read_rows, len(summary.run_ids)) == (1, 1)


def test_two_processes_share_out_the_jobs_and_one_that_is_not_seen_any_more_loses_its_lead(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.schedule.leader.ASK_SECONDS", 0.0)
    first, second = Leadership(engine), Leadership(engine)
    try:
        first.agree(["a"])
        second.agree(["a", "b"])
        assert (first.held, second.held, second.others) == ({"a"}, {"b"}, {"a"})
        ask(
            engine,
            "insert into ops.jobs (job_name, every_seconds, host_name, process_number, seen_at) "
            "values ('a', 1, 'there', 1, clock_timestamp() - interval '40 seconds')",
        )
        second.agree(["a", "b"])
        assert second.held == {"b"}  # seen not long ago
        ask(engine, "update ops.jobs set seen_at = clock_timestamp() - interval '50 seconds'")
        second.agree(["a", "b"])
        second.agree(["a", "b"])
        assert second.held == {"a", "b"}
        first.agree(["a"])
        assert first.held == frozenset()
    finally:
        first.close()
        second.close()


def test_a_local_day_is_worked_on_by_one_and_closed_once(engine: sa.Engine, tmp_path: Path) -> None:
    works = (Nightly("closing", timedelta(0), lambda *_, **__: None),)
    chosen = settings(tmp_path, "a", "b")
    yesterday = date(2026, 11, 21)
    found = nightly.due(engine, chosen, now=NOW, works=works)
    assert found == [Due("closing", "a", yesterday), Due("closing", "b", yesterday)]
    assert nightly.take(engine, found[0], process_name="one")
    assert not nightly.take(engine, found[0], process_name="two")
    assert nightly.due(engine, chosen, now=NOW, works=works) == found[1:]
    assert not nightly.close(engine, found[0], process_name="two")
    assert nightly.close(engine, found[0], process_name="one")
    assert not nightly.take(engine, found[0], process_name="one")
    assert nightly.take(engine, found[1], process_name="one")
    nightly.give_back(engine, found[1], process_name="one")
    assert nightly.due(engine, chosen, now=NOW, works=works) == found[1:]
    assert nightly.take(engine, found[1], process_name="two")
    later = nightly.due(engine, chosen, now=NOW + timedelta(days=2), works=works)
    assert [(one.source_name, one.day_date.day) for one in later] == [
        ("a", 22),
        ("b", 22),
        ("a", 23),
        ("b", 23),
    ]


def test_lost_ends_are_closed_after_the_comparison_of_their_day(engine: sa.Engine, tmp_path: Path) -> None:
    found = nightly.due(engine, settings(tmp_path, "a", "b"), now=NOW)
    assert [(one.source_name, one.work_name) for one in found] == [
        (nightly.SITE, "erasures"),
        (nightly.SITE, "retention"),
        ("a", "reconciliation"),
        ("a", "lost ends"),
        ("b", "reconciliation"),
        ("b", "lost ends"),
    ]


def test_a_day_whose_process_died_is_taken_again_after_its_lease(engine: sa.Engine, tmp_path: Path) -> None:
    works = (Nightly("closing", timedelta(0), lambda *_, **__: None),)
    chosen = settings(tmp_path, "a")
    (one,) = nightly.due(engine, chosen, now=NOW, works=works)
    assert nightly.take(engine, one, process_name="dead")
    ask(engine, "update ops.closed_days set taken_at = taken_at - interval '7 hours'")
    assert nightly.due(engine, chosen, now=NOW, works=works) == [one]
    assert nightly.take(engine, one, process_name="alive")
    assert not nightly.close(engine, one, process_name="dead")
    assert nightly.close(engine, one, process_name="alive")
