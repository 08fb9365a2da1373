"""Tells every screen its wall: each board is made once for all who may see the same, and sent when something on it moved.

In: who looks at which wall, and every answer of the warehouse about this second. Out: lines of a stream for each screen:
the whole board, beats in between, and one sentence where something fails.
The rule it guards: nothing is made on the loop that sends; a screen that reads slowly keeps nobody waiting and is told the
latest only; whoever lost the right to look is told nothing after it; nobody asks the warehouse while nobody looks.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import anyio.to_thread
from anyio import CapacityLimiter

from dashboard import live
from dashboard.access import SessionError, Viewer
from dashboard.ui.moments import Moment
from dashboard.wall import address
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.replay import Replay, Replays
from dashboard.wall.screen import Made, Screen
from dashboard.wall.streams import PROVED_SECONDS, Floor, Group, Stream, event, line, over, sentence_of
from dashboard.words import t
from sql.warehouse import WarehouseError

BEAT_SECONDS = 2.0
CHECK_SECONDS = 4.0
LOOK_SECONDS = 20.0
ONCE_SECONDS = 8.0
LINGER_SECONDS = 30.0
"""For so long what is known of a wall is kept after its last screen has gone: a screen that comes back goes on."""
MOST_STREAMS = 1000
MOST_SCREENS_OF_ONE, MOST_WALLS_OF_ONE = 40, 12  # with one sign-in, so that nobody shuts the others out
MOST_WALLS_OF_OPEN_SITE = 60  # where nobody signs in, all are one
RETRY_MILLISECONDS = (1000, 2000)
MAKERS = 2
LONGEST_REST_SECONDS = 4.0

Told = live.Snapshot | Exception
Viewers = Callable[[Collection[str | None]], Mapping[str | None, Viewer | None]]


class TooManyError(WallError):
    """As many screens look as this process serves; the message says what to do."""


class Poller(Protocol):
    """The watch over the floor of one scope, of which the hub hears."""

    def latest(self) -> live.Snapshot:
        """The newest answers; waits for the first."""

    def subscribe(self, heard: Callable[[Told], None]) -> Callable[[], None]:
        """Tells every answer from now on, in a thread of its own; gives back what ends it."""

    def wake(self) -> None:
        """Asks now; also where it had stopped, because nobody was left as whom it could ask."""


@dataclass(frozen=True)
class Ways:
    """What the hub asks of the rest of the house; each may take a while, and none is called on the loop."""

    poller: Callable[[Viewer], Poller]
    viewers: Viewers
    """Who holds these tokens now, looked up past everything that is remembered; None for a token that is worth nothing."""
    moment: Callable[[Viewer], Moment]
    screen: Callable[[Wall], Screen]
    now_ms: Callable[[], int]
    asset: Callable[[], str]


class Hub:
    """All screens of this process. Its methods are called on the loop; what takes time goes to threads."""

    def __init__(self, ways: Ways, *, most_streams: int = MOST_STREAMS) -> None:
        self._ways = ways
        self._most_streams = most_streams
        self._floors: dict[str, Floor] = {}
        self.replays = Replays(ways.moment)
        self._alone: set[asyncio.Task[Any]] = set()
        self._makers = CapacityLimiter(MAKERS)
        self._askers = CapacityLimiter(MAKERS)
        self._timer: asyncio.Task[None] | None = None
        self._is_stopped = self._is_checking = False
        self._looked_at = self._checked_at = -LINGER_SECONDS

    @property
    def streams(self) -> list[Stream]:
        """Every screen that looks at the present."""
        return [stream for floor in self._floors.values() for stream in floor.streams]

    @property
    def is_idle(self) -> bool:
        """Whether nothing goes on here at all."""
        return self._timer is None and not any(floor.leave for floor in self._floors.values())

    def enter(self, viewer: Viewer, wall: Wall, *, began_at: datetime | None = None) -> Stream | Replay:
        """A place for one more screen; raises TooManyError where there is none, WallError where its past cannot be shown.

        began_at: where a replay had come to before its line broke.
        """
        if self._is_stopped:
            raise TooManyError(t("Floorboard is being stopped. This screen asks again by itself."))
        if len(self.streams) + len(self.replays.open) >= self._most_streams:
            raise TooManyError(
                t(
                    "{count} screens look at this site already, as many as it serves. Close one, or raise "
                    "FLOORBOARD_WALL_STREAMS. This screen asks again by itself.",
                    count=self._most_streams,
                )
            )
        self._refuse_crowd(viewer, wall)
        self._tick()
        if wall.at is not None:
            return self.replays.enter(viewer, wall, began_at=began_at)
        floor = self._floors.setdefault(viewer.scope_name, Floor(viewer.scope_name))
        name = address.written(wall)
        group = floor.groups.get(name) or Group(floor, wall, self._ways.screen(wall))
        floor.groups[name] = group
        stream = Stream(viewer, group)
        group.streams.add(stream)
        self._begin(floor, viewer)
        if floor.found is not None:
            self._make(group)
        return stream

    def _refuse_crowd(self, viewer: Viewer, wall: Wall) -> None:
        """TooManyError for one more screen, or one more different wall, than one sign-in may have open."""
        own = [stream for stream in self.streams if stream.viewer.token == viewer.token]
        walls = {address.written(stream.wall) for stream in own} | {address.written(wall)}
        most_walls = MOST_WALLS_OF_OPEN_SITE if viewer.token is None else MOST_WALLS_OF_ONE
        is_crowd = viewer.token is not None and len(own) >= MOST_SCREENS_OF_ONE
        if is_crowd or len(walls) > most_walls:
            raise TooManyError(
                t(
                    "{screens} screens with {walls} different walls are open with this sign-in, as many as there may be. "
                    "Close one. This screen asks again by itself.",
                    screens=len(own),
                    walls=len({address.written(stream.wall) for stream in own}),
                )
            )

    async def stream(self, viewer: Viewer, wall: Wall) -> AsyncIterator[bytes]:
        """What one screen is told, from its first line until it leaves."""
        async for lines in self.lines(self.enter(viewer, wall)):
            yield lines

    async def lines(self, stream: Stream | Replay, *, asset_text: str | None = None) -> AsyncIterator[bytes]:
        """The lines of a stream that has a place; the place is free again at their end.

        asset_text: which files of the wall that browser has; where they are others by now it is told to fetch them.
        """
        try:
            yield f"retry: {random.randint(*RETRY_MILLISECONDS)}\n\n".encode()
            if asset_text is not None and asset_text != self._ways.asset():
                yield event("reload", {"asset": self._ways.asset()})
            if isinstance(stream, Replay):
                async for told in self.replays.lines(stream):
                    yield told
                return
            while True:
                await stream.due.wait()
                for told in stream.take():
                    yield told
                if stream.over is not None:
                    return
        finally:
            self.leave(stream)

    def leave(self, stream: Stream | Replay) -> None:
        """This screen looks no longer; safe to say twice."""
        if isinstance(stream, Replay):
            self.replays.leave(stream)
            return
        group = stream.group
        group.streams.discard(stream)
        if not group.streams:  # what is known of its tiles is kept for a while, what it showed is not
            group.left_at, group.board, group.made = time.monotonic(), b"", None
        if not group.floor.streams and group.floor.leave is not None:
            group.floor.leave()
            group.floor.leave = group.floor.found = None

    def end(self, stream: Stream | Replay, last: bytes = b"") -> None:
        """Tells this screen one last line, and nothing after it."""
        if isinstance(stream, Replay):
            self.replays.end(stream, last)
        elif stream.over is None:
            stream.over = last
            stream.due.set()

    async def once(self, viewer: Viewer, wall: Wall) -> str:
        """The board as JSON, for a browser that hears no streams; raises what keeps it from being made."""
        if wall.at is not None:
            return (await self.replays.once(viewer, wall)).text(0)
        stream = self.enter(viewer, wall)
        assert isinstance(stream, Stream)
        try:
            async with asyncio.timeout(ONCE_SECONDS):
                while True:
                    stream.take()
                    group = stream.group
                    if stream.over is not None:
                        raise SessionError(t("You are signed out. Sign in again."))
                    if stream.board_number and group.made is not None:
                        return group.made.text(self._ways.now_ms())
                    if group.trouble:
                        raise WallError(group.sentence)
                    await stream.due.wait()
        except TimeoutError:
            raise WallError(
                t("The warehouse has not answered yet. This screen asks again by itself.")
            ) from None
        finally:
            self.leave(stream)

    def stop(self) -> None:
        """Ends every stream, and lets nobody in any more: the server waits for them else when it is told to stop."""
        self._is_stopped = True
        for stream in self.streams:
            self.end(stream)
        self.replays.stop()
        for task in [*self._alone, *([self._timer] if self._timer else [])]:
            task.cancel()

    # --- what the floors tell

    def _begin(self, floor: Floor, viewer: Viewer) -> None:
        if floor.leave is None:

            def not_yet() -> None:
                """Until the poller has said how to leave it."""

            floor.leave = not_yet
            self._spawn(self._listen(floor, viewer, not_yet))

    async def _listen(self, floor: Floor, viewer: Viewer, not_yet: Callable[[], None]) -> None:
        """Hears this floor's answers from now on, the newest one at once."""
        loop = asyncio.get_running_loop()

        def heard(told: Told) -> None:
            loop.call_soon_threadsafe(self._hear, floor, told)

        def begin() -> tuple[Callable[[], None], Told]:
            poller = self._ways.poller(viewer)
            leave = poller.subscribe(heard)
            try:
                return leave, poller.latest()
            except (WarehouseError, RuntimeError) as error:
                return leave, error

        try:
            leave, told = await anyio.to_thread.run_sync(begin, limiter=self._askers)
        except WarehouseError as error:
            floor.leave = None if floor.leave is not_yet else floor.leave
            self._hear(floor, error)
            return
        if floor.leave is not not_yet or self._is_stopped:  # all have gone meanwhile
            leave()
            return
        floor.leave = leave
        self._hear(floor, told)

    def _hear(self, floor: Floor, told: Told) -> None:
        if isinstance(told, SessionError):
            self._checked_at = self._looked_at = -LINGER_SECONDS  # somebody's session is over: see soon whose
            floor.is_woken = False
        elif isinstance(told, Exception):
            for group in floor.groups.values():
                group.say(sentence_of(told))
        else:
            if told.failure is None and floor.found is not None and floor.found.failure is not None:
                self._begin_check(time.monotonic())  # it answers again: what is new waits for this
            floor.found = told
            for group in floor.groups.values():
                if group.streams:
                    self._make(group)

    # --- how a board is made

    def _make(self, group: Group) -> None:
        if group.is_made:
            group.is_again = True
            return
        group.is_made = True
        self._spawn(self._made(group))

    async def _made(self, group: Group) -> None:
        """Makes the board of the newest answers, as whoever looks; once more where newer ones came meanwhile.

        Between two of them it rests for as long as every other wall takes for one: however many walls differ, half of one
        thread's time is left to the rest of the house.
        """
        try:
            group.is_again = True
            while group.is_again and group.streams and group.floor.found is not None:
                group.is_again = False
                streams = list(group.streams)
                snapshot = group.floor.found
                viewers = list({stream.viewer.token: stream.viewer for stream in streams}.values())
                began_at = time.monotonic()
                try:
                    made = await anyio.to_thread.run_sync(
                        group.screen.make, viewers, snapshot, limiter=self._makers
                    )
                except Exception as error:  # noqa: BLE001 - told on the screen, and to the log
                    group.say(sentence_of(error))
                else:
                    for stream in streams:
                        stream.is_noted = True
                    self._show(group, made, snapshot.failure)
                others = sum(len(floor.groups) for floor in self._floors.values()) - 1
                await asyncio.sleep(min(others * (time.monotonic() - began_at), LONGEST_REST_SECONDS))
        finally:
            group.is_made = False

    def _show(self, group: Group, made: Made, failure: WarehouseError | None) -> None:
        before, group.made = group.made, made
        was_troubled = bool(group.trouble)
        if failure is not None:
            group.say(str(failure))
        elif was_troubled:
            group.trouble, group.trouble_number = b"", group.trouble_number + 1
        is_fresh = was_troubled and failure is None  # a board says that the trouble is over
        if before is None or before.content != made.content or is_fresh:
            group.board_number += 1
            group.wake()
        elif before.age != made.age:
            group.beats(self._ways.now_ms())
        elif any(stream.board_number != group.board_number for stream in group.streams):
            group.wake()  # somebody came in between
        group.board = line("board", made.text(self._ways.now_ms()), group.board_number)
        if group.turn is not None:
            group.turn.cancel()
        seconds = made.seconds_to_turn(self._ways.now_ms())
        loop = asyncio.get_running_loop()
        group.turn = None if seconds is None else loop.call_later(seconds, self._make, group)

    # --- the time that passes

    def _tick(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().create_task(self._keep_time())

    async def _keep_time(self) -> None:
        """Beats, looks after sessions, and forgets what nobody looks at, until nothing is left."""
        try:
            while self._floors or self.replays.open:
                await asyncio.sleep(BEAT_SECONDS)
                now_ms = self._ways.now_ms()
                for floor in self._floors.values():
                    for group in floor.groups.values():
                        group.beats(now_ms)
                now = time.monotonic()
                if now - self._checked_at >= CHECK_SECONDS:
                    self._begin_check(now)
                if now - self._looked_at >= LOOK_SECONDS:
                    self._looked_at = now
                    self._spawn(self._look())
                self._forget(now)
        finally:
            self._timer = None

    def _forget(self, now: float) -> None:
        for scope_name, floor in list(self._floors.items()):
            for name, group in list(floor.groups.items()):
                if not group.streams and now - group.left_at >= LINGER_SECONDS:
                    if group.turn is not None:
                        group.turn.cancel()
                    del floor.groups[name]
            if not floor.groups and floor.leave is None:
                del self._floors[scope_name]

    async def _look(self) -> None:
        """Says that these people still look: the watch over a floor asks as one of them."""
        ones = {(one.viewer.scope_name, one.viewer.token): one.viewer for one in self.streams}
        asleep = {name for name, floor in self._floors.items() if not floor.is_woken}

        def look() -> None:
            for (scope_name, _), viewer in ones.items():
                poller = self._ways.poller(viewer)
                if scope_name in asleep:
                    poller.wake()

        for name in asleep:
            self._floors[name].is_woken = True
        await anyio.to_thread.run_sync(look, limiter=self._askers)
        for floor in self._floors.values():
            if floor.leave is None and floor.streams:
                self._begin(floor, floor.streams[0].viewer)

    def _begin_check(self, now: float) -> None:
        """Looks after sessions now, unless that is going on: one that waits in vain is not joined by others."""
        if not self._is_checking:
            self._checked_at = now
            self._spawn(self._check())

    async def _check(self) -> None:
        """Whether everybody who looks still may; while the warehouse is silent nobody is sent away, or told anything new."""
        streams: list[Stream | Replay] = [*self.streams, *self.replays.open]
        if not streams:
            return
        self._is_checking = True
        tokens = {stream.viewer.token for stream in streams}
        began_at = time.monotonic()
        try:
            found = await anyio.to_thread.run_sync(self._ways.viewers, tokens, limiter=self._askers)
        except WarehouseError:
            return
        finally:
            self._is_checking = False
        for stream in streams:
            holder = found.get(stream.viewer.token)
            if holder != stream.viewer:
                self.end(stream, over(stream.viewer, stream.wall))
            elif isinstance(stream, Stream):
                is_waiting = time.monotonic() - stream.proved_at >= PROVED_SECONDS
                stream.proved_at = began_at
                if is_waiting:
                    stream.due.set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)
