"""Shows a wall as it was: from an instant of the past on, as fast as its address says, for one screen at a time.

In: a wall whose address names an instant and a speed. Out: the same lines of a stream, of that time.
The rule it guards: nothing of the past is taken for live, and nothing of the future is shown; what is played back keeps
nobody's present waiting, and few are played back at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import anyio.to_thread
from anyio import CapacityLimiter

from dashboard import words
from dashboard.access import Viewer
from dashboard.ui.moments import Moment
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.screen import Made, Screen
from dashboard.wall.streams import event, line, sentence_of
from dashboard.words import t

MOST_REPLAYS = 4
STEP_SECONDS, SLOW_STEP_SECONDS = 1.0, 2.0
BEAT_SECONDS = 2.0


@dataclass(eq=False)
class Replay:
    """One screen that looks back: where it began, and how fast its time passes."""

    viewer: Viewer
    wall: Wall
    screen: Screen
    began_at: datetime
    passed: Callable[[], float] = time.monotonic
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    over: bytes | None = None
    """What it is told last, where somebody's right to look has ended."""
    started_at: float = 0.0

    def __post_init__(self) -> None:
        self.started_at = self.passed()

    @property
    def instant(self) -> datetime:
        """The instant that it shows now, to the second."""
        shown = self.began_at + timedelta(seconds=(self.passed() - self.started_at) * self.wall.speed)
        return shown.replace(microsecond=0)

    @property
    def step_seconds(self) -> float:
        """How often it is drawn anew."""
        return STEP_SECONDS if self.wall.speed > 1 else SLOW_STEP_SECONDS


class Replays:
    """The replays of this process. Each has a clock of its own; all share one thread, apart from the present."""

    def __init__(self, moment: Callable[[Viewer], Moment], *, most: int = MOST_REPLAYS) -> None:
        self.open: set[Replay] = set()
        self._moment = moment
        self._most = most
        self._asked_once = 0  # boards of the past that are asked for without a stream, and not made yet
        self._limiter = CapacityLimiter(1)

    def enter(self, viewer: Viewer, wall: Wall, *, began_at: datetime | None = None) -> Replay:
        """A place for one more; raises WallError where there is none.

        began_at: where it had come to before its line broke.
        """
        assert wall.at is not None  # else it would be of the present
        self._refuse_one_too_many()
        replay = Replay(viewer, wall, Screen(wall), max(began_at or wall.at, wall.at))
        self.open.add(replay)
        return replay

    def _refuse_one_too_many(self) -> None:
        if len(self.open) + self._asked_once >= self._most:
            raise WallError(
                t(
                    "{count} replays are open at this site already, as many as it plays at once. Close one of them, then "
                    "try again.",
                    count=self._most,
                )
            )

    def leave(self, replay: Replay) -> None:
        """Its place is free again."""
        self.open.discard(replay)

    def end(self, replay: Replay, last: bytes = b"") -> None:
        """Ends it with this last line."""
        replay.over = last
        replay.ended.set()

    def stop(self) -> None:
        """Ends all of them."""
        for replay in list(self.open):
            self.end(replay)

    async def once(self, viewer: Viewer, wall: Wall) -> Made:
        """The one board of that instant, for whoever asks without a stream."""
        assert wall.at is not None
        self._refuse_one_too_many()
        self._asked_once += 1
        try:
            return await self._made(Screen(wall), viewer, wall.at)
        finally:
            self._asked_once -= 1

    async def lines(self, replay: Replay) -> AsyncIterator[bytes]:
        """The board of each step, then, where its time stands still or has come to its end, beats alone."""
        shown: Made | None = None
        instant: datetime | None = None
        is_over = False
        ended = asyncio.ensure_future(replay.ended.wait())
        making: asyncio.Future[Made] | None = None
        try:
            while not ended.done():
                told = b""
                if replay.instant != instant and not is_over:
                    instant = replay.instant
                    making = asyncio.ensure_future(self._made(replay.screen, replay.viewer, instant))
                    while not await _first(ended, making, seconds=BEAT_SECONDS):
                        yield _beat(instant, shown)  # the browser knows that somebody is at work
                    if ended.done():
                        break
                    try:
                        made = making.result()
                    except Exception as error:  # noqa: BLE001 - told on the screen, and to the log
                        told = event("trouble", {"sentence": sentence_of(error)})
                        is_over = isinstance(error, WallError)  # its time has come to an end; said once
                        instant = instant if is_over else None
                    else:
                        is_same = shown is not None and shown.content == made.content
                        shown = made
                        told = b"" if is_same else line("board", made.text(0), _milliseconds(instant))
                yield told or _beat(instant or replay.instant, shown)
                await _first(ended, seconds=replay.step_seconds)
        finally:
            ended.cancel()
            if making is not None:
                making.cancel()
        if replay.over:
            yield replay.over

    async def _made(self, screen: Screen, viewer: Viewer, instant: datetime) -> Made:
        def make() -> Made:
            present = self._moment(viewer)
            refuse_what_was_not(present, instant)
            return screen.make_at(present.back_at(instant))

        return await anyio.to_thread.run_sync(make, limiter=self._limiter)


def refuse_what_was_not(present: Moment, instant: datetime) -> None:
    """Raises WallError for an instant that is still to come, or lies before everything that is known."""
    if instant >= present.now:
        raise WallError(
            t(
                "{instant} is not over yet; the past is shown up to now. Take an earlier instant, or leave 'at' out.",
                instant=words.instant(instant, present.zone_name),
            )
        )
    since = present.calm("known_since")["known_since_at"].item()
    if since is None or instant < since:
        raise WallError(
            t(
                "Nothing is known of {instant}: no contact had been loaded for it.",
                instant=words.instant(instant, present.zone_name),
            )
            if since is None
            else t(
                "Nothing is known of {instant}; the first contacts are of {since}. Take an instant after that.",
                instant=words.instant(instant, present.zone_name),
                since=words.instant(since, present.zone_name),
            )
        )


async def _first(*ones: asyncio.Future[Any], seconds: float) -> bool:
    """Whether one of them came to its end within so many seconds."""
    done, _ = await asyncio.wait(ones, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


def _milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _beat(instant: datetime, shown: Made | None) -> bytes:
    return event("beat", {"now_ms": _milliseconds(instant), "age": shown and shown.age})
