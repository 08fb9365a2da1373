"""The live floor on a real Postgres: the boards show what the log will say, and the log afterwards changes no number.

The events are the recorded bytes of a real PBX, told by a local server over a real connection, cut anywhere.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from etl import load
from etl.config import Settings, SiteSettings
from etl.customer_key import customer_secret
from etl.jobs import serve
from etl.sources import SourceSettings
from etl.sources.asterisk_ami import AmiSettings
from etl.sources.pbx.ami_wire import Address
from sql import warehouse
from tests.ami_server import (
    SECRET,
    AmiServer,
    Block,
    Watched,
    ami_server,
    block,
    caught_up,
    recorded,
    replayed,
    until,
)
from tests.conftest import engine_of_copy
from tests.db.test_load import ask, facts
from tests.torture.kills import settings_for

FIRST_AT, LAST_AT = 1_795_309_870, 1_795_309_991  # the recording's last second is cut off
Facts = dict[str, list[tuple[object, ...]]]
SITE = SiteSettings(name="Test floor", time_zone="Europe/Tallinn")
AGENTS_OF = {
    "billing": 10,
    "sales": 14,
    "support": 18,
}  # the static members of each queue, as Asterisk counts them


@pytest.fixture
def pbx(shared_data: Path) -> Path:
    return shared_data / "asterisk_pbx"


class Live:
    """A source of events and its loads, as the job service makes them: the reader outlives each load."""

    def __init__(
        self, engine: sa.Engine, server: AmiServer, name: str, beside: SourceSettings | None, **more: object
    ) -> None:
        self.source = self.settings_of(name, server.port, **more)
        self.settings = Settings.model_construct(
            site=SITE, sources=(self.source, *([beside] if beside else []))
        )
        self.engine, self.server = engine, server
        self.reader = self.begin()

    @staticmethod
    def settings_of(name: str, port: int, **more: object) -> AmiSettings:
        """The settings of a manager on this computer, whose secret stands in PBX_SECRET."""
        given = {
            "kind": "asterisk_ami",
            "host": "127.0.0.1",
            "user_name": "floorboard",
            "secret_env": "PBX_SECRET",
        }
        return AmiSettings.model_validate({"name": name, "port": port, "every_seconds": 1, **given, **more})

    def begin(self) -> Watched:
        """A new process: what the old reader had heard and not stored is gone."""
        address = Address("127.0.0.1", self.server.port, "floorboard", SECRET)
        self.reader = Watched(address, SITE.site, customer_secret())
        self.readers = load.Readers({self.source.name: self.reader})
        return self.reader

    def end(self) -> None:
        self.readers.close()

    def load(self) -> load.RunSummary:
        return load.run_source(
            self.engine, self.settings, self.source, readers=self.readers, until_idle=False,
            now=lambda: datetime.fromtimestamp(self.server.at + 0.5, UTC),
        )  # fmt: skip

    def tell(self, events: list[tuple[int, Block]], *, lost: bool = False) -> None:
        """Lets the events happen over there and waits until they are heard here."""
        for at, told in events:
            self.server.tell(told, at=at, lost=lost)
        if not lost:
            caught_up(self.server, self.reader)


@contextmanager
def live_floor(
    engine: sa.Engine, pbx: Path, name: str = "pbx", *, beside: SourceSettings | None = None, **more: object
) -> Iterator[tuple[Live, list[tuple[int, Block]]]]:
    with ami_server(cut=random.Random(7)) as server:
        events = [(at, told) for at, told in replayed(recorded(pbx), server) if at <= LAST_AT]
        live = Live(engine, server, name, beside, **more)
        live.load()
        try:
            yield live, events
        finally:
            live.end()


def load_log(
    engine: sa.Engine,
    pbx: Path,
    folder: Path,
    *,
    name: str = "pbx",
    until_at: int | None = None,
    beside: SourceSettings | None = None,
) -> None:
    """Loads the log of the same PBX, as far as it was written at that second."""
    text = (pbx / "queue_log").read_text()
    lines = [
        line for line in text.splitlines(keepends=True) if until_at is None or int(line[:10]) <= until_at
    ]
    path = folder / f"queue_log-{name}"
    path.write_text("".join(lines))
    log = settings_for(path, name=name).sources[0]
    settings = Settings.model_construct(site=SITE, sources=(log, *([beside] if beside else [])))
    load.run_source(engine, settings, log, now=lambda: datetime.fromtimestamp(FIRST_AT + 9000, UTC))


def boards(engine: sa.Engine, name: str, at: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The live questions of one source: one row per queue, one per agent."""
    known = (
        "select queue_id from warehouse.queue_keys where source_name = '{}'",
        "select agent_id from warehouse.agent_keys where source_name = '{}'",
    )
    ids = [[row[0] for row in ask(engine, text.format(name))] for text in known]
    as_of = datetime.fromtimestamp(at, UTC)
    with warehouse.connected(engine) as connection:
        queues = call_queries.live_queues(connection, as_of=as_of)
        agents = call_queries.live_agents(connection, as_of=as_of)
    return (
        queues.filter(pl.col("queue_id").is_in(ids[0])).sort("queue_name"),
        agents.filter(pl.col("agent_id").is_in(ids[1])).sort("agent_name"),
    )


CALL_COUNTS = (
    "queue_name", "waiting_calls", "oldest_wait_seconds", "in_progress_calls", "offered_calls", "answered_calls",
    "abandoned_calls", "short_abandoned_calls", "flowed_out_calls", "callback_calls", "handled_calls",
    "answered_wait_seconds", "longest_wait_seconds", "talk_seconds", "hold_seconds", "wrap_up_seconds",
)  # fmt: skip
AGENT_COUNTS = ("available_agents", "ringing_agents", "on_contact_agents", "wrap_up_agents", "paused_agents")


@pytest.mark.by_turns(2)
@pytest.mark.parametrize("at", [1_795_309_884, 1_795_309_907, 1_795_309_932, 1_795_309_956, LAST_AT])
def test_the_live_boards_say_what_the_log_says_of_the_same_second(
    engine: sa.Engine, pbx: Path, tmp_path: Path, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_floor(engine, pbx, "live") as (live, events):
        live.tell([event for event in events if event[0] <= at])
        live.load()
    load_log(engine, pbx, tmp_path, name="log", until_at=at)
    queues, agents = boards(engine, "live", at)
    log_queues, log_agents = boards(engine, "log", at)
    served = log_queues["queue_name"].to_list()  # a queue without a line in the log yet is unknown to it
    assert (
        queues.filter(pl.col("queue_name").is_in(served))
        .select(CALL_COUNTS)
        .equals(log_queues.select(CALL_COUNTS))
    )
    # The log hears of static members at their first call: only the live floor knows all of them from the first second.
    everybody = dict(queues.select("queue_name", pl.sum_horizontal(AGENT_COUNTS)).iter_rows())
    assert everybody == AGENTS_OF
    said = ("agent_name", "state_name", "reason_name", "queue_name", "state_started_at", "handled_calls")
    mine = {row[0]: row for row in agents.select(said).iter_rows()}
    logs = {row[0]: row for row in log_agents.select(said).iter_rows()}
    unknown = {mine[name][1] for name in mine.keys() - logs.keys()}
    assert unknown <= {"available", "ringing"}
    rung = {
        name for name in logs if mine[name][1] == "ringing"
    }  # no line is written when a phone begins to ring
    assert {logs[name][1] for name in rung} <= {"available"}
    rests = {name: row[-2] for name, row in mine.items() if name in logs and row != logs[name]}
    for name in (
        rests.keys() - rung
    ):  # after a ring that nobody took he is available anew; for the log he always was
        assert mine[name][:4] == logs[name][:4]
        assert mine[name][1] == "available"
        assert mine[name][-2] > logs[name][-2]


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for the log alone."""
    with engine_of_copy(server_url, template_name) as engine:
        yield engine


@pytest.fixture(scope="module")
def facts_of_the_log(
    shared_engine: sa.Engine, shared_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Facts:
    """What a third warehouse holds after the whole log alone, loaded at once."""
    load_log(shared_engine, shared_data / "asterisk_pbx", tmp_path_factory.mktemp("log"))
    return facts(shared_engine)


def expect_the_facts_of_the_log_alone(engine: sa.Engine, logs: Facts) -> None:
    """The same calls and intervals of queues, row by row; of agents what the log tells and what only the floor knew."""
    mine = facts(engine)
    assert mine["calls"] == logs["calls"]
    assert mine["queue_intervals"] == logs["queue_intervals"]
    assert set(logs["agent_states"]) <= set(mine["agent_states"])
    assert set(logs["queue_members"]) <= set(mine["queue_members"])
    # What the log lacks: who was there, or was rung, before its first word of him. Nothing of it begins within its words.
    assert ask(engine, BEGINS_WITHIN) == [(0,)]
    assert ask(engine, TOLD_TWICE) == [(0,)]


BEGINS_WITHIN = (
    "select count(*) from warehouse.agent_states as live where version_number = 0 and exists (select 1 from "
    "warehouse.agent_states as log where log.agent_id = live.agent_id and log.version_number > 0 "
    "and log.started_at <= live.started_at)"
)
REACHES_INTO = (
    "select count(*) from warehouse.agent_states as live where version_number = 0 and exists (select 1 from "
    "warehouse.agent_states as log where log.agent_id = live.agent_id and log.version_number > 0 "
    "and log.started_at < coalesce(live.ended_at, 'infinity'))"
)
TOLD_TWICE = (
    "select count(*) from (select 1 from warehouse.calls group by call_id, queue_id, stay_number "
    "having count(*) > 1) as twice"
)


def test_the_log_afterwards_gives_the_facts_of_the_log_alone(
    engine: sa.Engine, facts_of_the_log: Facts, pbx: Path, tmp_path: Path
) -> None:
    with live_floor(engine, pbx) as (live, events):
        for first in range(0, len(events), 800):
            live.tell(events[first : first + 800])
            live.load()
    assert ask(engine, "select count(*) from warehouse.calls") == [(74,)]
    assert load.reset_cursor(engine, "pbx")
    load_log(engine, pbx, tmp_path)
    expect_the_facts_of_the_log_alone(engine, facts_of_the_log)
    assert ask(engine, REACHES_INTO) == [(0,)]


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("seed", [1, 2])
def test_lost_connections_and_killed_loaders_leave_no_trace_once_the_log_is_read(
    engine: sa.Engine, alone: sa.Engine, facts_of_the_log: Facts, pbx: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    with live_floor(engine, pbx) as (live, events):
        place, misfortunes = 0, ["lost", "killed", "lost", "killed"]
        while place < len(events):
            part = events[place : place + chance.randint(100, 700)]
            place += len(part)
            misfortune = chance.choice(misfortunes) if misfortunes and chance.random() < 0.7 else ""
            if misfortune:
                misfortunes.remove(misfortune)
            if misfortune == "lost":  # it happens over there while nobody is connected
                live.server.drop()
                live.tell(part, lost=True)
                caught_up(live.server, live.reader)
            else:
                live.tell(part)
            if misfortune == "killed":  # what was heard is lost before it was stored
                live.end()
                live.begin()
            live.load()
        assert misfortunes != ["lost", "killed", "lost", "killed"]
        load_log(alone, pbx, tmp_path, until_at=LAST_AT)
        now_there = (
            "select call_id, outcome_name from warehouse.calls where ended_at is null order by call_id"
        )
        assert ask(engine, now_there) == ask(alone, now_there)  # snapshots have told what was missed
    assert load.reset_cursor(engine, "pbx")
    load_log(engine, pbx, tmp_path)
    expect_the_facts_of_the_log_alone(engine, facts_of_the_log)


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("skew", [-1, 0, 2])
def test_beside_a_log_that_is_read_now_and_then_every_call_counts_once(
    engine: sa.Engine, facts_of_the_log: Facts, pbx: Path, tmp_path: Path, skew: int
) -> None:
    """The instants of the live floor differ by the skew; the log comes now before and now after it, or seconds late."""
    chance, written_at = random.Random(5), FIRST_AT
    log = settings_for(tmp_path / "queue_log-pbx", name="pbx").sources[0]
    with live_floor(engine, pbx, "pbx-live", beside=log, queue_log_source="pbx") as (live, events):
        for first in range(0, len(events), 350):
            part = [(at + skew, told) for at, told in events[first : first + 350]]
            live.tell(part)
            if chance.random() < 0.5:
                written_at = max(written_at, part[-1][0] - chance.choice((-1, 0, 3, 20)))
                load_log(engine, pbx, tmp_path, until_at=written_at, beside=live.source)
            if chance.random() < 0.8:
                live.load()
            assert ask(engine, TOLD_TWICE) == [(0,)]
        load_log(engine, pbx, tmp_path, beside=live.source)
        live.load()  # the live floor, late, after all of the log
        assert ask(engine, "select distinct source_name from warehouse.calls") == [("pbx",)]
    mine = facts(engine)
    assert mine["calls"] == facts_of_the_log["calls"]
    assert mine["queue_intervals"] == facts_of_the_log["queue_intervals"]


def test_a_batch_that_was_not_stored_is_told_again(engine: sa.Engine, pbx: Path) -> None:
    with live_floor(engine, pbx) as (live, events):
        live.tell(events[:400])
        at = datetime.fromtimestamp(live.server.at + 0.5, UTC)
        position, carry = ask(engine, "select position_text, carry_text from ops.cursors")[0]
        given = [list(live.reader.read(str(position), str(carry), now=at)) for _ in range(2)]
        assert [batch.read_rows for batch in given[0]] == [batch.read_rows for batch in given[1]]
        assert all(
            one.facts[name].equals(other.facts[name])
            for one, other in zip(*given, strict=True)
            for name in one.facts
        )
        first, second = live.load(), live.load()
    assert first.read_rows == given[0][0].read_rows > 50
    assert first.read_rows == first.loaded_rows + first.unchanged_rows
    assert (second.read_rows, second.batches) == (0, 0)


def test_the_service_keeps_one_connection_over_many_loads(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PBX_SECRET", SECRET)
    stop = threading.Event()
    with ami_server(at=int(time.time())) as server:
        server.tell(
            block("QueueMemberAdded", Queue="support", MemberName="Anna", Interface="SIP/1", Paused=0)
        )
        source = Live.settings_of("live", server.port)
        settings = Settings.model_construct(site=SITE, sources=(source,))
        service = threading.Thread(target=serve, args=(engine, settings), kwargs={"stop": stop})
        service.start()
        try:
            for number in range(3):
                call = block("QueueCallerJoin", Queue="support", Uniqueid=f"{server.at}.{number}")
                server.tell(call, at=int(time.time()))
                waiting = "select count(*) from warehouse.calls where outcome_name = 'waiting'"
                until(lambda: ask(engine, waiting) == [(number + 1,)], seconds=60)  # noqa: B023 - asked at once
        finally:
            stop.set()
            service.join(30)
        assert server.logins == 1
        assert ask(
            engine,
            "select count(*) > 2, bool_and(error_text is null or error_text like 'A start was left out%') from ops.runs",
        ) == [(True, True)]
        assert ask(engine, "select state_name from warehouse.agent_states") == [("available",)]
        until(lambda: server.sessions == 0)
