"""What the head of every page tells: the clock, the age of the data, what keeps it from showing the present, what fires.

In: the floor's moment and what the page is about. Out: blocks, and a mark that changes when more than clock and age did.
The rule it guards: every page's head says the same of the same second; an age is never younger than the figures below it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

import polars as pl

from dashboard import board, state_view, words
from dashboard.access import Viewer
from dashboard.goals import alert_view
from dashboard.ui import clock, moments
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

PATH = "/page/head"
HEAD_SECONDS = 5
LATE_HEAD_SECONDS = 3 * HEAD_SECONDS
Needs = Literal["queues", "sources", "nothing"]
About = Literal["calls", "tickets", "everything", "upkeep"]


@dataclass(frozen=True, slots=True)
class Part:
    """What of the floor a page depends on; the addresses of its head and its figures go by it."""

    needs: Needs
    about: About
    has_alerts: bool = True
    """Whether what fires stands in its head; the page of alerts lists them all itself."""

    @property
    def href(self) -> str:
        """Where a browser asks how this head stands now, beside the page's own address."""
        told = {"needs": self.needs, "about": self.about, "alerts": "1" if self.has_alerts else "0"}
        return f"{PATH.removeprefix('/')}?{urlencode(told)}"

    @staticmethod
    def of(told: dict[str, str]) -> Part | None:
        """The part that such an address names; None for one that names none."""
        needs, about, alerts = (told.get(name, "") for name in ("needs", "about", "alerts"))
        if needs not in get_args(Needs) or about not in get_args(About) or alerts not in ("0", "1"):
            return None
        return Part(cast("Needs", needs), cast("About", about), alerts == "1")


@dataclass(frozen=True, slots=True)
class Head:
    """How the head stands; alerts: what fires, None where that is not told here."""

    block: board.Block
    notices: list[board.Block]
    alerts: pl.DataFrame | None

    @property
    def mark(self) -> str:
        """Another one as soon as the head must be drawn anew: a notice more or less, an alert, or one that somebody saw."""
        band = None if self.alerts is None else alert_view.band(self.alerts, at=clock.now())
        items = [_lasting(item) for item in band["items"]] if band else []
        told: list[Any] = [
            [notice["key"] for notice in self.notices],
            items,
            band and band["more"]["text"],
            self.block["site"],
        ]
        return hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:12]


def _lasting(item: board.Block) -> board.Block:
    """An alert without its age."""
    return {name: value for name, value in item.items() if name != "since"}


def told(viewer: Viewer, part: Part) -> Head:
    """How the head of such a page stands for this viewer, now; without a figure where the warehouse does not answer."""
    try:
        at = moments.moment(viewer)
        fresh = state_view.freshness(
            state_view.of_interest(at.health, part.about),
            loader=at.live("loader"),
            behind_seconds=at.behind_seconds,
            is_cut_off=at.is_cut_off,
        )
        block = {"site": at.site_name, "clock": words.clock(at.present_at, at.zone_name), "fresh": fresh}
        notices = [] if is_empty(at, part.needs) else warnings(at, part.about)
        return Head(block, notices, at.live("firing_alerts") if part.has_alerts else None)
    except WarehouseError:
        fresh = {**board.status("off", ""), "text": t("No connection")}
        return Head({"site": "Floorboard", "clock": "", "fresh": fresh}, [], None)


def is_empty(at: Moment, needs: Needs) -> bool:
    """Whether the warehouse holds none of what the page needs."""
    if needs == "nothing":
        return False
    return at.health.is_empty() if needs == "sources" else at.live("queues").is_empty()


def warnings(at: Moment, about: About) -> list[board.Block]:
    """What keeps such a page from showing the present, the cause of all else first; `key` names each."""
    if at.is_cut_off:
        return [state_view.cut_off_notice(at.now, behind_seconds=at.behind_seconds, zone_name=at.zone_name)]
    if state_view.loader_is_silent(at.live("loader")):
        return [state_view.loader_notice(at.live("loader"))]
    if about == "upkeep":
        return []
    return state_view.stale_notices(state_view.of_interest(at.health, about), zone_name=at.zone_name)
