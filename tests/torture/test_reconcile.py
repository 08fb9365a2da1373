"""Losses that nobody noticed: every one is found the next night, whatever the source, and healthy days raise no alarm."""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from etl import load
from etl.config import Settings
from etl.reconcile import Reconciliation, reconcile_day
from etl.simulation.floor_log import write_floor
from etl.sources import SourceSettings
from tests.db.test_records import Teller
from tests.liveagent_server import KEY
from tests.torture.campaign import Campaign
from tests.torture.kills import append, settings_for
from tests.torture.late_source import (
    START,
    ConnectTransport,
    GenesysTransport,
    LateOrigin,
    LiveAgentTransport,
    RealtimeTransport,
    Transport,
    ZendeskTransport,
)
from tests.torture.worlds import Places, World, world_of

ZONE = ZoneInfo("Europe/Tallinn")
TIMES = {
    "calls": "offered_at", "agent_states": "started_at", "queue_members": "started_at", "tickets": "created_at",
    "ticket_events": "occurred_at", "surveys": "answered_at", "told_links": "linked_at",
}  # fmt: skip
COUNTED = ("queue_intervals", "agent_intervals", "ticket_days", "ticket_targets")
KINDS = (
    "asterisk_queue_log", "file", "zendesk", "amazon_connect", "asterisk_realtime", "asterisk_cdr",
    "asterisk_cel", "genesys_cloud", "liveagent", "zendesk_csv",
)  # fmt: skip
LOST = 10


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def facts(engine: sa.Engine) -> dict[str, list[str]]:
    """Every fact and rollup as text, without the number of its run.

    Without the version too: an agent's state counts as told when its batch was, and a night's batches end elsewhere.
    """
    found = {}
    with engine.begin() as connection:
        for table in (*TIMES, *COUNTED):
            row = sa.literal_column("(to_jsonb(t) - 'run_id' - 'version_number' - 'place_text')::text")
            source = sa.table(table, schema="warehouse").alias("t")
            found[table] = sorted(text for (text,) in connection.execute(sa.select(row).select_from(source)))
    return found


def days_of(engine: sa.Engine) -> list[date]:
    """The local days on which anything happened."""
    days: set[date] = set()
    with engine.begin() as connection:
        for table, name in TIMES.items():
            source = sa.table(table, schema="warehouse")
            instants = connection.execute(sa.select(sa.column(name)).select_from(source))
            days |= {at.astimezone(ZONE).date() for (at,) in instants}
    return sorted(days)


def lose(engine: sa.Engine, day: date, count: int, chance: random.Random) -> int:
    """Takes so many facts of a local day out of the warehouse, of every kind there is, as if they had never come.

    Of a ticket that is told as it stands, only what is told of it now: how it stood before, its origin has forgotten.
    """
    start, end = (datetime.combine(each, time(), ZONE) for each in (day, day + timedelta(days=1)))
    place = sa.literal_column("tableoid::text || ' ' || ctid::text")
    found: list[tuple[str, str]] = []
    with engine.begin() as connection:
        past = {
            row[0]
            for row in connection.execute(
                sa.text(
                    "select tableoid::text || ' ' || ctid::text from warehouse.ticket_events as e where exists ("
                    "select 1 from warehouse.tickets as t where t.ticket_id = e.ticket_id and t.source_name = e.source_name "
                    "and t.channel_name = 'email' and t.version_number > e.version_number)"
                )
            )
        }
        for table, name in TIMES.items():
            source, at = sa.table(table, schema="warehouse"), sa.column(name)
            rows = connection.execute(sa.select(place).select_from(source).where(at >= start, at < end))
            found += [(table, text) for (text,) in rows if text not in past]
        lost = chance.sample(sorted(found), min(count, len(found)))
        for table, text in lost:
            connection.execute(sa.delete(sa.table(table, schema="warehouse")).where(place == text))
    return len(lost)


def night_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(3, 30), ZONE).astimezone(UTC)


def compared(engine: sa.Engine, world: World, day: date, now: datetime) -> Reconciliation:
    return reconcile_day(
        engine, world.settings, world.source, day, now=lambda: now, reader=world.reader(world.source)
    )


def loaded(engine: sa.Engine, world: World) -> None:
    reader = world.reader(world.source)
    kept = None if reader is None else load.Readers({world.source.name: reader})
    load.run_source(engine, world.settings, world.source, now=world.now, readers=kept)


@pytest.mark.by_turns(2)
@pytest.mark.parametrize("kind_name", KINDS)
def test_every_hidden_loss_is_found_and_mended_whatever_the_source(
    engine: sa.Engine,
    empty_database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    campaign: Campaign,
    kind_name: str,
) -> None:
    lost_rows = found_rows = 0
    places = Places(tmp_path / "world", empty_database_url)
    with world_of(kind_name, places, pieces=campaign.times(short=2, long=12), seed=campaign.seed) as world:
        for name, value in world.environment.items():
            monkeypatch.setenv(name, value)
        while world.grow():
            loaded(engine, world)
        world.finish()
        loaded(engine, world)
        days = days_of(engine)
        now = max(night_after(days[-1]), world.now())
        world.set_clock(now)
        loaded(engine, world)
        before, place = facts(engine), ask(engine, "select position_text, carry_text from ops.cursors")
        for day in days:
            clean = compared(engine, world, day, now)
            assert clean.outcome_name == "agreed", clean
            assert clean.rows()["origin_rows"] == clean.rows()["warehouse_rows"] > 0
            lost = lose(engine, day, LOST, random.Random(campaign.seed))
            mended = compared(engine, world, day, now)
            found = mended.rows()
            assert (mended.outcome_name, found["missing_rows"], found["mended_rows"]) == (
                "mended",
                lost,
                lost,
            ), mended
            lost_rows, found_rows = lost_rows + lost, found_rows + found["missing_rows"]
        assert facts(engine) == before
        assert ask(engine, "select position_text, carry_text from ops.cursors") == place
    campaign.record(
        "D17",
        f"hidden losses of {kind_name} are found",
        kind_name=kind_name,
        days_count=len(days),
        lost_rows=lost_rows,
        found_rows=found_rows,
    )


def test_ten_losses_of_ten_are_found_and_clean_days_raise_no_alarm(
    engine: sa.Engine, tmp_path: Path, campaign: Campaign
) -> None:
    """A floor of many days, loaded bit by bit, compared every night; then ten facts of one day are lost."""
    days = campaign.times(short=3, long=31)
    end = datetime(2026, 11, 18, 12, tzinfo=UTC)
    write_floor(tmp_path / "whole", seed=campaign.seed, days=days, until=end)
    lines = (tmp_path / "whole").read_bytes().splitlines(keepends=True)
    path = tmp_path / "queue_log"
    settings = settings_for(path)
    source = settings.sources[0]
    seconds = [int(line.split(b"|", 1)[0]) for line in lines]
    outcomes: list[Reconciliation] = []
    place, a_load = 0, campaign.times(short=9000, long=700)
    for number in range(days, 0, -1):
        day = end.date() - timedelta(days=number)
        night = night_after(day)
        until = bisect_left(seconds, night.timestamp())
        for start in range(place, until, a_load):
            append(path, b"".join(lines[start : min(start + a_load, until)]))
            load.run_source(engine, settings, source, now=lambda night=night: night)  # type: ignore[misc]
        place = until
        outcomes.append(reconcile_day(engine, settings, source, day, now=lambda night=night: night))  # type: ignore[misc]
    alarms = [each for each in outcomes if each.outcome_name != "agreed"]
    assert alarms == []
    before, day = facts(engine), outcomes[-1].day_date
    assert lose(engine, day, LOST, random.Random(campaign.seed)) == LOST
    assert facts(engine) != before
    mended = reconcile_day(engine, settings, source, day, now=lambda: night)
    assert (mended.outcome_name, mended.rows()["missing_rows"], mended.rows()["mended_rows"]) == (
        "mended",
        LOST,
        LOST,
    )
    assert facts(engine) == before
    campaign.record(
        "D17",
        "10 hidden losses are found, clean days raise no alarm",
        clean_days_count=len(outcomes),
        false_alarms_count=len(alarms),
        lost_rows=LOST,
        found_rows=mended.rows()["missing_rows"],
        compared_rows=sum(each.rows()["origin_rows"] for each in outcomes),
        slowest_night_seconds=max(each.duration_seconds for each in outcomes),
    )


TRANSPORTS: dict[str, tuple[Callable[[], Transport], int]] = {
    "realtime": (lambda: RealtimeTransport(settle_seconds=1, look_back_seconds=60), 60),
    "connect": (lambda: ConnectTransport(look_back_seconds=60), 60),
    "zendesk": (lambda: ZendeskTransport(look_back_seconds=60), 60),
    "realtime without numbers": (
        lambda: RealtimeTransport(has_numbers=False, settle_seconds=1, look_back_seconds=60), 60
    ),
    "liveagent": (lambda: LiveAgentTransport(look_back_seconds=120), 120),
    "genesys": (lambda: GenesysTransport(look_back_seconds=60), 60),
}  # fmt: skip
TELLS = """
select regexp_replace(call_id, '^.*[^0-9]', '')::int from warehouse.calls where outcome_name = 'abandoned'
union
select regexp_replace(ticket_id, '^.*[^0-9]', '')::int from warehouse.ticket_events
"""


@pytest.mark.by_turns(2)
@pytest.mark.parametrize("name", TRANSPORTS)
def test_records_that_show_later_than_any_look_back_are_found_the_next_night(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, campaign: Campaign, name: str
) -> None:
    made, look_back_seconds = TRANSPORTS[name]
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")
    monkeypatch.setenv("LIVEAGENT_KEY", KEY)
    hours, origin_seconds = campaign.times(short=1, long=6), 3600
    origin = LateOrigin(
        campaign.seed, hours * origin_seconds, most_late_seconds=60 * look_back_seconds, every_seconds=60, crowds=1
    )  # fmt: skip
    transport = made()
    source: SourceSettings = Teller(name=transport.name, every_seconds=60)
    settings = settings_for(Path("nowhere"))
    settings = Settings.model_construct(site=settings.site, sources=(source,))
    readers = load.Readers({source.name: transport.reader()})
    waiting = sorted(origin.events(), key=lambda event: event.visible_at)
    wanted = {event.number for event in waiting}
    step = campaign.times(short=900, long=120)
    end = waiting[-1].visible_at + step
    for now in range(START, end + 1, step):
        visible = [event for event in waiting if event.visible_at <= now]
        transport.show(visible, now)
        del waiting[: len(visible)]
        instant = datetime.fromtimestamp(now, UTC)
        load.run_source(engine, settings, source, now=lambda instant=instant: instant, readers=readers)  # type: ignore[misc]
    day = datetime.fromtimestamp(START, ZONE).date()
    night = max(night_after(day), datetime.fromtimestamp(end + 3600, UTC))
    transport.show([], int(night.timestamp()))
    load.run_source(engine, settings, source, now=lambda: night, readers=readers)
    lost = wanted - {number for (number,) in ask(engine, TELLS)}
    assert lost, "the delay is longer than the look-back: something must be hidden"
    mended = reconcile_day(engine, settings, source, day, now=lambda: night, reader=transport.reader())
    assert mended.outcome_name == "mended", mended
    assert {number for (number,) in ask(engine, TELLS)} == wanted
    again = reconcile_day(engine, settings, source, day, now=lambda: night, reader=transport.reader())
    assert again.outcome_name == "agreed", again
    campaign.record(
        "D17",
        f"what {transport.name} shows later than its look-back is found the next night",
        source_name=transport.name,
        origin_rows=len(wanted),
        hidden_rows=len(lost),
        found_rows=len(lost & {number for (number,) in ask(engine, TELLS)}),
    )
