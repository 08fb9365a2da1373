"""The desk of the game room: which view is open, and what can be done in it by whoever may.

In: what the address names (`view`), the room's answers. Out: the desk of that view, and changes through `desk.change`.
The rule it guards: a refusal is told where it stands, with nothing changed and nothing typed lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.game import (
    room_effect_desk,
    room_rules_desk,
    room_season_desk,
    room_view,
    room_waits_desk,
)
from dashboard.ui import choices, clock, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.game_rules.spec import GameError
from sql.warehouse import WarehouseError

LOOK_BACK = timedelta(days=28)
DAY_STARTS_HOUR = 4
"""Where the site has not said when its working days begin."""
SAID = "room-said"


@dataclass(frozen=True)
class Room:
    """What one run of the page shows: the moment, the present working day, and the answers that every view needs."""

    at: Moment
    day_date: date
    holds: pl.DataFrame
    disputes: pl.DataFrame
    rules: pl.DataFrame
    seasons: pl.DataFrame

    @classmethod
    def of(cls, at: Moment) -> Room:
        """The room as it stands; raises WarehouseError."""
        day = working_day(at.now, at.zone_name)
        since = day - LOOK_BACK
        return cls(
            at,
            day,
            at.fresh("game_holds_open", first_date=since),
            at.fresh("game_disputes_open", since_at=words.day_start(since, at.zone_name)),
            at.fresh("game_rules", first_date=since + timedelta(days=1), day_date=day),
            at.fresh("game_seasons"),
        )

    @property
    def since_date(self) -> date:
        """The first of the 28 working days that are looked back on."""
        return self.day_date - LOOK_BACK + timedelta(days=1)

    def do(
        self,
        change_name: str,
        work: Callable[..., Any],
        done: str,
        /,
        errors: type[Exception] = GameError,
        **values: Any,
    ) -> bool:
        """Does what was asked for, and lets the next run say so; whether it was done, else the reason is told."""
        try:
            desk.change(self.at.viewer, change_name, work, **values)
        except (errors, WarehouseError) as error:
            board.show(board.notice("off", t("Not done"), str(error)), key="room-refused")
            return False
        said: list[str] = desk.kept(SAID, list)
        said.append(done)
        return True

    @property
    def now(self) -> datetime:
        """When something is done: the floor's clock."""
        return clock.now()


def working_day(now: datetime, zone_name: str) -> date:
    """The working day that an instant is in, by the site's clock and the hour at which days begin where none is set."""
    return words.local_day(now - timedelta(hours=DAY_STARTS_HOUR), zone_name)


VIEWS: dict[str, Callable[[Room], None]] = {
    "holds": room_waits_desk.holds,
    "disputes": room_waits_desk.disputes,
    "rules": room_rules_desk.show,
    "effect": room_effect_desk.show,
    "seasons": room_season_desk.show,
}


def chosen(at: Moment) -> str:
    """The view that is open, with how much waits in each; what waits comes first."""
    room = Room.of(at)
    waiting = room.holds.filter(pl.col("state_name") == "held").height
    opened = room.disputes.filter(pl.col("state_name") == "open").height
    return choices.choice(t("View"), room_view.parts(waiting, opened), key="view")


def show() -> None:
    """The desk of the view that is open; where the warehouse fails, the page above says so."""
    view = choices.address("view", list(VIEWS))
    with suppress(WarehouseError):
        _tell_outcome()
        VIEWS[view](Room.of(moments.moment(visit.viewer())))


def _tell_outcome() -> None:
    said: list[str] = desk.kept(SAID, list)
    for text in said:
        st.toast(text, icon=":material/check_circle:")
    desk.forget(SAID)
