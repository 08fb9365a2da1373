"""Where reading of a LiveAgent account stands, and what of the last minutes was read already.

In: the two texts that the last load left. Out: from when on to ask, which records are news, and the two texts again.
The rule it guards: whatever changed late is asked for again, but looked up again only where it did change.

LiveAgent's times are whole seconds, and its search shows a change a little later: so every load looks back, and
remembers of the time it looks back on which state of each record it has read. A record that was read within a minute
of its change is read once more. Calls that have not ended keep the look back as long as they last, up to a day.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from etl import LoadError
from etl.sources.desks.liveagent_calls import LOST_AFTER

Kind = Literal["calls", "tickets"]
KINDS: tuple[Kind, ...] = ("calls", "tickets")
VERSION = 1
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
_SETTLED_AFTER_SECONDS = 60
_MARGIN = timedelta(hours=1)
_FARTHEST = timedelta(days=1)


@dataclass
class Place:
    """Where reading stands: per kind the newest instant up to which all was read, and what was read lately."""

    look_back: timedelta
    first_at: datetime
    read_to: dict[Kind, datetime] = field(default_factory=dict)
    lately: dict[Kind, dict[str, list[Any]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    """By id: the mark of its state, when to read it once more (0: not), when it changed; both in epoch seconds."""
    open_calls: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_texts(
        cls, position_text: str, carry_text: str, *, look_back: timedelta, first_at: datetime
    ) -> Place:
        """The place that the texts tell, the beginning where they are empty; LoadError where they tell none."""
        place = cls(look_back, first_at)
        try:
            position = _told(position_text, KINDS)
            carry = _told(carry_text, (*KINDS, "open_calls"))
            place.read_to = {kind: _instant(at) for kind in KINDS if (at := position.get(kind)) is not None}
            for kind in KINDS:
                told = carry.get(kind, {})
                place.lately[kind] = {
                    str(key): [str(mark), int(again), int(at)] for key, (mark, again, at) in told.items()
                }
            place.open_calls = {str(key): int(at) for key, at in carry.get("open_calls", {}).items()}
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise LoadError(
                f"the stored cursor is not usable, it holds '{position_text[:60]}'; expected the instants up to which calls "
                "and tickets were read. Run `floorboard etl run --source NAME --from-start`; rows loaded already do not "
                "count twice."
            ) from error
        return place

    def since(self, kind: Kind) -> datetime:
        """From when on to ask."""
        read_to = self.read_to.get(kind)
        if read_to is None:
            return self.first_at
        since = read_to - self.look_back
        if kind == "calls" and self.open_calls:
            oldest = datetime.fromtimestamp(min(self.open_calls.values()), UTC)
            since = min(since, max(oldest, read_to - LOST_AFTER - self.look_back))
        return max(self.first_at, since)

    def is_news(self, kind: Kind, key: str, mark: str, now: datetime) -> bool:
        """Whether a record in this state is yet to be read."""
        known = self.lately[kind].get(key)
        return known is None or known[0] != mark or 0 < known[1] <= now.timestamp()

    def note(self, kind: Kind, key: str, mark: str, changed_at: datetime | None, now: datetime) -> None:
        """Notes that a record was read in this state."""
        at = int((changed_at or now).timestamp())
        again = at + _SETTLED_AFTER_SECONDS
        is_fresh = changed_at is not None and int(now.timestamp()) < again <= now.timestamp() + 3600
        self.lately[kind][key] = [mark, again if is_fresh else 0, at]

    def reach(self, kind: Kind, at: datetime | None, now: datetime) -> None:
        """Notes that everything up to an instant was read; one far ahead is a slip, and would hide all until then."""
        if at is not None and at <= now + _FARTHEST:
            self.read_to[kind] = max(at, self.read_to.get(kind, BEGINNING))

    def texts(self) -> tuple[str, str]:
        """The position and the carry; what lies before the look back is forgotten."""
        for kind in KINDS:
            since = self.since(kind)
            if since > self.first_at:
                oldest = (since - _MARGIN).timestamp()
                self.lately[kind] = {
                    key: known for key, known in self.lately[kind].items() if known[2] >= oldest
                }
        position: dict[str, object] = {"version": VERSION}
        position |= {kind: self.read_to[kind].isoformat() for kind in KINDS if kind in self.read_to}
        carry = {
            "version": VERSION,
            "calls": self.lately["calls"],
            "tickets": self.lately["tickets"],
            "open_calls": self.open_calls,
        }
        return json.dumps(position), json.dumps(carry, separators=(",", ":"))


def _told(text: str, known: tuple[str, ...]) -> dict[str, Any]:
    """What a stored text holds; those of the first releases name no version. ValueError where it is another one's."""
    told: dict[str, Any] = json.loads(text or "{}")
    if told.pop("version", VERSION) != VERSION or told.keys() - {*known}:
        raise ValueError(text[:60])
    return told


def mark_of(*values: object) -> str:
    """A short mark of a state: another state has another."""
    return hashlib.blake2b(json.dumps(values).encode(), digest_size=6).hexdigest()


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or not BEGINNING <= moment < datetime(2100, 1, 1, tzinfo=UTC):
        raise ValueError(value)
    return moment
