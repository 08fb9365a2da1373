"""What is remembered of each screen that looks, of the wall it shares with others, and of the floor that wall is made of.

In: a board, a sentence or the passing time. Out: what a screen has not been told yet, as lines of a stream.
The rule it guards: a screen is told the latest and nothing twice; never does more than one thing of a kind wait for it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dashboard import live
from dashboard.access import Viewer
from dashboard.wall import address
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.screen import Made, Screen
from dashboard.words import t
from sql.warehouse import WarehouseError

_LOG = logging.getLogger(__name__)
PROVED_SECONDS = 10.0
"""For so long a screen is shown new figures after the warehouse said that its session stands."""


@dataclass(eq=False)
class Stream:
    """One screen that looks: what it was told, and whether there is something new for it."""

    viewer: Viewer
    group: Group
    due: asyncio.Event = field(default_factory=asyncio.Event)
    board_number: int = 0
    trouble_number: int = 0
    is_beat_due: bool = False
    is_noted: bool = False
    """Whether the trail knows that this person looks at what the board tells of others."""
    over: bytes | None = None
    proved_at: float = field(default_factory=time.monotonic)

    @property
    def wall(self) -> Wall:
        """What it shows."""
        return self.group.wall

    @property
    def is_waiting(self) -> bool:
        """Whether something is there that it has not taken yet; there is never more than the latest."""
        return self.due.is_set()

    def take(self) -> list[bytes]:
        """What it has not been told yet: the board where it is another one, what troubles it, else that the line is alive.

        A board that tells of people waits until the trail knows that this person looks, and each one until the warehouse
        has said of late that their session stands.
        """
        self.due.clear()
        if self.over is not None:
            return [self.over] if self.over else []
        group, found = self.group, list[bytes]()
        is_proved = time.monotonic() - self.proved_at < PROVED_SECONDS
        is_display = self.viewer.board_text is not None
        may_see = group.made is not None and (self.is_noted or is_display or not group.made.looks)
        if group.board and is_proved and may_see and self.board_number != group.board_number:
            self.board_number = group.board_number
            found.append(group.board)
        if self.trouble_number != group.trouble_number or found:
            # A board alone says that the trouble is over.
            self.trouble_number = group.trouble_number
            found += [group.trouble] if group.trouble else []
        if self.is_beat_due and not found:
            found.append(group.beat)
        self.is_beat_due = False
        return found


@dataclass(eq=False)
class Group:
    """All streams that are shown the same: one wall as one scope sees it, and how it stands now."""

    floor: Floor
    wall: Wall
    screen: Screen
    streams: set[Stream] = field(default_factory=set)
    board: bytes = b""
    board_number: int = 0
    sentence: str = ""
    trouble: bytes = b""
    trouble_number: int = 0
    beat: bytes = b""
    made: Made | None = None
    is_made: bool = False
    is_again: bool = False
    turn: asyncio.TimerHandle | None = None
    left_at: float = 0.0

    def wake(self) -> None:
        """Something is new for all of them."""
        for stream in self.streams:
            stream.due.set()

    def say(self, sentence: str) -> None:
        """All of them are told what keeps the board from being the present one."""
        told = event("trouble", {"sentence": sentence})
        if told != self.trouble:
            self.sentence, self.trouble, self.trouble_number = sentence, told, self.trouble_number + 1
            self.wake()

    def beats(self, now_ms: int) -> None:
        """All of them are told that the line is alive, and how old the data is."""
        self.beat = event("beat", {"now_ms": now_ms, "age": self.made and self.made.age})
        for stream in self.streams:
            stream.is_beat_due = True
        self.wake()


@dataclass(eq=False)
class Floor:
    """The answers of one scope, and the walls that are made of them."""

    scope_name: str
    groups: dict[str, Group] = field(default_factory=dict)
    found: live.Snapshot | None = None
    leave: Callable[[], None] | None = None
    is_woken: bool = True
    """Whether its poller goes on; it stops where the one as whom it asked has no session any more."""

    @property
    def streams(self) -> list[Stream]:
        """Everybody who looks at one of its walls."""
        return [stream for group in self.groups.values() for stream in group.streams]


def over(viewer: Viewer | None, wall: Wall | None = None) -> bytes:
    """That this screen may look no longer, and where it goes: a display to the way in for screens, a person to sign in."""
    is_display = viewer is not None and viewer.board_text is not None
    sentence = (
        t("This display was revoked, or its wall was changed.")
        if is_display
        else t("You are signed out, or your rights were changed.")
    )
    way = "/wall" if is_display or wall is None else address.written(wall)
    return event("over", {"sentence": sentence, "way": way})


def event(name: str, data: Mapping[str, object]) -> bytes:
    """One message of a stream."""
    return line(name, json.dumps(data, ensure_ascii=False, separators=(",", ":")))


def line(name: str, text: str, number: int | None = None) -> bytes:
    """One message of a stream whose data is JSON already; number: by which a browser asks from there on."""
    place = "" if number is None else f"id: {number}\n"
    return f"{place}event: {name}\ndata: {text}\n\n".encode()


def sentence_of(error: Exception) -> str:
    """What a screen says of a failure; what nobody foresaw stands in the log."""
    if isinstance(error, WarehouseError | WallError):
        return str(error)
    _LOG.error("A wall could not be made", exc_info=error)
    return t("This wall could not be drawn. The fault is in the program; its log has the details.")
