"""What was refused stands in the quarantine once, for as long as it is not loaded, and each refusal is counted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import load
from tests.db.test_load import T0, ask, run
from tests.torture.kills import load_once, now, settings_for
from tests.torture.worlds import Places, append, kinds, world_of
from tests.torture.worlds_of_servers import ZendeskWorld

REFUSED = "select place_text, replayed_at is null, reason_text ~ '23514' from ops.rejects order by reject_id"
FORBID = "alter table warehouse.calls add constraint forbidden check (call_id <> 'c2')"
ALLOW = "alter table warehouse.calls drop constraint forbidden"


def change(engine: sa.Engine, text: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(text))


def counts(summary: load.RunSummary) -> tuple[int, int, int, int]:
    return summary.read_rows, summary.loaded_rows, summary.unchanged_rows, summary.rejected_rows


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "queue_log"
    append(path, [f"{T0 + n}|c{n}|sales|NONE|ENTERQUEUE||123{n}|1" for n in range(5)])
    return path


def test_a_line_that_is_refused_again_is_counted_again_and_kept_once(engine: sa.Engine, log: Path) -> None:
    append(log, ["tomorrow|c1|sales|A|CONNECT|1|x|1"])
    assert counts(run(engine, log)) == (6, 5, 0, 1)
    for _ in range(3):
        load.reset_cursor(engine, "pbx")
        assert counts(run(engine, log)) == (6, 0, 5, 1)
    assert ask(engine, REFUSED) == [("queue_log:6", True, False)]


def test_a_refusal_is_closed_when_its_line_is_loaded_by_another_way(engine: sa.Engine, log: Path) -> None:
    change(engine, FORBID)
    assert counts(run(engine, log)) == (5, 4, 0, 1)
    assert ask(engine, REFUSED) == [("queue_log:3", True, True)]
    change(engine, ALLOW)
    load.reset_cursor(engine, "pbx")
    assert counts(run(engine, log)) == (5, 1, 4, 0)
    assert ask(engine, REFUSED) == [("queue_log:3", False, True)]
    assert load.replay_rejects(engine, settings_for(log), "pbx", now=now).read_rows == 0
    assert ask(engine, "select count(*), count(distinct call_id) from warehouse.calls") == [(5, 5)]


def test_a_closed_refusal_is_open_again_when_its_line_is_refused_again(engine: sa.Engine, log: Path) -> None:
    change(engine, FORBID)
    run(engine, log)
    change(engine, ALLOW)
    assert counts(load.replay_rejects(engine, settings_for(log), "pbx", now=now)) == (1, 1, 0, 0)
    assert ask(engine, REFUSED) == [("queue_log:3", False, True)]
    change(engine, "delete from warehouse.calls where call_id = 'c2'")
    change(engine, FORBID)
    load.reset_cursor(engine, "pbx")
    run(engine, log)
    assert ask(engine, REFUSED) == [("queue_log:3", True, True)]


def test_another_line_at_the_same_place_closes_no_refusal(engine: sa.Engine, log: Path) -> None:
    append(log, ["tomorrow|c1|sales|A|CONNECT|1|x|1"])
    run(engine, log)
    log.unlink()
    append(log, [f"{T0 + 10_000 + n}|d{n}|sales|NONE|ENTERQUEUE||123{n}|1" for n in range(9)])
    assert counts(run(engine, log)) == (9, 9, 0, 0)
    assert ask(engine, REFUSED) == [("queue_log:6", True, False)]


@pytest.mark.parametrize("kind", ["liveagent", "genesys_cloud"])
def test_a_record_that_is_told_rightly_later_closes_what_was_refused_of_it(
    engine: sa.Engine, tmp_path: Path, kind: str
) -> None:
    with world_of(kind, Places(tmp_path / "world"), pieces=3) as world:
        world.grow()
        load_once(engine, world)
        assert ask(engine, "select count(*) from ops.rejects where replayed_at is null") == [(1,)]
        world.mend()  # type: ignore[attr-defined]
        load_once(engine, world)
        assert ask(engine, "select count(*) from ops.rejects where replayed_at is null") == [(0,)]
        ledger = ask(
            engine, "select sum(read_rows) = sum(loaded_rows + unchanged_rows + rejected_rows) from ops.runs"
        )
        assert ledger == [(True,)]


def test_a_ticket_that_is_corrected_closes_what_was_refused_of_it(engine: sa.Engine, tmp_path: Path) -> None:
    with world_of("zendesk", Places(tmp_path / "world"), pieces=1) as world:
        assert isinstance(world, ZendeskWorld)
        account, at = world.account, world.now().timestamp()
        for status, is_open in (("parked", True), ("open", False)):
            account.ticket(31, at=at, changed=account.now, status=status)
            account.now += 200
            world.set_clock(datetime.fromtimestamp(account.now, UTC))
            load_once(engine, world)
            found = ask(engine, "select place_text, replayed_at is null from ops.rejects")
            assert found == [("tickets 31", is_open)]


@pytest.mark.by_turns(4)
@pytest.mark.parametrize("kind", tuple(kinds()))
def test_reading_everything_again_keeps_each_refusal_once(
    engine: sa.Engine, tmp_path: Path, empty_database_url: str, kind: str
) -> None:
    if kind == "asterisk_ami":
        pytest.skip("what its manager told it does not tell again")
    with world_of(kind, Places(tmp_path / "world", empty_database_url), pieces=2) as world:
        world.grow()
        load_once(engine, world)
        world.grow()
        world.finish()
        for _ in range(3):
            load_once(engine, world)
            load.reset_cursor(engine, "src")
        assert ask(engine, "select count(*) from ops.rejects") == [(world.refused_rows,)]
