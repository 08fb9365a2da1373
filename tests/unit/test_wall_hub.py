"""Streams of a wall without a warehouse: what each screen is told, when, and what it is never told."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from starlette.requests import Request

from dashboard import live, server
from dashboard.access import SessionError, Viewer
from dashboard.audit.looks import Told
from dashboard.ui.moments import Moment
from dashboard.wall import hub as hub_room
from dashboard.wall import streams as streams_room
from dashboard.wall import wall_routes
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.hub import Hub, TooManyError, Ways
from dashboard.wall.replay import Replay
from dashboard.wall.screen import Made, Screen
from dashboard.wall.streams import Stream
from sql.warehouse import WarehouseError

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
FLOOR, AGENTS = Wall(("floor",)), Wall(("agents",))
BEAT = 0.02


class Watch:
    """A poller whose answers the test gives, from a thread of its own."""

    def __init__(self) -> None:
        self.heard: list[Callable[[hub_room.Told], None]] = []
        self.found: hub_room.Told = snapshot("first")
        self.subscribed = self.asked = self.woken = 0

    def latest(self) -> live.Snapshot:
        self.asked += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    def subscribe(self, heard: Callable[[hub_room.Told], None]) -> Callable[[], None]:
        self.subscribed += 1
        self.heard.append(heard)
        return lambda: self.heard.remove(heard)

    def wake(self) -> None:
        self.woken += 1

    def tell(self, told: hub_room.Told) -> None:
        self.found = told
        thread = threading.Thread(target=lambda: [heard(told) for heard in list(self.heard)])
        thread.start()
        thread.join()


class FakeScreen(Screen):
    """A wall that shows one word: the one that the answers hold."""

    made: list[tuple[Wall, tuple[str, ...]]]
    times: list[float]
    looks: tuple[Told, ...] = ()
    ends_ms: int | None = None
    seconds = 0.0

    def make(self, viewers: Sequence[Viewer], snapshot: live.Snapshot) -> Made:
        assert threading.current_thread() is not threading.main_thread(), "made on the loop that sends"
        began_at = time.monotonic()
        time.sleep(self.seconds)
        self.times.append(began_at)
        self.made.append((self.wall, tuple(one.viewer_name for one in viewers)))
        word = snapshot.answers["word"].item()
        if word == "broken":
            raise ZeroDivisionError(word)
        if word == "refused":
            raise WallError("The board 'floor' is not for you.")
        return Made(json.dumps({"word": word}), {"word": f"{word} age"}, None, self.ends_ms, 1.0, self.looks)


class House:
    """What the hub asks of the rest of the house, played by the test."""

    def __init__(self, *, most_streams: int = 1000) -> None:
        self.watches: dict[str, Watch] = {}
        self.made: list[tuple[Wall, tuple[str, ...]]] = []
        self.times: list[float] = []
        self.holders: dict[str | None, Viewer | None] = {}
        self.lookups = 0
        self.is_silent = False
        self.asset = "a1"
        self.now_ms = 0
        self.screens: type[FakeScreen] = type(
            "Shown", (FakeScreen,), {"made": self.made, "times": self.times}
        )
        ways = Ways(
            poller=self.watch,
            viewers=self.viewers,
            moment=self.moment,
            screen=self.screens,
            now_ms=lambda: self.now_ms,
            asset=lambda: self.asset,
        )
        self.hub = Hub(ways, most_streams=most_streams)

    def watch(self, viewer: Viewer) -> Watch:
        return self.watches.setdefault(viewer.scope_name, Watch())

    def viewers(self, tokens: Collection[str | None]) -> Mapping[str | None, Viewer | None]:
        self.lookups += 1
        if self.is_silent:
            raise WarehouseError("The warehouse does not answer.")
        return {token: self.holders.get(token) for token in tokens}

    @staticmethod
    def moment(viewer: Viewer) -> Moment:
        return Moment(viewer, snapshot("now"), NOW)

    def person(self, name: str, scope: str = "all", **more: Any) -> Viewer:
        found = Viewer(name, scope, "manager", token=name, **more)
        self.holders[name] = found
        return found


def snapshot(word: str, failure: WarehouseError | None = None) -> live.Snapshot:
    return live.Snapshot(NOW, {"word": pl.DataFrame({"word": [word]})}, failure)


class Reader:
    """A screen that reads whatever it is told, at once."""

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self.told: list[tuple[str, Any]] = []
        self.heads: list[str] = []
        self.is_ended = False
        self._lines = lines
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for line in self._lines:
            parts = dict(part.split(": ", 1) for part in line.decode().strip().split("\n"))
            if "event" in parts:
                self.told.append((parts["event"], json.loads(parts["data"])))
            else:
                self.heads.append(line.decode())
        self.is_ended = True

    def names(self) -> list[str]:
        """What was told in between two beats, without them."""
        return [name for name, _ in self.told if name != "beat"]

    def words(self) -> list[str]:
        return [data["word"] for name, data in self.told if name == "board"]


def played(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 20))


async def until(is_so: Callable[[], bool], *, seconds: float = 5.0) -> None:
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at, "it did not come to that"
        await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def time_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"BEAT": BEAT, "CHECK": BEAT, "LOOK": BEAT, "LINGER": 2 * BEAT}.items():
        monkeypatch.setattr(hub_room, f"{name}_SECONDS", seconds)


def test_a_board_is_made_once_for_all_who_see_the_same_and_sent_to_each() -> None:
    async def work() -> None:
        house = House()
        readers = [Reader(house.hub.stream(house.person(f"p{n}"), FLOOR)) for n in range(20)]
        other = Reader(house.hub.stream(house.person("agent", "one agent"), FLOOR))
        await until(lambda: all(one.words() for one in [*readers, other]))
        house.made.clear()
        house.watches["all"].tell(snapshot("second"))
        await until(lambda: all(one.words()[-1] == "second" for one in readers))
        assert len(house.made) == 1
        assert other.words() == ["first"], "of another scope"
        assert {scope: watch.subscribed for scope, watch in house.watches.items()} == {
            "all": 1,
            "one agent": 1,
        }
        house.hub.stop()

    played(work)


def test_another_wall_of_the_same_scope_is_made_apart_of_the_same_answers() -> None:
    async def work() -> None:
        house = House()
        who = house.person("ada")
        floor, agents = (Reader(house.hub.stream(who, wall)) for wall in (FLOOR, AGENTS))
        await until(lambda: bool(floor.words() and agents.words()))
        assert {wall for wall, _ in house.made} == {FLOOR, AGENTS}
        assert house.watches["all"].subscribed == 1
        house.hub.stop()

    played(work)


def test_a_board_that_stays_the_same_is_not_sent_again_and_beats_tell_its_age() -> None:
    async def work() -> None:
        house = House()
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(reader.words()))
        for _ in range(5):
            house.watches["all"].tell(snapshot("first"))
        house.now_ms = 1234
        await until(lambda: ("beat", {"now_ms": 1234, "age": {"word": "first age"}}) in reader.told)
        assert reader.names() == ["board"]
        house.hub.stop()

    played(work)


def test_whoever_reads_slowly_is_told_the_latest_only_and_keeps_nobody_waiting() -> None:
    async def work() -> None:
        house = House()
        slow = house.hub.enter(house.person("slow"), FLOOR)
        assert isinstance(slow, Stream)
        lines = house.hub.lines(slow)
        await anext(lines)  # it takes the first line, and then nothing
        quick = Reader(house.hub.stream(house.person("quick"), FLOOR))
        for number in range(30):
            house.watches["all"].tell(snapshot(f"{number}")) if number else await until(
                lambda: bool(quick.words())
            )
            await until(lambda n=number: not n or quick.words()[-1] == f"{n}")  # type: ignore[misc]
        assert slow.is_waiting
        told = [line for line in slow.take() if b"event: board" in line]
        assert len(told) == 1
        assert b'"word": "29"' in told[0]
        assert slow.take() == [], "there is never more than the latest"
        await lines.aclose()  # type: ignore[attr-defined]
        house.hub.stop()

    played(work)


def test_nobody_is_asked_anything_while_nobody_looks() -> None:
    async def work() -> None:
        house = House()
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(reader.words()) and house.lookups > 1)
        reader.task.cancel()
        await until(lambda: house.hub.is_idle)
        watch = house.watches["all"]
        assert (watch.heard, house.hub.streams) == ([], [])
        before = (watch.asked, house.lookups, len(house.made))
        await asyncio.sleep(5 * BEAT)
        assert (watch.asked, house.lookups, len(house.made)) == before

    played(work)


def test_whoever_comes_back_soon_is_shown_the_present_and_never_what_stood_there_before() -> None:
    async def work() -> None:
        house = House()
        who = house.person("ada")
        first = Reader(house.hub.stream(who, FLOOR))
        await until(lambda: first.words() == ["first"])
        first.task.cancel()
        await until(lambda: not house.hub.streams)
        house.watches["all"].found = snapshot("later")
        again = Reader(house.hub.stream(who, FLOOR))
        await until(lambda: bool(again.words()))
        assert again.words() == ["later"]
        house.hub.stop()

    played(work)


def test_one_sign_in_opens_so_many_screens_and_walls_and_shuts_nobody_out() -> None:
    async def work() -> None:
        house = House()
        greedy, other = house.person("greedy"), house.person("other")
        for number in range(hub_room.MOST_WALLS_OF_ONE):
            house.hub.enter(greedy, Wall(("floor",), queue_text=f"q{number}"))
        with pytest.raises(TooManyError, match="12 screens with 12 different walls"):
            house.hub.enter(greedy, Wall(("floor",), queue_text="one more"))
        same = Wall(("floor",), queue_text="q1")
        for _ in range(hub_room.MOST_SCREENS_OF_ONE - hub_room.MOST_WALLS_OF_ONE):
            house.hub.enter(greedy, same)
        with pytest.raises(TooManyError, match="40 screens"):
            house.hub.enter(greedy, same)
        house.hub.enter(other, Wall(("floor",), queue_text="one more"))
        house.hub.stop()

    played(work)


def test_the_one_screen_too_many_is_told_so_and_has_its_place_when_another_leaves() -> None:
    async def work() -> None:
        house = House(most_streams=2)
        readers = [Reader(house.hub.stream(house.person(f"p{n}"), FLOOR)) for n in range(2)]
        await until(lambda: len(house.hub.streams) == 2)
        with pytest.raises(TooManyError, match="2 screens look at this site already"):
            house.hub.enter(house.person("third"), FLOOR)
        readers[0].task.cancel()
        await until(lambda: len(house.hub.streams) == 1)
        house.hub.leave(house.hub.enter(house.person("third"), FLOOR))
        house.hub.stop()

    played(work)


@pytest.mark.parametrize(
    ("board_text", "after", "way"),
    [
        (None, None, "/wall/show?boards=floor"),
        (None, Viewer("ada", "other teams", "manager", token="ada"), "/wall/show?boards=floor"),
        ("/wall/show?boards=floor", None, "/wall"),
    ],
    ids=["signed out", "other rights", "display revoked"],
)
def test_whose_right_is_gone_is_told_so_and_nothing_after_it(
    board_text: str | None, after: Viewer | None, way: str
) -> None:
    async def work() -> None:
        house = House()
        reader = Reader(house.hub.stream(house.person("ada", board_text=board_text), FLOOR))
        other = Reader(house.hub.stream(house.person("eve"), FLOOR))
        await until(lambda: bool(reader.words() and other.words()))
        house.holders["ada"] = after
        await until(lambda: reader.is_ended)
        told = reader.told[-1]
        assert (told[0], told[1]["way"]) == ("over", way)
        house.watches["all"].tell(snapshot("after"))
        await until(lambda: other.words()[-1] == "after")
        assert reader.told[-1] == told
        house.hub.stop()

    played(work)


def test_while_nobody_can_say_who_may_look_nothing_new_is_shown_and_nobody_is_sent_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(streams_room, "PROVED_SECONDS", 3 * BEAT)
    monkeypatch.setattr(hub_room, "PROVED_SECONDS", 3 * BEAT)

    async def work() -> None:
        house = House()
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(reader.words()))
        house.is_silent = True
        await asyncio.sleep(5 * BEAT)
        house.watches["all"].tell(snapshot("unseen"))
        await until(lambda: len(house.made) > 1)
        await asyncio.sleep(3 * BEAT)
        assert (reader.words(), reader.told[-1][0]) == (["first"], "beat")
        house.is_silent = False
        await until(lambda: reader.words() == ["first", "unseen"])
        house.hub.stop()

    played(work)


def test_a_failure_is_told_beside_the_last_good_board_and_a_board_says_that_it_is_over() -> None:
    async def work() -> None:
        house = House()
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(reader.words()))
        watch = house.watches["all"]
        for _ in range(3):
            watch.tell(snapshot("first", WarehouseError("The warehouse does not answer.")))
        await until(lambda: "trouble" in reader.names())
        late = Reader(house.hub.stream(house.person("eve"), FLOOR))
        await until(lambda: set(late.names()) == {"board", "trouble"})
        watch.tell(snapshot("first"))
        await until(lambda: reader.names() == ["board", "trouble", "board"])
        await until(lambda: late.names()[-1] == "board")
        sentences = [data for name, data in reader.told if name == "trouble"]
        assert sentences == [{"sentence": "The warehouse does not answer."}]
        house.hub.stop()

    played(work)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("broken", "The fault is in the program"), ("refused", "The board 'floor' is not for you.")],
)
def test_a_board_that_cannot_be_made_is_one_sentence_and_the_stream_goes_on(word: str, sentence: str) -> None:
    async def work() -> None:
        house = House()
        house.watch(house.person("ada")).found = snapshot(word)
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: reader.names() == ["trouble"])
        (told,) = (data for name, data in reader.told if name == "trouble")
        assert sentence in told["sentence"]
        assert "ZeroDivisionError" not in str(reader.told)
        house.watches["all"].tell(snapshot("good"))
        await until(lambda: reader.names() == ["trouble", "board"])
        house.hub.stop()

    played(work)


def test_a_warehouse_that_is_silent_from_the_start_is_told_and_its_first_answer_shown() -> None:
    async def work() -> None:
        house = House()
        house.watch(house.person("ada")).found = WarehouseError("No connection.")
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: reader.names() == ["trouble"])
        house.watches["all"].tell(snapshot("good"))
        await until(lambda: reader.words() == ["good"])
        house.hub.stop()

    played(work)


def test_the_next_board_of_a_playlist_comes_when_its_turn_does_though_nothing_happened() -> None:
    async def work() -> None:
        house = House()
        house.screens.ends_ms = 80  # in 0.08 s of a clock that shows 0
        reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(reader.words()))
        made, began_at = len(house.made), time.monotonic()
        await until(lambda: len(house.made) > made)
        assert 0.05 < time.monotonic() - began_at < 2
        house.hub.stop()

    played(work)


def test_what_tells_of_people_waits_until_the_trail_knows_who_looks() -> None:
    async def work() -> None:
        house = House()
        people = pl.DataFrame({"agent_id": [7]})
        house.screens.looks = (Told("live_long", {}, people, "/wall/show", is_answering=True),)
        first = Reader(house.hub.stream(house.person("ada"), FLOOR))
        await until(lambda: bool(first.words()))
        house.screens.seconds = 0.5
        second = Reader(house.hub.stream(house.person("eve"), FLOOR))
        await until(lambda: bool(second.told))
        assert second.words() == [], "a board was there, made before the trail knew of this reader"
        await until(lambda: bool(second.words()))
        assert set(house.made[-1][1]) == {"ada", "eve"}
        house.hub.stop()

    played(work)


def test_where_the_one_as_whom_it_was_asked_is_gone_the_others_are_asked_for_again() -> None:
    async def work() -> None:
        house = House()
        gone, stays = (Reader(house.hub.stream(house.person(name), FLOOR)) for name in ("gone", "stays"))
        await until(lambda: bool(gone.words() and stays.words()))
        house.holders["gone"] = None
        house.watches["all"].tell(SessionError("This session is over."))
        await until(lambda: gone.is_ended and house.watches["all"].woken > 0)
        house.watches["all"].tell(snapshot("goes on"))
        await until(lambda: stays.words()[-1] == "goes on")
        assert "trouble" not in stays.names()
        house.hub.stop()

    played(work)


def test_stopped_it_ends_every_stream_at_once_and_lets_nobody_in() -> None:
    async def work() -> None:
        house = House()
        readers = [Reader(house.hub.stream(house.person(f"p{n}"), FLOOR)) for n in range(50)]
        await until(lambda: all(one.words() for one in readers))
        began_at = time.monotonic()
        house.hub.stop()
        await until(lambda: all(one.is_ended for one in readers))
        assert time.monotonic() - began_at < 1
        assert house.watches["all"].heard == []
        with pytest.raises(TooManyError, match="is being stopped"):
            house.hub.enter(house.person("late"), FLOOR)

    played(work)


def test_a_browser_with_other_files_is_told_to_fetch_them_anew() -> None:
    async def work() -> None:
        house = House()
        who = house.person("ada")
        same, old = (
            Reader(house.hub.lines(house.hub.enter(who, FLOOR), asset_text=text)) for text in ("a1", "a0")
        )
        await until(lambda: bool(same.words() and old.words()))
        assert old.told[0] == ("reload", {"asset": "a1"})
        assert "reload" not in same.names()
        house.hub.stop()

    played(work)


def test_every_browser_comes_back_by_itself_and_not_all_in_the_same_instant() -> None:
    async def work() -> None:
        house = House()
        readers = [Reader(house.hub.stream(house.person(f"p{n}"), FLOOR)) for n in range(30)]
        await until(lambda: all(one.heads for one in readers))
        waits = {int(one.heads[0].removeprefix("retry: ")) for one in readers}
        assert min(waits) >= 1000
        assert max(waits) <= 2000
        assert len(waits) > 15
        house.hub.stop()

    played(work)


def test_asked_for_once_it_is_the_same_board_and_leaves_no_stream_behind() -> None:
    async def work() -> None:
        house = House()
        who = house.person("ada")
        reader = Reader(house.hub.stream(who, FLOOR))
        await until(lambda: bool(reader.words()))
        found = json.loads(await house.hub.once(who, FLOOR))
        assert (found["word"], found["age"]) == ("first", {"word": "first age"})
        assert len(house.hub.streams) == 1
        house.watches["all"].tell(snapshot("refused"))
        with pytest.raises(WallError, match="not for you"):
            await house.hub.once(who, AGENTS)
        house.hub.stop()

    played(work)


def test_however_many_walls_differ_making_them_leaves_time_to_the_rest_of_the_house() -> None:
    async def work() -> None:
        house = House()
        house.screens.seconds = 0.01
        names = [f"p{n}" for n in range(30)]
        readers = [Reader(house.hub.stream(house.person(name, name), FLOOR)) for name in names]
        await until(lambda: all(one.words() for one in readers))
        ends_at = time.monotonic() + 1
        while time.monotonic() < ends_at:
            for watch in house.watches.values():
                for heard in watch.heard:
                    heard(snapshot(f"{time.monotonic()}"))
            await asyncio.sleep(0.01)
        began: dict[tuple[str, ...], list[float]] = {}
        for (_, viewers), at in zip(house.made, house.times, strict=True):
            began.setdefault(viewers, []).append(at)
        gaps = [later - earlier for times in began.values() for earlier, later in pairwise(times)]
        # The 29 others take 0.01 s each. With two at work and no rest each would be made again after 0.15 s.
        assert min(gaps) >= 29 * 0.01
        house.hub.stop()

    played(work)


def test_a_signal_ends_the_streams_before_the_server_waits_for_them() -> None:
    heard: list[str] = []
    before = {number: signal.signal(number, lambda *_: heard.append("server")) for number in SIGNALS}
    try:

        async def work() -> None:
            house = House()
            reader = Reader(house.hub.stream(house.person("ada"), FLOOR))
            await until(lambda: bool(reader.words()))
            async with server._short_farewell(None, stop=house.hub.stop):  # type: ignore[arg-type]
                os.kill(os.getpid(), signal.SIGTERM)
                await until(lambda: reader.is_ended)
            assert heard == ["server"]
            os.kill(os.getpid(), signal.SIGTERM)  # afterwards it is as it was before
            await until(lambda: heard == ["server", "server"])

        played(work)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


SIGNALS = (signal.SIGTERM, signal.SIGINT)


@pytest.mark.parametrize(
    ("text", "most"), [("", 1000), ("40", 40), ("many", None), ("0", None), ("-1", None)]
)
def test_how_many_screens_are_served_is_a_number_from_one_on(text: str, most: int | None) -> None:
    if most is None:
        with pytest.raises(server.ServerError, match=f"FLOORBOARD_WALL_STREAMS is '{text}'"):
            server.wall_hub({"FLOORBOARD_WALL_STREAMS": text})
    else:
        assert server.wall_hub({"FLOORBOARD_WALL_STREAMS": text})._most_streams == most


def test_a_replay_whose_line_broke_goes_on_where_it_had_come_to() -> None:
    async def work() -> None:
        house = House()
        past = Wall(("floor",), at=NOW, speed=0)
        for told, expected in (
            (None, NOW),
            (NOW + timedelta(minutes=9), NOW + timedelta(minutes=9)),
            (NOW - timedelta(minutes=9), NOW),  # what a browser told of another replay
        ):
            found = house.hub.enter(house.person("ada"), past, began_at=told)
            assert isinstance(found, Replay)
            assert found.instant == expected
            house.hub.leave(found)
        house.hub.stop()

    played(work)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1772445600000", NOW),
        ("", None),
        ("7", datetime(1970, 1, 1, 0, 0, 0, 7000, UTC)),
        ("x", None),
        ("9" * 18, None),
    ],
)
def test_what_a_browser_says_it_heard_last_is_an_instant_or_nothing(
    text: str, instant: datetime | None
) -> None:
    request = Request({"type": "http", "headers": [(b"last-event-id", text.encode())]})
    assert wall_routes._last_instant(request) == instant
