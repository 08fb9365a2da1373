"""Who is answered the same about this second shares one asking; what the database tells one viewer alone stays with them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st
from polars.testing import assert_frame_equal

from dashboard import access, live, queries, sums
from dashboard.access import Viewer
from dashboard.door.visitor import Visitors
from dashboard.ui import clock, moments
from sql import rights

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
TEAMS = {"Early": range(1, 7), "Late": range(7, 13)}
CREWS = {"sales": range(1, 6), "service": range(1, 13), "night": range(1, 1)}
ACCOUNTS: dict[str, tuple[str, int | None, tuple[str, ...]]] = {  # role, own agent, teams
    "one": ("agent", 1, ()),
    "two": ("agent", 2, ()),
    "seven": ("agent", 7, ()),
    "eight": ("agent", 8, ()),
    "sam": ("supervisor", None, ("Early",)),
    "tess": ("supervisor", None, ("Late",)),
    "all": ("supervisor", None, ("Early", "Late")),
    "new": ("supervisor", None, ()),
    "eve": ("executive", None, ()),
    "emil": ("executive", None, ()),
    "wall": ("wall", None, ()),
    "screen": ("wall", None, ()),
    "mara": ("manager", None, ()),
    "ada": ("administrator", None, ()),
}
STATES = ("available", "on_contact", "wrap_up", "paused")
CALL = sa.text(
    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, "
    "stay_number, wait_seconds, talk_seconds, hold_seconds, wrap_up_seconds, source_name, call_id, contact_id, "
    "channel_name, direction_name, outcome_name) values (:at, :answered_at, :ended_at, 1, 1, :queue_id, "
    ":agent_id, 1, 10, :talk, 0, 5, 'pbx', :call_id, :call_id, 'call', 'inbound', :outcome_name)"
)


@pytest.fixture(scope="module")
def drawn(shared_engine: sa.Engine) -> sa.Engine:
    """Twelve agents of two teams, five of them in one queue and all in another; three who wait; two alerts that fire."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:

        def run(text: str, **params: object) -> None:
            connection.execute(sa.text(text), params)

        run("insert into warehouse.sites values ('Tallinn', 'Europe/Tallinn')")
        run("select warehouse.create_months(array[date '2026-11-01'])")
        for name in CREWS:
            run(
                "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name) "
                "values ('pbx', :name, 'call', 'Europe/Tallinn')",
                name=name,
            )
        for team_id, (team_name, agent_ids) in enumerate(TEAMS.items(), 1):
            run("insert into warehouse.teams (team_name) values (:name)", name=team_name)
            for agent_id in agent_ids:
                run("insert into warehouse.agents (agent_name) values (:name)", name=f"Agent {agent_id:02}")
                run(
                    "insert into warehouse.team_members (team_id, agent_id, started_date) "
                    "values (:team_id, :id, '2020-01-01')",
                    team_id=team_id, id=agent_id,
                )  # fmt: skip
                run(
                    "insert into warehouse.agent_states (started_at, version_number, run_id, agent_id, source_name, "
                    "state_name) values (:at, 1, 1, :id, 'pbx', :state)",
                    at=NOON - timedelta(minutes=agent_id), id=agent_id, state=STATES[agent_id % 4],
                )  # fmt: skip
        for queue_id, agent_ids in enumerate(CREWS.values(), 1):
            for agent_id in agent_ids:
                run(
                    "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, "
                    "source_name) values (:queue_id, :agent_id, :at, 1, 1, 'pbx')",
                    queue_id=queue_id, agent_id=agent_id, at=NOON - timedelta(hours=3),
                )  # fmt: skip
        connection.execute(CALL, [_call(number) for number in range(27)])
        run("insert into ops.cursors values ('pbx', '', '', :at, 120, :at)", at=NOON - timedelta(seconds=3))
        for rule_id, (kind, key, metric) in enumerate(
            [("queue", "1", "abandonment_ratio"), ("team", "1", "average_handle_time_seconds")], 1
        ):
            run(
                "insert into ops.alert_rules (made_at, window_seconds, hold_seconds, minimum_count, threshold_value, "
                "clear_value, rule_name, measure_name, metric_name, scope_kind_name, scope_key, comparison_name, "
                "severity_name, viewer_name) values (:at, 900, 0, 0, 1, 1, :name, 'metric', :metric, :kind, :key, "
                "'above', 'warning', 'ada')",
                at=NOON, name=f"rule {rule_id}", metric=metric, kind=kind, key=key,
            )  # fmt: skip
            run(
                "insert into ops.alert_standings (rule_id, scope_id, since_at, fired_at, evaluated_at, firing_number, "
                "is_known, scope_name, state_name) values (:rule_id, :key, :at, :at, :at, 1, true, 'here', 'firing')",
                rule_id=rule_id, key=key, at=NOON - timedelta(minutes=1),
            )  # fmt: skip
        for login_name, (role_name, own_id, team_names) in ACCOUNTS.items():
            _account(connection, login_name, role_name, own_id, team_names)
    return shared_engine


def _call(number: int) -> dict[str, Any]:
    """24 that were answered in the morning, two an agent; three who wait."""
    at = NOON - timedelta(minutes=40 - number)
    is_over = number < 24
    return {
        "at": at, "queue_id": 2 - number % 2, "agent_id": number % 12 + 1 if is_over else None,
        "answered_at": at + timedelta(seconds=10) if is_over else None,
        "ended_at": at + timedelta(seconds=70) if is_over else None,
        "talk": 60 if is_over else None, "call_id": f"c{number}", "outcome_name": "answered" if is_over else "waiting",
    }  # fmt: skip


def _account(
    connection: sa.Connection,
    login_name: str,
    role_name: str,
    agent_id: int | None,
    team_names: tuple[str, ...],
) -> None:
    made = sa.text(
        "insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :agent) returning account_id"
    )
    account_id = connection.execute(
        made, {"login": login_name, "role": role_name, "agent": agent_id}
    ).scalar_one()
    for team_name in team_names:
        connection.execute(
            sa.text(
                "insert into access.account_teams select :id, team_id from warehouse.teams where team_name = :name"
            ),
            {"id": account_id, "name": team_name},
        )
    connection.execute(
        sa.text(
            "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, :id, now() + interval '1 day')"
        ),
        {"hash": hashlib.sha256(login_name.encode()).digest(), "id": account_id},
    )


@pytest.fixture
def floor(drawn: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The pages' own ways of asking, at noon of the drawn day, with nothing kept from before."""
    monkeypatch.setenv("DATABASE_URL", drawn.url.render_as_string(hide_password=False))
    monkeypatch.delenv("FLOORBOARD_NOW", raising=False)
    monkeypatch.setattr(moments, "engine", lambda _url: drawn)
    monkeypatch.setattr(moments, "_own", sums.OwnAnswers())
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr(live.Poller.__init__, "__kwdefaults__", {"every_seconds": 0.2, "idle_seconds": 0.4})
    moments._lookers.clear()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()
    yield drawn
    while any(one.name == "floorboard-live" and one.is_alive() for one in threading.enumerate()):
        time.sleep(0.02)
    moments._lookers.clear()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()


def viewers(engine: sa.Engine, role_name: str) -> list[Viewer]:
    found = Visitors(lambda: engine, lambda: datetime.now(UTC))
    return [found.viewer(login) for login, (role, *_) in ACCOUNTS.items() if role == role_name]


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns by name: their order tells nothing. The age of the loader is counted on the running clock."""
    return frame.select(sorted(column for column in frame.columns if column != "beat_age_seconds"))


def are_alike(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    try:
        assert_frame_equal(plain(one), plain(other))
    except AssertionError:
        return False
    return True


SHARING = ("agent", "supervisor", "executive", "wall")


@pytest.mark.parametrize("role_name", SHARING)
def test_whoever_asks_for_a_role_everybody_of_it_is_shown_what_the_database_answers_them(
    floor: sa.Engine, role_name: str
) -> None:
    known = viewers(floor, role_name)
    direct = {viewer: moments._ask_live("", viewer).answers for viewer in known}
    shared = {viewer: moments._ask_sums("", viewer) for viewer in known}
    assert len({sums.scope_name(viewer) for viewer in known}) == 1
    for asker, viewer in permutations(known, 2):
        assert shared[asker].answers.keys() == shared[viewer].answers.keys()
        for name, answer in shared[asker].answers.items():
            assert are_alike(answer, shared[viewer].answers[name]), (
                name,
                asker.viewer_name,
                viewer.viewer_name,
            )
        at = moments.of_snapshot(viewer, shared[asker])
        for name, answer in direct[viewer].items():
            assert are_alike(at.live(name), answer), (name, asker.viewer_name, viewer.viewer_name)


@pytest.mark.parametrize(
    ("one_name", "other_name", "differing"),
    [
        ("one", "seven", {"live_queues", "live_agents"}),
        ("sam", "all", {"live_queues", "live_totals", "live_agents"}),
        ("new", "sam", {"live_agents"}),
    ],
)
def test_sharing_whole_answers_would_tell_one_of_them_what_is_withheld_from_them(
    floor: sa.Engine, one_name: str, other_name: str, differing: set[str]
) -> None:
    """The control: agent 1 is one of five in sales, and is not told how the four others stand; agent 7 is."""
    found = {viewer.viewer_name: viewer for role in SHARING for viewer in viewers(floor, role)}
    one, other = (moments._ask_live("", found[name]).answers for name in (one_name, other_name))
    assert {name for name in one if not are_alike(one[name], other[name])} >= differing


def test_agents_one_and_seven_are_told_of_sales_what_each_may_know(floor: sa.Engine) -> None:
    one, _, seven, _ = viewers(floor, "agent")
    snapshot = moments._ask_sums("", seven)
    told = {
        viewer.viewer_name: moments.of_snapshot(viewer, snapshot)
        .live("live_queues")
        .row(by_predicate=pl.col("queue_name") == "sales", named=True)
        for viewer in (one, seven)
    }
    assert (told["one"]["available_agents"], told["one"]["withheld_name"]) == (
        None,
        "few",
    )  # 5 less himself: 4
    assert (told["seven"]["available_agents"], told["seven"]["withheld_name"]) == (
        1,
        None,
    )  # agent 4: 4 % 4 = 0
    assert told["one"]["waiting_calls"] == told["seven"]["waiting_calls"]
    assert not {"available_agents", "withheld_name"} & set(snapshot.answers["live_queues"].columns)


def test_roles_that_are_answered_otherwise_share_nothing(floor: sa.Engine) -> None:
    names = {
        role: sums.scope_name(viewers(floor, role)[0]) for role in (*SHARING, "manager", "administrator")
    }
    assert len(set(names.values())) == len(names)
    by_role = {role: moments._ask_sums("", viewers(floor, role)[0]).answers for role in names}
    fired = {role: answers["firing_alerts"].height for role, answers in by_role.items()}
    assert (fired["supervisor"], fired["executive"]) == (
        2,
        1,
    )  # the work of a team is told to who stands in for a floor
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        by_role["agent"]["live_queues"].get_column("available_agents")
    assert "available_agents" in by_role["manager"]["live_queues"].columns


class Asked:
    """How often each question about this second was put to the warehouse."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: Counter[str] = Counter()
        whole = queries.live

        def ask(
            connection: sa.Connection, names: Iterable[str], *, as_of: datetime
        ) -> dict[str, pl.DataFrame]:
            listed = list(names)
            self.names.update(listed)
            return whole(connection, listed, as_of=as_of)

        monkeypatch.setattr(queries, "live", ask)


def many(viewer: Viewer, count: int) -> list[Viewer]:
    """So many tabs of that role, each a scope of its own where such viewers are; all enter as the one who is there."""
    kept = viewer.scope_name if viewer.role_name == "wall" else None
    return [replace(viewer, scope_name=kept or f"{viewer.scope_name} {number}") for number in range(count)]


def statements_an_answer(engine: sa.Engine, looking: list[Viewer]) -> tuple[set[int], int]:
    """What one answer costs the database while each of them looks at what is shared, and how many ask."""
    counted: list[str] = []
    at_answers: list[int] = []

    def count(_conn: object, _cursor: object, statement: str, *_more: object) -> None:
        counted.append(statement)

    sa.event.listen(engine, "before_cursor_execute", count)
    leave = moments.poller_of(looking[0]).subscribe(lambda _told: at_answers.append(len(counted)))
    try:
        end = time.monotonic() + 30
        while len(at_answers) < 5 and time.monotonic() < end:
            for viewer in looking:
                assert moments.moment(viewer).live("source_health").height == 1
            time.sleep(0.05)
        askers = sum(one.name == "floorboard-live" and one.is_alive() for one in threading.enumerate())
    finally:
        leave()
        sa.event.remove(engine, "before_cursor_execute", count)
    return {later - earlier for earlier, later in pairwise(at_answers[1:])}, askers


@pytest.mark.parametrize("role_name", ["agent", "wall"])
def test_fifty_viewers_of_a_role_ask_the_database_no_more_than_one(floor: sa.Engine, role_name: str) -> None:
    viewer = viewers(floor, role_name)[0]
    alone, askers = statements_an_answer(floor, [viewer])
    assert (len(alone), askers) == (1, 1)
    assert min(alone) > 5  # it was asked at all
    assert statements_an_answer(floor, many(viewer, 50)) == (alone, 1)


def test_were_each_of_them_a_scope_of_its_own_the_database_would_be_asked_for_each(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: five agents, each with a poller of their own."""
    monkeypatch.setattr(sums, "is_shared", lambda _viewer: False)
    found, askers = statements_an_answer(floor, many(viewers(floor, "agent")[0], 5))
    assert askers == 5
    assert max(found) > 20  # the statements of several of them between two answers of one


def test_what_is_a_viewers_alone_is_asked_only_where_it_is_looked_at(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(monkeypatch)
    viewer = viewers(floor, "agent")[0]
    at = moments.of_snapshot(viewer, moments._ask_sums("", viewer))
    assert at.live("source_health").height == 1
    assert asked.names["live_agents"] == 0
    assert at.live("live_agents").height == at.live("live_totals").height == 1
    assert asked.names["live_agents"] == 1


def test_however_many_look_what_is_theirs_alone_is_asked_ten_times_a_second_at_the_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds, asked, own = [100.0], Counter[str](), sums.OwnAnswers()
    monkeypatch.setattr(sums, "monotonic", lambda: seconds[0])

    def look(name: str, *, lookers: int) -> None:
        def ask() -> dict[str, pl.DataFrame]:
            asked[name] += 1
            return {}

        own.of(Viewer(name, name, "agent"), ask, lookers=lookers)

    for at_seconds, count in (
        (100.0, 1),
        (101.4, 1),
        (101.5, 2),
    ):  # one alone: every second and a half at the most
        seconds[0] = at_seconds
        look("alone", lookers=1)
        assert asked["alone"] == count
    for tenth in range(100):  # ten seconds in which sixty look ten times a second
        seconds[0] = 200 + tenth / 10
        for number in range(60):
            look(f"agent {number}", lookers=60)
    # 60 who look share ten askings a second: each is asked again after 6 s, so twice within the ten.
    assert asked.total() - asked["alone"] == 60 * 2


def test_a_viewer_whose_session_is_over_is_answered_nothing_of_their_own_any_more(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(sums, "monotonic", lambda: seconds[0])
    stays, goes, *_ = viewers(floor, "agent")
    shared = moments._ask_sums("", stays)
    assert moments.of_snapshot(goes, shared).live("live_agents")["agent_name"].to_list() == ["Agent 02"]
    seconds[0] += 2
    gone = replace(goes, token="a token that is worth nothing")
    with pytest.raises(access.SessionError):
        moments.of_snapshot(gone, shared).live("live_agents")
    seconds[0] -= 2  # not even what was known a moment ago
    with pytest.raises(access.SessionError):
        moments.of_snapshot(gone, shared).live("live_agents")
    assert moments.of_snapshot(stays, shared).live("live_agents")["agent_name"].to_list() == ["Agent 01"]
