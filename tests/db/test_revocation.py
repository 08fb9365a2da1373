"""A right that was taken back is gone from every open tab within a minute, and from everything that was kept for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st

from dashboard import access, live, sums
from dashboard.access import Viewer
from dashboard.door import accounts, sessions
from dashboard.door.sign_in_rules import SignInRules
from dashboard.door.visitor import MOST_SECONDS, REMEMBERED_SECONDS, SignedOutError, Visitors
from dashboard.ui import moments
from sql import rights, warehouse
from sql.warehouse import WarehouseError

GOOD = "quiet harbour at seven"
LASTS = timedelta(hours=12)
_numbers = count(1)


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """Two teams: Aino and Mari are in Early, Kadi is in Late."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Early'), ('Late')"))
        connection.execute(
            sa.text("insert into warehouse.agents (agent_name) values ('Aino'), ('Mari'), ('Kadi')")
        )
        for agent, team in (("Aino", "Early"), ("Mari", "Early"), ("Kadi", "Late")):
            connection.execute(sa.text(JOIN), {"agent": agent, "team": team})
    return shared_engine


JOIN = """
insert into warehouse.team_members (agent_id, team_id, started_date)
select g.agent_id, t.team_id, date '2020-01-01' from warehouse.agents as g, warehouse.teams as t
where g.agent_name = :agent and t.team_name = :team
"""
LEAVE = """
update warehouse.team_members set ended_date = current_date
where agent_id = (select agent_id from warehouse.agents where agent_name = :agent)
"""


class Clocks:
    """The instant outside and the seconds that pass, moved by hand."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC)  # the database compares with its own
        self.seconds = 0.0

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def passed(self) -> float:
        return self.seconds


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def visitors(site: sa.Engine, clocks: Clocks, rules: SignInRules | None = None) -> Visitors:
    return Visitors(lambda: site, clocks.now, clocks.passed, rules=lambda: rules or SignInRules())


def account(
    site: sa.Engine,
    role_name: str = "supervisor",
    *,
    teams: tuple[str, ...] = ("Early",),
    lasts: timedelta = LASTS,
) -> tuple[str, str]:
    """A new account that is signed in: its name and its token."""
    name = f"somebody {next(_numbers)}"
    with site.begin() as connection:
        number = accounts.add(
            connection,
            name,
            role_name=role_name,
            team_names=teams if role_name == "supervisor" else (),
        )
        token = sessions.begin(connection, account_id=number, now=datetime.now(UTC), lasts=lasts)
    return name, token


WAYS: dict[str, Callable[[sa.Connection, str, str], object]] = {
    "signed out": lambda found, _name, token: sessions.end(found, token, now=datetime.now(UTC)),
    "signed out by an administrator": lambda found, name, _token: accounts.end_sessions(
        found, name, now=datetime.now(UTC)
    ),
    "closed": lambda found, name, _token: accounts.close(found, name, now=datetime.now(UTC)),
    "another password": lambda found, name, _token: accounts.give_password(
        found, name, f"{GOOD} again", now=datetime.now(UTC)
    ),
    "another role": lambda found, name, _token: accounts.change(
        found, name, role_name="executive", now=datetime.now(UTC)
    ),
    "another team": lambda found, name, _token: accounts.change(
        found, name, role_name="supervisor", team_names=["Late"], now=datetime.now(UTC)
    ),
    "another way to sign in": lambda found, name, _token: accounts.unlink(found, name, now=datetime.now(UTC)),
    "account taken out": lambda found, name, _token: found.execute(
        sa.text("delete from access.accounts where login_name = :name"), {"name": name}
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_right_that_is_taken_back_is_gone_from_an_open_tab_within_ten_seconds(
    site: sa.Engine, clocks: Clocks, way: str
) -> None:
    account(site)  # somebody else is left, so that the site goes on asking
    name, token = account(site)
    found = visitors(site, clocks)
    assert found.viewer(token).viewer_name == name
    with site.begin() as connection:
        WAYS[way](connection, name, token)
    with pytest.raises(access.SessionError), access.transaction(site, found.viewer(token)):
        pass  # the database refuses at once, whatever the pages remember
    clocks.seconds = REMEMBERED_SECONDS + 0.1
    with pytest.raises(SignedOutError):
        found.viewer(token)
    with pytest.raises(SignedOutError):
        visitors(site, clocks).viewer(token)  # a cookie that was kept, at another process


def test_a_session_ends_at_its_end(site: sa.Engine, clocks: Clocks) -> None:
    _, token = account(site, lasts=timedelta(minutes=5))
    found = visitors(site, clocks)
    clocks.seconds = 299
    assert found.viewer(token).role_name == "supervisor"
    clocks.seconds = 310
    with pytest.raises(SignedOutError):
        found.viewer(token)


def test_a_session_without_use_ends_sooner_and_one_that_is_used_goes_on_to_its_longest_time(
    site: sa.Engine, clocks: Clocks
) -> None:
    rules = SignInRules(lasts=timedelta(minutes=60), idle=timedelta(minutes=20))
    _, token = account(site, lasts=timedelta(minutes=20))  # as the door begins it: the shorter of the two
    found = visitors(site, clocks, rules)
    for minutes in (
        15,
        30,
        45,
    ):  # used every 15 minutes: 15 + 20 = 35, 30 + 20 = 50, 45 + 20 = 65 but at most 60
        clocks.seconds = minutes * 60
        assert found.viewer(token)
        found.note_use(token)
        found.note_use(token)
    clocks.seconds = 59 * 60
    assert found.viewer(token)
    clocks.seconds = 60 * 60 + 5
    with pytest.raises(SignedOutError):
        found.viewer(token)
    _, unused = account(site, lasts=timedelta(minutes=20))
    clocks.seconds = 20 * 60 + 15
    with pytest.raises(SignedOutError):
        found.viewer(unused)


def test_whoever_only_watches_does_not_use_their_session(site: sa.Engine, clocks: Clocks) -> None:
    rules = SignInRules(lasts=timedelta(minutes=60), idle=timedelta(minutes=20))
    _, token = account(site, lasts=timedelta(minutes=20))
    found = visitors(site, clocks, rules)
    for seconds in range(0, 20 * 60, 60):  # a board that draws itself anew
        clocks.seconds = seconds
        assert found.viewer(token)
    clocks.seconds = 20 * 60 + 15
    with pytest.raises(SignedOutError):
        found.viewer(token)


def test_a_wall_display_does_not_lose_its_long_session_by_the_rules_for_people(
    site: sa.Engine, clocks: Clocks
) -> None:
    rules = SignInRules(lasts=timedelta(minutes=60), idle=timedelta(minutes=20))
    _, token = account(site, "executive", lasts=timedelta(days=400))
    found = visitors(site, clocks, rules)
    found.note_use(token)
    clocks.seconds = 100 * 86_400
    assert found.viewer(token)


def test_an_agent_who_leaves_a_team_takes_what_was_kept_for_its_supervisor_along(
    site: sa.Engine, clocks: Clocks
) -> None:
    _, token = account(site)
    found = visitors(site, clocks)
    before = found.viewer(token).scope_name
    with site.begin() as connection:
        connection.execute(sa.text(LEAVE), {"agent": "Mari"})
    try:
        clocks.seconds = REMEMBERED_SECONDS + 0.1
        after = found.viewer(token).scope_name
        assert after != before  # what was cached under the old scope is asked for by nobody
        clocks.seconds *= 2
        assert found.viewer(token).scope_name == after
    finally:
        with site.begin() as connection:
            connection.execute(sa.text("update warehouse.team_members set ended_date = null"))


def test_while_the_warehouse_is_silent_a_known_face_is_known_for_a_minute_and_no_longer(
    site: sa.Engine, clocks: Clocks
) -> None:
    _, token = account(site)
    is_silent = [False]

    def engine() -> sa.Engine:
        if is_silent[0]:
            raise WarehouseError("The warehouse does not answer.")
        return site

    found = Visitors(engine, clocks.now, clocks.passed, rules=SignInRules)
    assert found.viewer(token)
    is_silent[0] = True
    clocks.seconds = MOST_SECONDS - 1
    assert found.viewer(token)
    clocks.seconds = MOST_SECONDS + 1
    with pytest.raises(WarehouseError, match="does not answer"):
        found.viewer(token)
    with pytest.raises(WarehouseError, match="does not answer"):
        found.viewer("a token that nobody knows")


def test_a_silent_warehouse_is_waited_for_once_and_not_by_every_look_at_a_known_face(
    site: sa.Engine, engine: sa.Engine, clocks: Clocks
) -> None:
    """A page looks twice, and then asks its questions: it would take three times as long as the warehouse is given."""
    _, token = account(site)
    good, waits, silence = live.LastGood(), [], WarehouseError("The warehouse does not answer.")
    silence.fault = warehouse.RETRY

    def silent(where: sa.Engine) -> sa.Engine:
        if clocks.seconds:
            waits.append(clocks.seconds)
            raise silence
        return where

    more: dict[str, Any] = {"is_quiet": lambda: good.is_quiet, "heard_nothing": good.heard_nothing}
    signed_in = Visitors(lambda: silent(site), clocks.now, clocks.passed, rules=SignInRules, **more)
    nobody_asked = Visitors(lambda: silent(engine), clocks.now, clocks.passed, rules=SignInRules, **more)
    known = signed_in.viewer(token), nobody_asked.viewer(None)
    clocks.seconds = REMEMBERED_SECONDS + 1
    for _ in range(2):
        assert (signed_in.viewer(token), nobody_asked.viewer(None)) == known
    with pytest.raises(WarehouseError, match="does not answer"):
        good.of("a question", lambda: pytest.fail("the page waits once more"))
    assert len(waits) == 1
    with pytest.raises(WarehouseError, match="does not answer"):
        signed_in.viewer("a token that nobody knows")
    assert len(waits) == 2  # whom nobody knows is looked up, whoever waits


def test_where_everybody_is_asked_nobody_is_let_in_before_the_first_account(
    engine: sa.Engine, clocks: Clocks
) -> None:
    assert visitors(engine, clocks).viewer(None) == access.LOCAL_VIEWER
    with pytest.raises(SignedOutError):
        visitors(engine, clocks, SignInRules(is_asked=True)).viewer(None)


# --- what is kept and asked in the background


@pytest.fixture
def floor(site: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The pages' own ways of asking, on this site, with nothing kept from before."""
    monkeypatch.setenv("DATABASE_URL", site.url.render_as_string(hide_password=False))
    monkeypatch.delenv("FLOORBOARD_NOW", raising=False)
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.02)
    monkeypatch.setattr(live.Poller.__init__, "__kwdefaults__", {"every_seconds": 0.02, "idle_seconds": 30.0})
    monkeypatch.setattr(moments, "engine", lambda _url: site)
    monkeypatch.setattr(moments, "_good", live.LastGood())
    moments._lookers.clear()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()
    yield site
    moments._lookers.clear()
    for cache in (st.cache_data, st.cache_resource):
        cache.clear()


def end(site: sa.Engine, viewer: Viewer) -> None:
    with site.begin() as connection:
        assert sessions.end(connection, viewer.token or "", now=datetime.now(UTC))


def two_of_one_scope(site: sa.Engine, clocks: Clocks) -> tuple[Viewer, Viewer]:
    found = visitors(site, clocks)
    first, second = (found.viewer(account(site, "manager")[1]) for _ in range(2))
    assert first.scope_name == second.scope_name
    return first, second


def until(condition: Callable[[], bool]) -> bool:
    waited = threading.Event()
    for _ in range(500):
        if condition():
            return True
        waited.wait(0.01)
    return condition()


def test_a_session_that_was_revoked_does_not_break_the_floor_for_others_of_its_scope(
    floor: sa.Engine, clocks: Clocks
) -> None:
    stays, goes = two_of_one_scope(floor, clocks)
    assert moments.moment(stays).snapshot.failure is None
    assert moments.moment(goes).snapshot.failure is None  # whoever looked last asks for both
    end(floor, goes)
    moments._looks(goes)  # a tab that has not noticed yet: still the last one that looked
    assert until(lambda: list(moments._lookers[stays.scope_name]) == [stays.token])
    began = moments.moment(stays).snapshot.taken_at
    assert until(lambda: moments.moment(stays).snapshot.taken_at > began)
    assert all(moments.moment(stays).snapshot.failure is None for _ in range(20))


def test_nobody_asks_any_more_once_the_last_one_of_a_scope_has_signed_out(
    floor: sa.Engine, clocks: Clocks
) -> None:
    (only,) = (visitors(floor, clocks).viewer(account(floor)[1]),)
    asked: list[str] = []
    sa.event.listen(floor, "begin", lambda _connection: asked.append("asked"))
    assert moments.moment(only).snapshot.failure is None
    assert until(lambda: len(asked) > 3)
    end(floor, only)
    poller = moments._poller(floor.url.render_as_string(hide_password=False), sums.scope_name(only))
    assert until(lambda: not poller._is_running)
    count_before = len(asked)
    threading.Event().wait(0.3)
    assert len(asked) == count_before
    with pytest.raises(access.SessionError):  # and what was known is told to nobody
        moments.moment(only)


def test_what_was_answered_before_is_not_told_to_whoever_was_signed_out(
    floor: sa.Engine, clocks: Clocks
) -> None:
    stays, goes = two_of_one_scope(floor, clocks)
    at, other = moments.moment(stays), moments.moment(goes)
    assert other.fresh("queues").columns == at.fresh("queues").columns
    end(floor, goes)
    with pytest.raises(access.SessionError):
        other.fresh("queues")  # though the same answer is known and kept for its scope
    assert at.fresh("queues").columns


def test_the_pages_ask_as_somebody_who_looked_within_a_minute(
    floor: sa.Engine, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_of_one_scope(floor, clocks)
    seconds = [0.0]
    monkeypatch.setattr(moments.time, "monotonic", lambda: seconds[0])
    moments._looks(first)
    seconds[0] = 40
    moments._looks(second)
    assert moments._looking(first.scope_name) == [second, first]
    seconds[0] = 61
    assert moments._looking(first.scope_name) == [second]
    seconds[0] = 101
    assert moments._looking(first.scope_name) == []
    assert moments._lookers == {}
