"""The frame of every page: its head with the clock and the age of the data, what keeps it from showing the present,
and the content that draws itself anew.

In: a page's title, filters and content. Out: a page that always says something useful: with data, without, with old
data, and without a database.
The rule it guards: figures of the past are never shown without their age.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Protocol, TypeVar

import polars as pl
import streamlit as st

from dashboard import access, board, live, state_view, words
from dashboard.door.visitor import SignedOutError
from dashboard.goals import alert_saves, alert_view
from dashboard.goals.alert_saves import AlertError
from dashboard.ui import choices, clock, desk, head, moments, visit
from dashboard.ui.head import About, Needs, Part
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

Chosen = TypeVar("Chosen")
LIVE_SECONDS = 2
TURN_SECONDS = 60
LOG_SECONDS = 60.0
SEEN = "alerts.acknowledge"
_LOG = logging.getLogger(__name__)
_told: dict[str, float] = {}


class Times(Protocol):
    """How a page's reader looks back: the time machine, handed in by the pages that have one."""

    def turn(self, present: Moment) -> None:
        """Takes the next step where the past is played."""

    def chosen(self, present: Moment) -> Moment:
        """The moment that the address names; the present one where it names none. Raises WarehouseError."""

    def draw(self, present: Moment, at: Moment) -> None:
        """The band that says what time is shown, with all that changes it."""

    def refresh_seconds(self, at: Moment, usual_seconds: float) -> float | None:
        """After how many seconds the page draws itself anew; None for never."""


def page(
    title: str,
    *,
    content: Callable[[Moment, Chosen], None],
    filters: Callable[[Moment], Chosen],
    refresh_seconds: float,
    needs: Needs = "queues",
    about: About | None = None,
    times: Times | None = None,
) -> None:
    """A whole page: guard, head, filters, and the content that draws itself anew every `refresh_seconds`.

    Where the warehouse fails, or holds none of what the page `needs` (queues, at least sources, or nothing), the page
    says so and goes on trying; it fills without a reload. While the warehouse does not answer, the last good figures
    stay with their age; while the loader or a source is silent, the page says so and its figures fade.
    about: whose age the head shows and whose silence is told; a page about queues is about calls. A page of upkeep is
    about the sources themselves: what it shows of them is no figure of the floor.
    times: the time machine, on pages that can be looked at as they were; the head stays that of the present.
    """
    viewer = _viewer_in_reach(visit.viewer())
    about = about or ("calls" if needs == "queues" else "everything")
    part = Part(needs, about, has_alerts=title != t("Alerts"))  # that page lists them all
    st.fragment(_head, run_every=TURN_SECONDS)(title, part)
    chosen: list[Chosen] = []
    failed: list[WarehouseError] = []
    seconds: float | None = refresh_seconds
    turns: list[tuple[date, float | None]] = []
    try:
        at = moments.moment(viewer)
        if not head.is_empty(at, needs):
            if times:
                times.turn(at)
                at = times.chosen(at)
                seconds = times.refresh_seconds(at, refresh_seconds)
                turns.append((at.today, seconds))
            chosen.append(filters(at))
            if wrong := choices.refusals():
                title = t("Not all of this address can be shown")
                board.show(board.notice("near", title, " ".join(wrong)), key="address")
    except WarehouseError as error:  # the content below says it, and tries again at its next turn
        failed.append(error)

    def draw() -> None:
        try:
            at = moments.moment(_viewer())
            if head.is_empty(at, needs):
                board.show(state_view.empty(at.health), key="empty")
                return
            if not chosen:
                if failed:
                    raise live.again(failed.pop())
                st.rerun()
            is_faded = about != "upkeep" and bool(head.warnings(at, about))
            if times:
                at = _looked_at(times, at, turns, refresh_seconds)
                is_faded = is_faded and not at.is_past
            with board.stale(is_faded), board.past(at.is_past):
                content(at, chosen[0])
        except WarehouseError as error:
            _log(error)
            board.show(state_view.trouble(error), key="trouble")

    st.fragment(draw, run_every=seconds)()


def _looked_at(
    times: Times, present: Moment, turns: list[tuple[date, float | None]], usual_seconds: float
) -> Moment:
    """The moment that a turn of the page shows, below its band.

    The whole page is drawn anew, with its filters, where the day is another, or how often it turns.
    """
    if len(turns) > 1:  # the first turn comes right after the whole page has taken its step
        times.turn(present)
    at = times.chosen(present)
    turns.append((at.today, times.refresh_seconds(at, usual_seconds)))
    if turns[-1] != turns[0]:
        st.rerun()
    del turns[2:]
    times.draw(present, at)
    return at


def _log(error: WarehouseError) -> None:
    """The details for whoever runs this, once a minute and not at every try of every tab."""
    text, told = str(error), time.monotonic()
    if told - _told.get(text, -LOG_SECONDS) >= LOG_SECONDS:
        _told.clear()
        _told[text] = told
        _LOG.warning("A page could not be drawn: %s", text)


def _viewer() -> access.Viewer:
    """Who looks, at a turn of a part of the page; whoever was signed out meanwhile gets the whole page anew."""
    try:
        return _viewer_in_reach(visit.viewer())
    except SignedOutError:
        st.rerun()


def _viewer_in_reach(viewer: access.Viewer) -> access.Viewer:
    """The viewer, from now on led to their own pages only."""
    board.reach(None if viewer.is_administrator else viewer.may_open)
    return viewer


def _head(title: str, part: Part) -> None:
    """The title, the clock, the age of the data and what keeps the page from showing the present.

    The browser asks after it every few seconds, however seldom the figures below it turn, and has it drawn anew by the mark.
    """
    viewer = _viewer()
    found = head.told(viewer, part)
    block: board.Block = {
        "kind": "head",
        "title": title,
        "late_seconds": head.LATE_HEAD_SECONDS,
        "turn_seconds": TURN_SECONDS,
        "every_seconds": head.HEAD_SECONDS,
        "href": part.href,
        "mark": found.mark,
        "drawn_seconds": int(
            time.monotonic()
        ),  # a block that stays the same is not sent, and would look late
        "clock_label": t("Local time"),
        **found.block,
    }
    board.show(block, key="head", turns=True)
    for notice in found.notices:
        board.show(notice, key=notice["key"])
    if found.alerts is not None:
        _alert_band(found.alerts, viewer)


def _alert_band(alerts: pl.DataFrame, viewer: access.Viewer) -> None:
    """What fires now, on every page, with a button for each alert that nobody has seen yet."""
    block = alert_view.band(alerts, at=clock.now())
    if block is None:
        return
    if not viewer.may_open("alerts"):
        block["more"] = None
    unseen = alert_view.unseen(alerts).to_dicts()
    if not unseen or not viewer.may_change(SEEN):
        board.show(block, key="alerts")
        return
    for place, row in enumerate(unseen):
        is_last = place == len(unseen) - 1
        name = f"{words.name(row['rule_name'])}, {alert_view.scope_text(row)}"
        button = {"key": _button_key(row), "label": t("Acknowledge {alert}", alert=name)}
        one = {**block, "items": [block["items"][place]], "more": block["more"] if is_last else None}
        with st.container(
            horizontal=True, gap="small", vertical_alignment="center", key=f"alert-line-{place}"
        ):
            board.show({**one, "button": button}, key=f"alerts-{place}" if place else "alerts")
            _acknowledge_button(row, viewer)


def _button_key(row: Mapping[str, Any]) -> str:
    return f"acknowledge-{row['rule_id']}-{row['scope_id']}-{row['firing_number']}"


def _acknowledge_button(row: Mapping[str, Any], viewer: access.Viewer) -> None:
    if st.button(t("Acknowledge"), icon=":material/check:", key=_button_key(row)):
        try:
            desk.change(
                viewer,
                SEEN,
                alert_saves.acknowledge,
                rule_id=row["rule_id"],
                scope_id=row["scope_id"],
                firing_number=row["firing_number"],
                note_text="",
                viewer_name=viewer.viewer_name,
                at=clock.now(),
            )
        except (AlertError, WarehouseError) as error:
            st.toast(str(error))
        else:
            st.toast(t("Acknowledged. The band says so within a few seconds."))
