"""Keeps where reading of a Zendesk account stands, and what must be remembered to read on.

In and out: the cursor's two texts. The rule it guards: a place that cannot be right stops the load with the next step;
it is never taken for the beginning or the end.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from etl import LoadError

VERSION = 1
FUTURE_SECONDS = 86_400  # clocks differ, but not by a day
STREAMS = ("tickets", "events", "targets", "ratings")


@dataclass
class State:
    """Where each stream stands (cursor, since: epoch seconds, asked: when its end was reached), and what was seen there.

    seen: records near that place, key -> epoch seconds; agents: whoever has been one, id -> name; first_ticket: the
    number of the oldest ticket that counts; fields: names of unknown fields that were told already.
    """

    places: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {} for name in STREAMS})
    seen: dict[str, dict[str, int]] = field(default_factory=lambda: {name: {} for name in STREAMS})
    agents: dict[str, str] = field(default_factory=dict)
    first_ticket: int | None = None
    fields: list[str] = field(default_factory=list)

    def position_text(self) -> str:
        """The place as the cursor stores it."""
        return json.dumps({"version": VERSION, "streams": self.places}, separators=(",", ":"))

    def carry_text(self) -> str:
        """What must be remembered, as the cursor stores it."""
        carried = {
            "version": VERSION, "seen": self.seen, "agents": self.agents, "first_ticket": self.first_ticket,
            "fields": self.fields,
        }  # fmt: skip
        return json.dumps(carried, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_texts(cls, position_text: str, carry_text: str, *, now: datetime) -> State:
        """The state that was stored; a new one for two empty texts. LoadError for what none of this can be."""
        state = cls()
        try:
            if position_text:
                state.places |= _streams(json.loads(position_text), "streams")
                for place in state.places.values():
                    _check(place, latest=now.timestamp() + FUTURE_SECONDS)
            if carry_text:
                carried = json.loads(carry_text)
                state.seen |= _streams(carried, "seen")
                state.agents = {str(key): str(name) for key, name in carried.get("agents", {}).items()}
                first, state.fields = carried.get("first_ticket"), [*map(str, carried.get("fields", []))]
                state.first_ticket = None if first is None else int(first)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise LoadError(
                f"the stored cursor is not usable ({error}); expected the place where the last load ended. Run `floorboard "
                "etl run --source NAME --from-start`; rows loaded already do not count twice."
            ) from None
        return state


def _streams(given: Any, name: str) -> dict[str, Any]:
    if given["version"] != VERSION:
        raise ValueError(f"version {str(given['version'])[:20]}, this is {VERSION}")
    found = given[name]
    if not all(isinstance(found[key], dict) for key in found) or not set(found) <= set(STREAMS):
        raise ValueError(f"unknown {name}")
    return dict(found)


def _check(place: dict[str, Any], *, latest: float) -> None:
    for name in ("since", "asked"):
        value = place.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"{name} is {str(value)[:40]}")
        if value > latest:
            raise ValueError(f"{name} lies in the future, at {value:.0f}")
    if not isinstance(place.get("cursor", ""), str):
        raise ValueError("cursor is no text")
