"""The three faces of the page Contacts: the rows behind a number, a search, and one contact's journey.

In: the moment of the page, and what its address says. Out: tiles, tables and files on the page.
The rule it guards: the address says everything, so that a list can be shared; what in it cannot be counts as not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from dashboard import board, filter_bar, filters, words
from dashboard.contacts import (
    address_check,
    journey_view,
    made_row_view,
    recording_view,
    row_queries,
    row_view,
    search_view,
)
from dashboard.contacts.recording_rules import rules_of
from dashboard.filters import Filters, filters_of
from dashboard.loading import kept_view
from dashboard.tickets import ticket_change_view, ticket_rows_view
from dashboard.ui import choices, kept, take_along, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

PAGE_ROWS = 50
EAGER_ROWS = 2_000
"""Up to so many rows a list is made ready for download at once; a longer one when somebody asks for it."""

STEP_SECONDS = 30
NARROWED: Mapping[str, tuple[str, ...]] = {
    "calls": filters.NARROWING,
    "agent_calls": filters.NARROWING,
    "states": ("team_id", "site_name", "agent_id"),
    "tickets": ("group_name", "channel_name", "team_id", "site_name", "agent_id"),
    "surveys": filters.NARROWING,
    "reviews": ("queue_id", "team_id", "site_name", "agent_id"),
    "live": ("queue_id", "group_name"),
    **dict.fromkeys(("shifts", "pauses", "strains"), ("team_id", "site_name", "agent_id")),
    **dict.fromkeys(("given", "rings", "intervals"), filters.NARROWING),
    "forecasts": ("queue_id", "group_name"),
    "live_agents": ("queue_id",),
}
"""What narrows each kind of rows; anything else in the address does not narrow the number either."""

SEARCH_OFFERS = ("period", "queue", "agent", "team", "group", "channel", "topic")


def params() -> dict[str, str]:
    """What the address says."""
    return {str(key): str(value) for key, value in st.query_params.to_dict().items()}


def tell_unread(at: Moment) -> None:
    """Notes what of a list's address cannot be, so that the page tells it above the list; a search has its own bar."""
    said = params()
    if "of" not in said:
        choices.accept(*address_check.KEYS)
        return
    wrong = address_check.unread(said, filters_of(said, today=at.today), at.now)
    choices.accept(*(key for key in {*said, *address_check.KEYS} if key not in wrong))
    for key, (expected, shown) in wrong.items():
        choices.refuse(key, said[key], expected=expected, shown=shown)


def instant(at: Moment) -> datetime:
    """The instant a run asks about: on the half minute, so that all tabs share the answer."""
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)


def behind(at: Moment, of_name: str) -> None:
    """The rows behind a number: the number again, its list, a way back, and the whole as a file."""
    asked_for = params()
    wrong = address_check.unread(asked_for, filters_of(asked_for, today=at.today), at.now)
    said = {key: text for key, text in asked_for.items() if key not in wrong}
    kind = _kind(of_name, said)
    board.show(row_view.trail(row_view.way(t("Back"), "contacts", is_back=True)), key="back")
    if kind is None:
        board.show(row_view.no_rows_of(of_name), key="no-rows")
        return
    view = filters_of(said, today=at.today)
    question, asked = question_of(said, at) or ("", {})
    total = at.calm(f"{question}_count", **asked).row(0, named=True)
    number = row_view.number_block(of_name, total)
    if wrong:
        number["more"] = t("Not the number of the page: a part of this address cannot be read.")
    kinds = [kept_view.KINDS_OF_ROWS[kind]] if kind in kept_view.KINDS_OF_ROWS else []
    deleted = kept.deleted_notice(at, kinds, asked.get("window_start", asked.get("as_of")))
    if deleted is not None and not wrong:
        number["more"] = t(
            "Of the rows that are still there: older ones are part of the page's number alone."
        )
    if not whose.sees_everybody(at.viewer) and not wrong:
        number["more"] = t(
            "Of the rows that you may see; a number of the whole floor counts those of others, too."
        )
    board.show(number, key="number")
    whose.tell_rows(at)
    if deleted is not None:
        board.show(deleted, key="deleted-days")
    order = _order(of_name, said)
    rows = at.calm(question, **asked, limit_rows=PAGE_ROWS, after_text=said.get("after"), order_name=order)
    text = _view_text(at, kind, view, said, asked)
    is_first = "after" not in said
    board.show(row_view.heading(total, text, shown=rows.height, is_first=is_first), key="heading")
    board.show(
        row_view.rows_table(
            kind,
            rows,
            of_name=of_name,
            zone_name=at.zone_name,
            said=said,
            is_part=not whose.sees_everybody(at.viewer),
        ),
        key="rows",
    )
    _ways(rows, total["found_rows"], said, order=order)
    _whole(
        at,
        question,
        asked,
        total["found_rows"],
        name=f"{of_name}-rows",
        title=row_view.label_of(of_name),
        text=text,
    )


def question_of(said: Mapping[str, str], at: Moment) -> tuple[str, dict[str, Any]] | None:
    """The question behind the number that an address names, with its arguments; None where the number has no rows."""
    kind = _kind(said.get("of", ""), said)
    if kind is None:
        return None
    asked = {"of_name": said["of"], **_asked(kind, filters_of(said, today=at.today), said, at)}
    return "call_rows" if kind == "calls" else f"{kind.removesuffix('s')}_rows", asked


def _kind(of_name: str, said: Mapping[str, str]) -> str | None:
    kind = row_queries.kind_of(of_name)
    if "as_of" in said and kind == "calls" and _instant(said, "as_of"):
        return "live"
    if said.get("by") == "answer" and kind == "calls":
        return "agent_calls"
    return kind


def _asked(kind: str, view: Filters, said: Mapping[str, str], at: Moment) -> dict[str, Any]:
    """The arguments of the question behind a number of this kind: window, narrowing, and what only this kind has."""
    narrowed = view.narrowed(*NARROWED[kind])
    as_of = _instant(said, "as_of")
    if kind in ("live", "live_agents"):
        last = _numbers(said, last_seconds="last") if kind == "live" else {}
        return {"as_of": as_of or instant(at), **narrowed, **last}
    if kind == "forecasts":
        days = {"first_date": view.first_date, "last_date": view.last_date, "as_of": as_of or instant(at)}
        return {**days, **narrowed, **_numbers(said, of_queue_id="of_queue")}
    made = {**_window(view, said, at), **narrowed}
    if kind not in ("calls", "agent_calls", "intervals", "states", "reviews"):
        made["as_of"] = as_of or instant(at)
    if kind in ("calls", "intervals"):
        made |= _numbers(said, threshold_seconds="threshold")
        made |= _texts(said, formula_name="formula")
        made |= {"known_at": known} if (known := _instant(said, "known")) else {}
    if kind == "calls":
        made |= _numbers(
            said,
            wait_from_seconds="wait_from",
            wait_to_seconds="wait_to",
            weekday_number="weekday",
            interval_start_seconds="quarter",
        )
    if kind == "tickets":
        made |= ticket_rows_view.asked(said)
    if kind in ("states", "pauses"):
        made |= _texts(said, reason_name="reason")
    if kind == "surveys":
        made |= {"is_by_answer": True} if said.get("by") == "answer" else {}
    return made


def _window(view: Filters, said: Mapping[str, str], at: Moment) -> dict[str, datetime]:
    """The days of the view, or one stretch that the address names; of a page of the past nothing that came after it."""
    window = view.window(at.zone_name)
    start, end, known = (_instant(said, key) for key in ("start", "end", "known"))
    if start and end and start < end:
        window = {"window_start": start, "window_end": end}
    if known:
        window["window_end"] = max(window["window_start"], min(window["window_end"], known))
    return window


def _instant(said: Mapping[str, str], key: str) -> datetime | None:
    try:
        return words.parsed_instant(said[key]) if key in said else None
    except words.WordsError:
        return None


def _numbers(said: Mapping[str, str], **keys: str) -> dict[str, int]:
    found = {name: said.get(key, "") for name, key in keys.items()}
    return {
        name: int(text)
        for name, text in found.items()
        if text.isascii() and text.isdigit() and len(text) <= 6
    }


def _texts(said: Mapping[str, str], **keys: str) -> dict[str, str]:
    return {name: said[key][:200] for name, key in keys.items() if key in said}


def _order(of_name: str, said: Mapping[str, str]) -> str:
    if row_view.is_longest(of_name):
        return "amount"
    usual = "counted" if row_view.is_share(of_name) else "time"
    return said["order"] if said.get("order") in row_queries.ORDERS else usual


def _view_text(
    at: Moment, kind: str, view: Filters, said: Mapping[str, str], asked: Mapping[str, Any]
) -> str:
    """The view in words: its days or instants, and what narrows it."""
    left: dict[str, Any] = {name: None for name in filters.NARROWING if name not in NARROWED[kind]}
    left |= {"is_business_hours": view.is_business_hours if "is_business_hours" in NARROWED[kind] else False}
    text = filters.described(view.changed(**left, comparison_name=None), _names(at))
    span, _, narrowing = text.partition("; ")
    if kind in ("live", "live_agents"):
        span = t("As it stood at {instant}", instant=words.instant(asked["as_of"], at.zone_name))
    elif _instant(said, "start") and asked["window_start"] == _instant(said, "start"):
        ends = (words.instant(asked[name], at.zone_name) for name in ("window_start", "window_end"))
        span = " – ".join(ends)
    more = {
        "formula": t("formula"),
        "threshold": t("threshold"),
        "reason": t("reason"),
    }
    told = [f"{word} {said[key]}" for key, word in more.items() if key in said]
    if kind == "tickets":
        span = (
            ticket_rows_view.span(
                asked, is_standing=row_queries.is_standing(asked["of_name"]), zone_name=at.zone_name
            )
            or span
        )
        told += ticket_rows_view.told(asked)
    told += made_row_view.told(kind, said, asked.get("known_at"), zone_name=at.zone_name)
    if {"wait_from", "wait_to"} & said.keys():
        told.append(
            t("wait from {low} to {high} s", low=said.get("wait_from", "0"), high=said.get("wait_to", "∞"))
        )
    return "; ".join(part for part in [span, narrowing, *told] if part)


def _names(at: Moment) -> dict[tuple[str, Any], str]:
    found = at.calm("call_names").select("kind_name", "name_id", "name_text").rows()
    return {
        (kind, text if number is None else number): words.name(text) if text else ""
        for kind, number, text in found
    }


def _ways(rows: pl.DataFrame, found_rows: int, said: Mapping[str, str], *, order: str | None) -> None:
    """Ways on from a list: its first page, its next one, and the other order."""
    kept = {key: value for key, value in said.items() if key not in ("after", "whole")}
    ways = []
    if "after" in said:
        ways.append(row_view.way(t("First page"), f"?{urlencode(kept)}"))
    if rows.height == PAGE_ROWS < found_rows:
        following = {**kept, "after": rows["row_text"][-1]}
        ways.append(row_view.way(t("Next {n} rows", n=words.number(PAGE_ROWS)), f"?{urlencode(following)}"))
    is_weighed = said.get("of", "").endswith("_seconds") and not row_view.is_longest(said["of"])
    if order is not None and found_rows > 1 and is_weighed:
        other = "amount" if order == "time" else "time"
        label = t("Largest first") if other == "amount" else t("Newest first")
        ways.append(row_view.way(label, f"?{urlencode({**kept, 'order': other})}"))
    if ways:
        board.show(row_view.trail(*ways), key="ways")


def _whole(
    at: Moment,
    question: str,
    asked: Mapping[str, Any],
    found_rows: int,
    *,
    name: str,
    title: str,
    text: str,
) -> None:
    """The whole list as a file: at once where it is short, else when somebody asks for it."""
    said = params()
    if not found_rows:
        return
    if found_rows > EAGER_ROWS and said.get("whole") != "1":
        most = min(found_rows, row_queries.WHOLE_ROWS)
        label = t("Prepare all {n} rows for download", n=words.number(most))
        board.show(row_view.trail(row_view.way(label, f"?{urlencode({**said, 'whole': '1'})}")), key="whole")
        return
    frame = at.calm(question, **asked, limit_rows=row_queries.WHOLE_ROWS)
    take_along.download(
        frame.drop("row_text"),
        file_name=f"{name}.csv",
        zone_name=at.zone_name,
        title=title,
        view_text=text,
    )


# ---- search ----


def search_filters(at: Moment) -> tuple[Filters, dict[str, Any], str]:
    """The controls of the search; gives the view, the arguments of the question, and the text that was typed."""
    said = params()
    with st.container(width=520):
        text = choices.search(
            t("Find a call, contact or ticket"), key="text", hint=t("Id of a call, contact or ticket")
        )
    view = filter_bar.choose(at, offers=SEARCH_OFFERS, page_name="contacts")
    chosen = {}
    offered = search_view.choices()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="search-filters"):
        for key in search_view.BESIDE:
            chosen[key] = _list(key, offered[key])
        more = [key for key in offered if key not in search_view.BESIDE]
        count = sum(key in said for key in more)
        label = (
            t("More about the contact ({n})", n=words.number(count)) if count else t("More about the contact")
        )
        with st.popover(label, icon=":material/tune:", key="search-more"):
            for key in more:
                chosen[key] = _list(key, offered[key])
    customer = said.get("customer", "")
    typed = customer if search_view.CUSTOMER_KEY.fullmatch(customer) else text
    return view, search_view.arguments(chosen, typed), typed


def _list(key: str, offered: tuple[str, dict[str, str]]) -> str:
    label, options = offered
    with st.container(width=168):
        return choices.choice(label, options, key=key, kind="list")


def search(at: Moment, view: Filters, asked: Mapping[str, Any], text: str) -> None:
    """What the search found, by pages, and the whole as a file."""
    said = params()
    narrowed = view.narrowed(
        *(name for name in filters.NARROWING if name not in ("site_name", "is_business_hours"))
    )
    given = {**view.window(at.zone_name), **narrowed, **asked}
    whose.tell(at)
    rows = at.calm("contact_search", **given, limit_rows=PAGE_ROWS, after_text=said.get("after"))
    found = at.calm("contact_search_count", **given)
    if search_view.looks_like_a_number(text) and not rows.height:
        board.show(search_view.number_notice(), key="number-notice")
    total = found["found_rows"][0]
    if not total:
        board.show(search_view.nothing_found(text), key="nothing")
        return
    board.show(search_view.found_heading(found, shown=rows.height), key="found")
    board.show(search_view.found_table(rows, zone_name=at.zone_name), key="rows")
    _ways(rows, total, said, order=None)
    title = t("Calls and tickets")
    _whole(
        at,
        "contact_search",
        given,
        total,
        name="contacts",
        title=title,
        text=filters.described(view, _names(at)),
    )


# ---- one contact ----


def journey(at: Moment, contact_id: str, source_name: str | None) -> None:
    """One contact from first to last: its parts to scale, where they come from, what was said, the customer's others."""
    board.show(row_view.trail(row_view.way(t("Back"), "contacts", is_back=True)), key="back")
    if source_name is None:
        sources = at.calm("contact_sources", contact_id=contact_id)
        if sources.height > 1:
            board.show(journey_view.several(contact_id, sources, zone_name=at.zone_name), key="several")
            return
    whose = {"contact_id": contact_id, **({"source_name": source_name} if source_name else {})}
    found = at.calm("contact_journey", **whose)
    if found.is_empty():
        board.show(journey_view.unknown(contact_id, source_name), key="unknown")
        kept.tell_deleted(at, kept.kinds_of_page("contacts"), kept.EVER)
        return
    board.show(journey_view.journey_heading(contact_id, found, zone_name=at.zone_name), key="heading")
    if found.filter(pl.col("outcome_name").is_in(["waiting", "in_progress"])).height:
        board.show(journey_view.in_progress_notice(), key="in-progress")
    runs = at.calm("contact_runs", **whose)
    board.show(
        journey_view.journey_block(found, runs, zone_name=at.zone_name, as_of=instant(at)), key="journey"
    )
    if found.filter(pl.col("kind_name") == "call").height:
        recordings = at.calm("contact_recordings", **whose)
        rules = rules_of(next(iter(at.calm("recording_rules").to_dicts()), None))
        table = recording_view.recording_table(recordings, rules, zone_name=at.zone_name, as_of=at.now)
        board.show(table, key="recordings")
    for row in found.filter(pl.col("kind_name") == "ticket").iter_rows(named=True):
        ticket = {"source_name": row["source_name"], "ticket_id": row["record_id"]}
        changes = at.calm("ticket_changes", **ticket)
        table = ticket_change_view.change_table(changes, zone_name=at.zone_name)
        board.show(table, key=f"changes-{row['source_name']}-{row['record_id']}")
    remarks = at.calm("contact_remarks", **whose)
    board.show(journey_view.remark_table(remarks, zone_name=at.zone_name), key="remarks")
    _others(at, found)
    take_along.download(
        found.drop("customer_key"), file_name="contact-journey.csv", zone_name=at.zone_name,
        title=t("Contact {id}", id=contact_id), view_text=source_name or "",
    )  # fmt: skip


def _others(at: Moment, found: pl.DataFrame) -> None:
    keys = found["customer_key"].drop_nulls().unique(maintain_order=True).to_list()
    if not keys:
        board.show(journey_view.nobody_known(), key="nobody")
        return
    since = instant(at) - timedelta(days=journey_view.DAYS)
    contacts = pl.concat(at.calm("customer_contacts", customer_key=key, since_at=since) for key in keys)
    others = journey_view.others_of(contacts, found)
    board.show(journey_view.others_table(others, found, zone_name=at.zone_name), key="others")
