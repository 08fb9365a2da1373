"""Walls on a real warehouse: who is shown what, what the trail knows of it, a right that is taken back, and the past."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import live
from dashboard.access import Viewer
from dashboard.audit import audit_queries, looks
from dashboard.door import accounts, devices, sessions
from dashboard.door.visitor import SignedOutError, Visitors
from dashboard.ui import moments
from dashboard.wall import hub as hub_room
from dashboard.wall import payload, replay
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.hub import Hub, Ways
from dashboard.wall.screen import Screen
from etl import prove
from tests.db.test_rights import NAMES, NOON, floor, token_of

__all__ = ["floor"]  # four agents in two teams with ten calls each, and an account of each role

NOW = NOON + timedelta(seconds=30)
FLOOR, AGENTS = Wall(("floor",)), Wall(("agents",))
SHOWN = "/wall/show?boards=floor,agents"


@pytest.fixture(scope="module")
def site(floor: sa.Engine) -> sa.Engine:
    """The same with its quarters of an hour summed up, and a second administrator."""
    prove.prove(floor, is_repair=True)
    with floor.begin() as connection:
        number = accounts.add(connection, "bob", role_name="administrator")
        connection.execute(
            sa.text(
                "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, :id, :ends_at)"
            ),
            {
                "hash": sessions._hash(token_of("bob")),
                "id": number,
                "ends_at": datetime.now(UTC) + timedelta(days=1),
            },
        )
    return floor


@pytest.fixture
def put_up(site: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """The pages' way to that warehouse, at an instant that stands; nothing is kept from test to test."""
    monkeypatch.setenv("DATABASE_URL", site.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: site)
    monkeypatch.setattr(moments, "_good", live.LastGood())
    monkeypatch.setattr(looks, "_looks", looks.Looks())
    for name, seconds in {"BEAT": 0.05, "CHECK": 0.05, "LINGER": 0.1}.items():
        monkeypatch.setattr(hub_room, f"{name}_SECONDS", seconds)
    moments._calm_answer.clear()
    moments._past_answer.clear()
    yield site
    moments._calm_answer.clear()
    moments._past_answer.clear()


def visitors(site: sa.Engine) -> Visitors:
    return Visitors(lambda: site, lambda: datetime.now(UTC))


def person(site: sa.Engine, name: str) -> Viewer:
    return visitors(site).viewer(token_of(name))


def display(site: sa.Engine, name: str) -> Viewer:
    with site.begin() as connection:
        link = devices.add(connection, name, board_text=SHOWN, made_by_name="ada", now=datetime.now(UTC))
        opened = devices.open_once(connection, link, now=datetime.now(UTC))
    assert opened is not None
    return visitors(site).viewer(opened.token)


def hub_of(site: sa.Engine) -> Hub:
    """The hub as the server makes it, with pollers that ask often and stop with the last screen."""
    pollers: dict[str, live.Poller] = {}

    def poller(viewer: Viewer) -> live.Poller:
        fresh = live.Poller(lambda: moments.moment(viewer).snapshot, every_seconds=0.05, idle_seconds=0)
        return pollers.setdefault(viewer.scope_name, fresh)

    ways = Ways(
        poller=poller,
        viewers=visitors(site).holders,
        moment=moments.moment,
        screen=Screen,
        now_ms=lambda: round(NOW.timestamp() * 1000),
        asset=lambda: "a",
    )
    return Hub(ways)


Event = tuple[str, dict[str, Any]]


@asynccontextmanager
async def reading(lines: AsyncIterator[bytes]) -> AsyncIterator[Callable[[], Coroutine[Any, Any, Event]]]:
    """Hands out the next message that is no beat; the stream is closed at the end."""

    async def told() -> Event:
        async for line in lines:
            parts = dict(part.split(": ", 1) for part in line.decode().strip().split("\n"))
            if parts.get("event", "beat") != "beat":
                return parts["event"], json.loads(parts["data"])
        raise EOFError

    try:
        yield told
    finally:
        await lines.aclose()  # type: ignore[attr-defined]


def played(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 30))


async def first(hub: Hub, viewer: Viewer, wall: Wall) -> Event:
    async with reading(hub.stream(viewer, wall)) as told:
        return await told()


BOARDS = {"floor": FLOOR, "agents": AGENTS, "executives": Wall(("executives",)), "data": Wall(("data",))}
#              floor  agents  executives  data
SEEN = {
    "aino":   [False, True,   False,      False],
    "sam":    [True,  True,   False,      True],
    "mara":   [True,  True,   True,       True],
    "ada":    [True,  True,   True,       True],
    "eve":    [False, True,   True,       False],
    "wall":   [True,  True,   True,       True],
}  # fmt: skip


@pytest.mark.parametrize("login_name", SEEN)
def test_each_role_is_shown_the_boards_that_are_for_it_and_a_sentence_instead_of_the_others(
    put_up: sa.Engine, login_name: str
) -> None:
    async def work() -> None:
        hub = hub_of(put_up)
        who = person(put_up, login_name)
        found = {name: await first(hub, who, wall) for name, wall in BOARDS.items()}
        assert [name == "board" for name, _ in found.values()] == SEEN[login_name]
        for name, (kind, data) in found.items():
            if kind == "board":
                assert (data["board"]["name"], data["is_past"]) == (name, False)
            else:
                assert f"and you look as {who.role_name}" in data["sentence"]
        hub.stop()

    played(work())


def test_a_display_is_shown_no_name_of_an_agent_and_only_its_scope_shares_its_board(
    put_up: sa.Engine,
) -> None:
    async def work() -> None:
        hub = hub_of(put_up)
        east, west = display(put_up, "East"), display(put_up, "West")
        assert east.scope_name == west.scope_name != person(put_up, "ada").scope_name
        for wall in (FLOOR, AGENTS):
            texts = [json.dumps(await first(hub, who, wall), ensure_ascii=False) for who in (east, west)]
            assert texts[0] == texts[1]
            assert not any(name in texts[0] for name in NAMES)
        hub.stop()

    played(work())


def named(at: moments.Moment, *given: Any, **more: Any) -> dict[str, Any]:
    """A board that tells who took which contact, which the shipped ones do not."""
    window = {"window_start": NOON, "window_end": NOON + timedelta(minutes=1)}
    found = at.calm("call_rows", of_name="offered_calls", **window)
    return {**PAYLOAD(at, *given, **more), "people": sorted(set(found["agent_name"].drop_nulls()))}


PAYLOAD = payload.payload


def noted(site: sa.Engine) -> list[tuple[str, str, list[int]]]:
    """Who looked at contacts of whom, and where, by the trail."""
    now = datetime.now(UTC)
    with site.begin() as connection:
        found = audit_queries.audit_lines(connection, window_start=now - timedelta(hours=1), window_end=now)
    return sorted(
        (row["login_name"], row["place_text"], json.loads(row["told_text"]).get("agent_ids", []))
        for row in found.filter(pl.col("what_name") == "saw.contacts").iter_rows(named=True)
    )


def test_whoever_opens_a_wall_that_names_people_is_noted_also_where_the_board_was_made_for_another(
    put_up: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(payload, "payload", named)

    async def work() -> None:
        hub = hub_of(put_up)
        ada, bob = person(put_up, "ada"), person(put_up, "bob")
        assert ada.scope_name == bob.scope_name
        async with reading(hub.stream(ada, FLOOR)) as told:
            assert (await told())[1]["people"] == list(NAMES)
            assert noted(put_up) == [("ada", "/wall/show", [1, 2, 3, 4])]
            assert (await first(hub, bob, FLOOR))[1]["people"] == list(NAMES)
        hub.stop()

    played(work())
    assert noted(put_up) == [("ada", "/wall/show", [1, 2, 3, 4]), ("bob", "/wall/show", [1, 2, 3, 4])]


def test_a_session_that_ends_ends_its_stream_and_leaves_the_others(put_up: sa.Engine) -> None:
    async def work() -> None:
        hub = hub_of(put_up)
        gone, stays = display(put_up, "North"), display(put_up, "South")
        async with reading(hub.stream(gone, FLOOR)) as of_gone, reading(hub.stream(stays, FLOOR)) as of_stays:
            assert [(await told())[0] for told in (of_gone, of_stays)] == ["board", "board"]
            with put_up.begin() as connection:
                devices.revoke(connection, "North", now=datetime.now(UTC))
            assert await of_gone() == (
                "over",
                {"sentence": "This display was revoked, or its wall was changed.", "way": "/wall"},
            )
            with pytest.raises(EOFError):
                await of_gone()
            assert len(hub.streams) == 1
        hub.stop()

    played(work())


def test_many_sessions_are_looked_up_by_one_question(put_up: sa.Engine) -> None:
    asked: list[str] = []
    sa.event.listen(put_up, "before_cursor_execute", record := lambda *given: asked.append(given[2]))
    try:
        tokens = {token_of(name) for name in ("ada", "bob", "sam", "aino", "nobody")} | {None}
        found = visitors(put_up).holders(tokens)
    finally:
        sa.event.remove(put_up, "before_cursor_execute", record)
    names = {token: viewer and viewer.viewer_name for token, viewer in found.items()}
    assert names.pop(None) is None, "this site has accounts"
    expected = {token_of(name): name for name in ("ada", "bob", "sam", "aino")}
    assert names == {**expected, token_of("nobody"): None}
    assert sum("access.sessions" in text for text in asked) == 1
    known = visitors(put_up)
    assert known.viewer(token_of("tess")).viewer_name == "tess"
    with put_up.begin() as connection:
        sessions.end(connection, token_of("tess"), now=datetime.now(UTC))
    assert known.holders([token_of("tess")]) == {None: None, token_of("tess"): None}
    with pytest.raises(SignedOutError):  # at once, though it was remembered
        known.viewer(token_of("tess"))


# --- the past


def at_speed(instant: datetime, speed: float) -> Wall:
    return replace(FLOOR, at=instant, speed=speed)


class Passing:
    """The seconds that pass for a replay, moved by hand."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_replay_begins_where_it_was_asked_to_and_its_time_passes_as_fast_as_asked(
    put_up: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "STEP_SECONDS", 0.01)

    async def work() -> None:
        hub, passing = hub_of(put_up), Passing()
        stream = hub.enter(person(put_up, "ada"), at_speed(NOON + timedelta(seconds=5), 10))
        assert isinstance(stream, replay.Replay)
        stream.passed, stream.started_at = passing, 0.0
        async with reading(hub.lines(stream)) as told:
            name, data = await told()
            # at 5 s six calls were offered, one a second from 0 on, each answered after 10 s
            assert (name, data["is_past"], data["speed"], data["now_ms"]) == (
                "board",
                True,
                10,
                round((NOON.timestamp() + 5) * 1000),
            )
            assert tile(data, "waiting_calls")["value"] == "6"
            passing.seconds = 0.7  # 7 s of the floor: 12 offered at 12 s, those of 0, 1 and 2 answered
            name, data = await told()
            assert (data["now_ms"], tile(data, "waiting_calls")["value"]) == (
                round((NOON.timestamp() + 12) * 1000),
                "10",
            )
            passing.seconds = 2.5  # 5 + 25 = 30 s: now
            assert (await told())[0] == "trouble"
        assert hub.replays.open == set()
        hub.stop()

    played(work())


def tile(data: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in data["tiles"] if one["key"].endswith(kind))
    return found


@pytest.mark.parametrize(
    ("instant", "sentence"),
    [
        (NOW + timedelta(days=1), "is not over yet"),
        (NOON - timedelta(days=400), "the first contacts are of 16 Nov 2026"),
    ],
    ids=["still to come", "before everything"],
)
def test_what_never_was_is_answered_with_a_sentence(
    put_up: sa.Engine, instant: datetime, sentence: str
) -> None:
    async def work() -> None:
        hub = hub_of(put_up)
        name, data = await first(hub, person(put_up, "ada"), at_speed(instant, 1))
        assert (name, sentence in data["sentence"]) == ("trouble", True)
        with pytest.raises(WallError, match=sentence):
            await hub.once(person(put_up, "eve"), replace(at_speed(instant, 1), board_names=("agents",)))
        hub.stop()

    played(work())


def test_the_fifth_replay_is_told_that_there_are_four_and_has_its_place_when_one_is_closed(
    put_up: sa.Engine,
) -> None:
    async def work() -> None:
        hub = hub_of(put_up)
        who, wall = person(put_up, "ada"), at_speed(NOON, 0)
        four = [hub.enter(who, wall) for _ in range(4)]
        with pytest.raises(WallError, match="4 replays are open at this site already"):
            hub.enter(who, wall)
        for one in four:
            hub.leave(one)
        asked = [
            asyncio.ensure_future(hub.once(who, wall)) for _ in range(4)
        ]  # without a stream they count as well
        await asyncio.sleep(0)
        with pytest.raises(WallError, match="4 replays are open at this site already"):
            hub.enter(who, wall)
        await asyncio.gather(*asked)
        four = [hub.enter(who, wall) for _ in range(4)]
        hub.leave(four[0])
        hub.leave(hub.enter(who, wall))
        for one in four:
            hub.leave(one)
        hub.stop()

    played(work())


def test_a_replay_ends_with_its_session(put_up: sa.Engine) -> None:
    with put_up.begin() as connection:
        number = accounts.add(connection, "tom", role_name="administrator")
        token = sessions.begin(connection, account_id=number, now=datetime.now(UTC), lasts=timedelta(hours=1))

    async def work() -> None:
        hub = hub_of(put_up)
        async with reading(hub.stream(visitors(put_up).viewer(token), at_speed(NOON, 0))) as told:
            assert (await told())[0] == "board"
            with put_up.begin() as connection:
                sessions.end(connection, token, now=datetime.now(UTC))
            assert (await told())[0] == "over"
        hub.stop()

    played(work())
