"""What the tiles of a wall have in common: the floor they are drawn from, and how a number stands on its tile.

In: a moment of the floor, the wall and its board. Out: plain data for `static/wall.js`.
The rule it guards: a number has its target or says that it has none, a ratio has its n, what is unknown is "–" with its
reason, and a tone comes with its shape and its word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from dashboard import board as blocks
from dashboard import words
from dashboard.board import Block, Row
from dashboard.wall import queue_sums
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, Threshold, Tile
from dashboard.wall.thresholds import Standing, Standings
from dashboard.words import t

if TYPE_CHECKING:  # the console reads the kinds, too, without a dashboard that runs
    from dashboard.ui.moments import Moment

EVERYBODY = ("supervisors", "agents", "executives", "everybody")
NOT_AGENTS = ("supervisors", "executives")
"""On a board for agents nothing presses: no waiting calls, no service level of this minute."""
MOST_OPTION = 1_000_000.0
Drawn = dict[str, Any]
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of tile: what it is called, what it says, on which boards it may stand, how small, and what it asks."""

    name: str
    label: str
    about: str
    drawn: Callable[[Scene, Tile], Drawn]
    """The tile's own part of the payload; raises WarehouseError where its question fails."""
    audiences: tuple[str, ...] = EVERYBODY
    least_width: int = 2
    least_height: int = 2
    has_threshold: bool = False
    questions: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """The names that `options` of a tile may have."""
    is_big_number: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that the tiles of one board are drawn from, at one instant and for one wall."""

    at: Moment
    wall: Wall
    board: Board
    standings: Standings
    key: str = ""
    """The key of the tile that is being drawn: its standings and its place on the screen go by it."""
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What was worked out for one tile and serves the others."""

    @property
    def queues(self) -> pl.DataFrame:
        """The queues of this wall, by name: those whose name or group holds its text."""
        return self.once("queues", self._queues)

    def _queues(self) -> pl.DataFrame:
        found = self.at.live("live_queues")
        return found if found.is_empty() else queue_sums.matching(found, self.wall.queue_text)

    @property
    def team_name(self) -> str | None:
        """The wall's team by name; None where the wall has none, or there is no team of that number."""
        if self.wall.team_id is None:
            return None
        names = self.at.calm("call_names")
        known = names.filter((pl.col("kind_name") == "team") & (pl.col("name_id") == self.wall.team_id))
        return str(known[0, "name_text"]) if known.height else None

    @property
    def totals(self) -> Row:
        """The queues of this wall as one; of all queues it is what the floor's page shows."""
        return self.once("totals", self._totals)

    def _totals(self) -> Row:
        if not self.wall.queue_text:
            return self.at.live("live_totals").row(0, named=True)
        return queue_sums.together(self.queues)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What `make` gives, worked out once for all tiles of the board."""
        if name not in self.kept:
            self.kept[name] = make()
        found: Made = self.kept[name]
        return found

    def whole(self, step_seconds: float) -> datetime:
        """The last full step of the clock: everybody who asks in between is answered once, however fast it runs."""
        speed = self.wall.speed if self.at.is_past else self.at.speed
        step = step_seconds * max(1.0, speed)
        return datetime.fromtimestamp(self.at.now.timestamp() // step * step, tz=UTC)

    def of_tile(self, key: str) -> Scene:
        """The same scene for another tile; what was worked out already is kept."""
        return replace(self, key=key)

    def stand(
        self, value: float | None, n: int | None, threshold: Threshold | None, *, part: str = ""
    ) -> Standing:
        """How a value of this tile stands; part: which of its values, where it has several."""
        return self.standings.stand(f"{self.key}{part}", value, n, self.at.now, threshold)


def limit_word(standing: Standing, threshold: Threshold | None, shown: Callable[[float], str]) -> str:
    """The word of a standing against limits: "above 10", "within limits", or why there is none."""
    if standing.why != "judged" or threshold is None:
        return {"few": t("Too few to judge"), "unknown": t("Unknown")}.get(standing.why, "")
    if standing.is_pending:
        return t("Slipping")
    if standing.is_easing:
        return t("Recovering")
    if standing.limit is None:
        return t("Within limits")
    limit = shown(standing.limit)
    return t("above {value}", value=limit) if threshold.worse == "up" else t("below {value}", value=limit)


def target_word(standing: Standing) -> str:
    """The word of a standing against a target: "On target", "Just below", "Below target", or why there is none."""
    if standing.why != "judged":
        return {"few": t("Too few to judge"), "unknown": t("Unknown")}.get(
            standing.why, t("No common target")
        )
    if standing.is_pending:
        return t("Slipping")
    if standing.is_easing:
        return t("Recovering")
    return {"good": t("On target"), "near": t("Just below"), "off": t("Below target")}[standing.tone]


def limit_text(threshold: Threshold | None, shown: Callable[[float], str]) -> str:
    """The target of a tile in words: where its limit lies, or that it has none."""
    if threshold is None:
        return t("no target")
    near = shown(threshold.near)
    return t("target ≤ {value}", value=near) if threshold.worse == "up" else t("target ≥ {value}", value=near)


def number(
    value: str,
    *,
    label: str,
    status: Block,
    target: str,
    more: str = "",
    **others: Any,
) -> Drawn:
    """A tile of one number; others: since, share, goal, n, value_since_ms, why."""
    return {"kind": "number", "label": label, "value": value, "unit": "", "target": target, "more": more,
            **status, **{name: found for name, found in others.items() if found is not None}}  # fmt: skip


def status_of(standing: Standing, word: str) -> Block:
    """The mark of a standing: tone, shape and word together."""
    return blocks.status(standing.tone, word)


def unknown(label: str, why: str, *, kind: str = "text") -> Drawn:
    """A tile whose figures are not known, or may not be told: "–" and the reason in words."""
    return {"kind": kind, "label": label, **blocks.status("none", ""), "value": words.UNKNOWN, "why": why}


def since(now: datetime, seconds: float, *, before: str = "") -> Drawn:
    """A time that the browser counts by itself: since when; its text is the browser's, so nothing is sent while it runs."""
    return {"before": before, "at_ms": blocks.milliseconds(now) - round(seconds * 1000), "text": ""}


def of_all_queues(scene: Scene) -> list[str]:
    """What a tile says that knows no part of the queues, on a wall that is made for a part of them."""
    return [t("of all queues")] if scene.wall.queue_text else []


def options(tile: Tile, names: Mapping[str, float]) -> dict[str, float]:
    """The numbers that a tile may set by its options, none below 0; what they are where it sets none that is a number."""
    found: dict[str, float] = {}
    for name, usual in names.items():
        given = tile.options.get(name, usual)
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        found[name] = min(MOST_OPTION, max(0.0, float(given))) if is_number else usual  # type: ignore[arg-type]
    return found
