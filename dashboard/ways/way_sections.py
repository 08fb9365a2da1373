"""The sections of the page of ways: channels, self-service, callbacks, transfers, campaigns.

In: the moment of the page, the reader's choices, and which rows the address asks for. Out: tiles, tables and files.
The rule it guards: a number's rows open on the same page below it, asked with the same window and the same narrowing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import streamlit as st

from dashboard import board
from dashboard.filters import Filters
from dashboard.ui import take_along, whose
from dashboard.ui.moments import Moment
from dashboard.ways import outreach_view, way_view
from dashboard.ways.way_queries import callback_totals
from dashboard.words import t

STEP_SECONDS = 30
NOTHING_OF = {"channels", "self-service", "campaigns"}
"""Sections whose rows belong to no queue: they are narrowed by the period alone."""


def titles() -> dict[str, str]:
    """The sections by their name in the address."""
    return {
        "channels": t("Channels"),
        "self-service": t("Self-service"),
        "callbacks": t("Callbacks"),
        "transfers": t("Transfers"),
        "campaigns": t("Campaigns"),
    }


def asked(*names: str) -> dict[str, str]:
    """What the address says of these, each at most 200 characters."""
    return {name: str(st.query_params[name])[:200] for name in names if name in st.query_params}


def channels(at: Moment, view: Filters) -> None:
    """What came through which channel."""
    found = at.calm("channels", **view.window(at.zone_name), as_of=_instant(at))
    dialled = int(at.calm("campaigns", **view.window(at.zone_name))["connected_calls"].sum())
    tiles = way_view.channel_tiles(found, view, dialled_calls=dialled)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    board.show(way_view.channel_table(found, view), key="channels")
    take_along.download(found, file_name="channels.csv", zone_name=at.zone_name)


def self_service(at: Moment, view: Filters) -> None:
    """The ways through menus and bots, and the visits behind one of them."""
    window = view.window(at.zone_name)
    flows = at.calm("self_service_flows", **window)
    said = {"channel": "channel_name", "flow": "flow_name", "way": "choices_text", "outcome": "outcome_name"}
    chosen = {said[key]: text for key, text in asked(*said).items()}
    board.show(way_view.flow_table(flows, _address(view, "self-service")), key="flows")
    if not flows.height:
        return
    take_along.download(flows, file_name="self-service.csv", zone_name=at.zone_name)
    if chosen:
        visits = at.calm("self_service_rows", **window, **chosen)
        board.show(way_view.visit_table(visits, zone_name=at.zone_name), key="visits")
        take_along.download(visits, file_name="visits.csv", zone_name=at.zone_name)


def callbacks(at: Moment, view: Filters) -> None:
    """Callbacks and their promises, and the requests behind a number."""
    given = {**view.window(at.zone_name), "as_of": _instant(at), **view.narrowed("queue_id", "group_name")}
    asked_for = at.calm("callback_requests", **given)
    totals = callback_totals(asked_for)
    state = asked("state").get("state", "all")
    whose.tell(at)
    promised = outreach_view.promise_word(asked_for)
    tiles = outreach_view.callback_tiles(totals, _address(view, "callbacks"), promised=promised)
    board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    requests = outreach_view.of_state(asked_for, state)
    board.show(outreach_view.callback_table(requests, state=state, zone_name=at.zone_name), key="requests")
    take_along.download(requests, file_name="callbacks.csv", zone_name=at.zone_name)


def transfers(at: Moment, view: Filters) -> None:
    """Who passes on to whom, and the handovers behind a number."""
    given = {**view.window(at.zone_name), **view.narrowed("queue_id", "group_name")}
    passed = at.calm("transfers", **given)
    whose.tell(at)
    board.show(way_view.transfer_table(passed, _address(view, "transfers")), key="transfers")
    if not passed.height:
        return
    said = asked("to", "kept")
    passed = way_view.handovers(passed, to=said.get("to"), kept=said.get("kept", ""))
    board.show(way_view.transfer_rows(passed, zone_name=at.zone_name), key="handovers")
    take_along.download(passed, file_name="transfers.csv", zone_name=at.zone_name)


def campaigns(at: Moment, view: Filters) -> None:
    """What campaigns reached, and the attempts behind a number."""
    window = view.window(at.zone_name)
    found = at.calm("campaigns", **window)
    if found.height:
        tiles = outreach_view.campaign_tiles(found, _address(view, "campaigns"))
        board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    board.show(outreach_view.campaign_table(found, _address(view, "campaigns")), key="campaigns")
    if not found.height:
        return
    take_along.download(found, file_name="campaigns.csv", zone_name=at.zone_name)
    said = asked("campaign", "outcome", "of")
    if said:
        chosen = {f"{name}_name": text for name, text in said.items() if text}
        attempts = at.calm("attempt_rows", **window, **chosen)
        whose.tell_rows(at)
        board.show(outreach_view.attempt_table(attempts, zone_name=at.zone_name), key="attempts")
        take_along.download(attempts, file_name="attempts.csv", zone_name=at.zone_name)


SECTIONS: Mapping[str, Callable[[Moment, Filters], None]] = {
    "channels": channels,
    "self-service": self_service,
    "callbacks": callbacks,
    "transfers": transfers,
    "campaigns": campaigns,
}


def _address(view: Filters, section: str) -> dict[str, str]:
    return {**view.address(), "section": section}


def _instant(at: Moment) -> datetime:
    """On the half minute, so that all tabs share the answer."""
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)
