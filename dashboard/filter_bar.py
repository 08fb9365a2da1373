"""The row of controls above a page: which days, compared with which, narrowed to what, and the views kept of it.

In: the moment, what the page offers to narrow, and its address. Out: the reader's `Filters`, and a line that says them.
The rule it guards: the address is all there is: whatever a control changes is written there first, and every control
stands where the address says; what in it is no longer there is left out and said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard import board, filters, saved_view_desk, words
from dashboard.filters import COMPARISONS, NAMES, NUMBERS, OLDEST_DAYS, OWN_DAYS, PERIODS, Filters, filters_of
from dashboard.ui import choices, kept, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

OFFERS = (
    "period",
    "comparison",
    "queue",
    "group",
    "team",
    "agent",
    "site",
    "channel",
    "topic",
    "hours",
)
BESIDE_COUNT = 2
"""How many lists stand in the row itself; the others are a click away."""

LIST_WIDTH = 168
"""Two stand side by side on a phone."""

ALL = "all"
Names = Mapping[tuple[str, Any], str]


def choose(
    at: Moment,
    *,
    offers: Sequence[str] | None = None,
    period_name: str = "today",
    page_name: str = "",
    unchosen_comparison: str = "",
    most_days: int | None = None,
) -> Filters:
    """Draws the controls for what the page offers, and gives what the reader has chosen of it.

    offers: what can be narrowed; without it, all that sums of the whole floor can be narrowed to by this reader.
    period_name: the period while the address names none. page_name: under which views are kept; the page's own path
    where it is empty. unchosen_comparison: what the page compares with while nothing is chosen, in words. most_days: how
    many of the last days the page shows, so that nothing is told of rows of the days before. What the address names and
    the page does not offer counts as not chosen.
    """
    page = page_name or urlsplit(st.context.url or "").path.rpartition("/")[2] or "page"
    saved = saved_view_desk.begin(at, page)
    if offers is None:
        offers = whose.offers_of_floor(at.viewer, OFFERS)
    names = _names(at)
    asked = filters_of(st.query_params, today=at.today, period_name=period_name)
    chosen, gone = _possible(asked, names, offers)
    _tell_misread(asked, gone)
    lists = [kind for kind in offers if kind in (*NUMBERS, *NAMES) and (_of(names, kind) or kind == "queue")]
    beside, more = lists[:BESIDE_COUNT], lists[BESIDE_COUNT:]
    has_hours = "hours" in offers and bool(_of(names, "schedule"))
    told = filters.described(chosen, names)
    if "period" not in offers:  # a page with days of its own: the bar's are not its days
        told = told.partition("; ")[2] or (t("all queues") if "queue" in offers else t("all agents"))
    board.show({"kind": "fold", "label": t("Change"), "text": told}, key="filter-fold")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="filter-bar"):
        if "period" in offers:
            _draw_period(chosen, at.today)
        if "comparison" in offers:
            _draw_comparison(chosen, unchosen_comparison)
        for kind in beside:
            _draw_list(kind, chosen, names)
        with st.container(horizontal=True, gap="small", width="content"):
            if more or has_hours:
                _draw_more(more, chosen, names, has_hours=has_hours)
            view = saved_view_desk.view_of(chosen)
            saved_view_desk.draw(at, page, saved, view)
            fixed = chosen.changed(period_name=OWN_DAYS).address()
            _draw_share(view, None if chosen.period_name == OWN_DAYS else {**view, **fixed})
    choices.tell_view(told)
    with st.container(key="filter-words"):
        st.caption(words.in_markdown(told))
    if "period" in offers:
        shown = chosen.last_days(most_days) if most_days else chosen
        window_start = shown.window(at.zone_name)["window_start"]
        kept.tell_deleted(at, kept.kinds_of_page(page), window_start)
    return chosen


def _names(at: Moment) -> dict[tuple[str, Any], str]:
    """What there is to narrow to: (kind, number or name) -> what it is called, in the order of the lists."""
    found = at.calm("call_names").select("kind_name", "name_id", "name_text").rows()
    return {
        (kind, number if kind in NUMBERS else text): words.name(text) if text or kind in NUMBERS else ""
        for kind, number, text in found
    }


def _of(names: Names, kind: str) -> dict[Any, str]:
    return {value: label for (one, value), label in names.items() if one == kind}


def _possible(asked: Filters, names: Names, offers: Sequence[str]) -> tuple[Filters, list[str]]:
    """What of the choices the page offers and the floor still has, and the kinds of which something is gone."""
    gone: list[str] = []
    changes: dict[str, Any] = {}
    for kind in (*NUMBERS, *NAMES):
        field = _field(kind)
        value = getattr(asked, field)
        if value is None:
            continue
        if kind not in offers:
            changes[field] = None
        elif (kind, value) not in names:
            changes[field] = None
            gone.append(kind)
    if "hours" not in offers or not _of(names, "schedule"):
        changes["is_business_hours"] = False
    if "comparison" not in offers:
        changes["comparison_name"] = None
    return asked.changed(**changes), gone


def _field(kind: str) -> str:
    return f"{kind}_id" if kind in NUMBERS else f"{kind}_name"


def _write(chosen: Filters) -> None:
    """Puts the choices into the address, all of them, and leaves alone what else stands there."""
    st.query_params.from_dict(filters.beside(st.query_params.to_dict()) | chosen.address())


# ---- the controls ----


def _draw_period(chosen: Filters, today: date) -> None:
    labels = filters.period_words()
    choices.preset("filter-period", chosen.period_name)
    st.selectbox(
        t("Period"),
        list(labels),
        format_func=labels.__getitem__,
        key="filter-period",
        on_change=_keep_period,
        args=(chosen, today),
        width=LIST_WIDTH,
    )
    if chosen.period_name != OWN_DAYS:
        return
    with st.container(horizontal=True, gap="small", width="content"):  # the two stay together
        for end, label in (("first_date", t("From")), ("last_date", t("To"))):
            choices.preset(f"filter-{end}", getattr(chosen, end))
            st.date_input(
                label,
                min_value=today - timedelta(days=OLDEST_DAYS),
                max_value=today,
                format="DD/MM/YYYY",
                key=f"filter-{end}",
                on_change=_keep_day,
                args=(chosen, end),
                width=LIST_WIDTH,
            )


def _keep_period(chosen: Filters, today: date) -> None:
    name = choices.picked("filter-period")
    days = PERIODS[name](today) if name in PERIODS else (chosen.first_date, chosen.last_date)
    _write(chosen.changed(period_name=name, first_date=days[0], last_date=days[1]))


def _keep_day(chosen: Filters, end: str) -> None:
    """Takes the day; the other end goes with it where it would lie on the wrong side or too far away."""
    found = choices.picked(f"filter-{end}")
    if found is None:
        return
    first, last = (found, chosen.last_date) if end == "first_date" else (chosen.first_date, found)
    longest = timedelta(days=filters.LONGEST_DAYS - 1)
    if first > last or last - first > longest:
        near = found + longest if end == "first_date" else found - longest
        other = found if first > last else near
        first, last = (found, other) if end == "first_date" else (other, found)
    _write(chosen.changed(first_date=first, last_date=last))


def _draw_comparison(chosen: Filters, unchosen: str) -> None:
    labels = {ALL: unchosen or t("nothing"), **filters.comparison_words(chosen)}
    _draw_select(
        "comparison", t("Compared with"), labels, chosen.comparison_name or ALL, chosen, width=LIST_WIDTH
    )


def _draw_list(kind: str, chosen: Filters, names: Names, *, width: int | str = LIST_WIDTH) -> None:
    """A list of names that can be searched by typing; the first stands for all."""
    found = _of(names, kind)
    labels = {ALL: t("All"), **{f"={value}": label or t("(none)") for value, label in found.items()}}
    value = getattr(chosen, _field(kind))
    title = filters.kind_words()[kind].capitalize()
    _draw_select(kind, title, labels, ALL if value is None else f"={value}", chosen, width=width)


def _draw_select(
    kind: str, title: str, labels: Mapping[str, str], value: str, chosen: Filters, *, width: Any
) -> None:
    choices.preset(f"filter-{kind}", value)
    st.selectbox(
        title,
        list(labels),
        format_func=lambda one: labels.get(one, one),
        key=f"filter-{kind}",
        on_change=_keep_choice,
        args=(kind, chosen),
        width=width,
    )


def _keep_choice(kind: str, chosen: Filters) -> None:
    picked = str(choices.picked(f"filter-{kind}") or ALL)
    if kind == "comparison":
        _write(chosen.changed(comparison_name=picked if picked in COMPARISONS else None))
        return
    value: Any = picked.removeprefix("=") if picked != ALL else None
    _write(chosen.changed(**{_field(kind): int(value) if value and kind in NUMBERS else value}))


def _draw_more(kinds: Sequence[str], chosen: Filters, names: Names, *, has_hours: bool) -> None:
    count = sum(getattr(chosen, _field(kind)) is not None for kind in kinds) + chosen.is_business_hours
    label = t("Filters ({n})", n=words.number(count)) if count else t("Filters")
    with st.popover(label, icon=":material/filter_alt:", key="filter-more"):
        for kind in kinds:
            _draw_list(kind, chosen, names, width="stretch")
        if has_hours:
            choices.preset("filter-hours", chosen.is_business_hours)
            st.toggle(
                t("Business hours only"),
                key="filter-hours",
                help=t("Contacts offered while the queue's timetable is open."),
                on_change=_keep_hours,
                args=(chosen,),
            )
        if count:
            st.button(t("Show all again"), key="filter-clear", on_click=_clear, args=(chosen, kinds))


def _keep_hours(chosen: Filters) -> None:
    _write(chosen.changed(is_business_hours=bool(choices.picked("filter-hours"))))


def _clear(chosen: Filters, kinds: Sequence[str]) -> None:
    _write(chosen.changed(is_business_hours=False, **{_field(kind): None for kind in kinds}))


def _tell_misread(asked: Filters, gone: Sequence[str]) -> None:
    """Notes what of the address cannot be, or is no longer there; the page tells it below the filters."""
    params = st.query_params.to_dict()
    choices.accept("period", "from", "to", "compare", "hours", *NUMBERS, *NAMES)
    for one in filters.misread(params, asked):
        choices.refuse(one.key, one.text, expected=one.expected, shown=one.shown)
    for kind in gone:
        choices.refuse(
            kind,
            params[kind],
            expected=t("a {kind} that is still there", kind=filters.kind_words()[kind]),
            shown=t("all"),
        )


def draw_own(at: Moment, page_name: str, kept: Sequence[saved_view_desk.View]) -> None:
    """The buttons Views and Share alone, for a page with controls of its own; kept: what `saved_view_desk.begin` gave."""
    view = saved_view_desk.view_here()
    with st.container(horizontal=True, gap="small", width="content"):
        saved_view_desk.draw(at, page_name, kept, view)
        _draw_share(view, None)


def _draw_share(view: Mapping[str, str], fixed: Mapping[str, str] | None) -> None:
    """The address to copy: as it stands, and with its days fixed where they move on with the calendar."""
    with st.popover(t("Share"), icon=":material/link:", key="filter-share"):
        base = st.context.url or ""
        if fixed is None:
            st.caption(t("The address of this view"))
            st.code(f"{base}?{urlencode(view)}", language=None, wrap_lines=True)
            return
        st.caption(t("The address of this view; its days move on with the calendar"))
        st.code(f"{base}?{urlencode(view)}", language=None, wrap_lines=True)
        st.caption(t("The same with these days for good"))
        st.code(f"{base}?{urlencode(fixed)}", language=None, wrap_lines=True)
