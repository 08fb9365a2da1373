"""What the reader chooses: kept in the page's address, so that a view can be shared, bookmarked and printed.

In: the choices that a page offers. Out: the one that was made, in the address and in words.
The rule it guards: what comes from the address counts only when it is on a list; what does not leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import streamlit as st

from dashboard import downloads, filters, words
from dashboard.words import t

REFUSED = "address-refused"


def choice(
    label: str, options: Mapping[str, str], *, key: str, kind: Literal["segments", "list"] = "segments"
) -> str:
    """The reader's choice among `options` (value -> label), kept in the address line; the first one stands
    for all.

    A value in the address that is not among the options counts as the first, leaves the address, and is told.
    """
    values = list(options)
    asked = st.query_params.get(key, values[0])
    if asked not in options:
        st.query_params.pop(key)
        known = [value for value in values if value != "own"]
        refuse(key, asked, expected=t("one of {names}", names=", ".join(known)), shown=options[values[0]])
    elif key in st.query_params:
        accept(key)
    start = asked if asked in options else values[0]
    draw: Any = st.segmented_control if kind == "segments" else st.selectbox
    preset = (
        {"default": start, "wrap": True} if kind == "segments" else {"index": values.index(start)}
    )  # on a phone no choice is cut off
    found = draw(
        label,
        values,
        label_visibility="collapsed",
        format_func=lambda value: options[value],
        key=f"choice-{key}",
        on_change=_keep_in_address,
        args=(key, f"choice-{key}", values[0]),
        **preset,
    )
    return str(found) if found in options else values[0]


def search(label: str, *, key: str, hint: str) -> str:
    """The reader's search text, at most 60 characters, kept in the address line."""
    found = st.text_input(
        label,
        label_visibility="collapsed",
        icon=":material/search:",
        value=st.query_params.get(key, "")[:60],
        max_chars=60,
        placeholder=hint,
        key=f"search-{key}",
        on_change=_keep_in_address,
        args=(key, f"search-{key}", ""),
    )
    return (found or "").strip()


def day(label: str, *, today: date, key: str = "day") -> date:
    """The local day the reader looks at, today unless the address names an earlier one, with a day back and
    forth."""
    widget = f"day-{key}"
    first = today - timedelta(days=3660)
    if widget not in st.session_state:
        st.session_state[widget] = _asked_day(key, first, today)
    elif st.session_state[widget] is None or st.session_state[widget] > today:
        st.session_state[widget] = today
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        current: date = st.session_state[widget]
        st.date_input(
            label,
            label_visibility="collapsed",
            min_value=first,
            max_value=today,
            format="DD/MM/YYYY",
            key=widget,
            on_change=_keep_in_address,
            args=(key, widget, today),
            width=170,
        )
        with st.container(horizontal=True, gap="small", width="content"):  # the two stay together
            for name, icon, days, ends in (
                (t("Previous day"), "chevron_left", -1, current <= first),
                (t("Next day"), "chevron_right", 1, current >= today),
            ):
                st.button(
                    name,
                    icon=f":material/{icon}:",
                    key=f"{widget}-{icon}",
                    disabled=ends,
                    on_click=_move_day,
                    args=(key, widget, days, today),
                )
    return current


def _asked_day(key: str, first: date, today: date) -> date:
    """The day that the address names; one that cannot be shown leaves the address and counts as today."""
    text = st.query_params.get(key)
    if text is None:
        return today
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = None
    if asked is None or not first <= asked <= today:
        st.query_params.pop(key)
        refuse(key, text, expected=t("a day such as 2026-11-20, not after today"), shown=words.day(today))
        return today
    return asked


def _move_day(key: str, widget: str, days: int, today: date) -> None:
    st.session_state[widget] = min(today, words.shifted_day(st.session_state[widget], days))
    _keep_in_address(key, widget, today)


def _keep_in_address(key: str, widget: str, default: object) -> None:
    accept(key)
    found = st.session_state[widget]
    if found is None or found == default or found == "":
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = found.isoformat() if isinstance(found, date) else str(found)


def address(key: str, options: list[str]) -> str:
    """Which of the options the address names; the first one where it names none."""
    found = st.query_params.get(key, options[0])
    return found if found in options else options[0]


def number_in_address(key: str) -> int | None:
    """The whole number that the address names under this key; what is none leaves the address."""
    text = st.query_params.get(key)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    st.query_params.pop(key)
    refuse(key, text, expected=t("a number"), shown=t("the whole page"))
    return None


def refuse(key: str, text: str, *, expected: str, shown: str) -> None:
    """Notes that the address said something that cannot be, so that the page tells it; until something is chosen there."""
    sentence = t(
        "“{key}={text}” cannot be shown; expected {expected}. Shown instead: {shown}.",
        key=key,
        text=text[:60],
        expected=expected,
        shown=shown,
    )
    path = urlsplit(st.context.url or "").path
    st.session_state[REFUSED] = {**st.session_state.get(REFUSED, {}), key: (path, sentence)}


def accept(*keys: str) -> None:
    """Forgets what was wrong under these keys of the address."""
    told = st.session_state.get(REFUSED, {})
    st.session_state[REFUSED] = {key: found for key, found in told.items() if key not in keys}


def refusals() -> list[str]:
    """What of this page's address could not be shown, one sentence each."""
    path = urlsplit(st.context.url or "").path
    return [sentence for place, sentence in st.session_state.get(REFUSED, {}).values() if place == path]


def lead_to(key: str, chosen: int | str | None) -> None:
    """Shows the page with this number or name under that key of its address, or without the key."""
    if chosen is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(chosen)
    st.rerun()


def open_view(address: Mapping[str, str]) -> None:
    """Lets the page's next run show this address, wherever its widgets stand; for what is done at a widget's change."""
    for key in [str(key) for key in st.session_state]:
        if key.startswith(("choice-", "search-", "day-")):
            del st.session_state[key]
    st.query_params.from_dict(dict(address))


def preset(widget_name: str, value: object) -> None:
    """Lets a widget stand at this value when it is drawn next, wherever its reader had put it."""
    st.session_state[widget_name] = value


def picked(widget_name: str) -> Any:
    """What the reader has just chosen in a widget, for what is done at its change."""
    return st.session_state.get(widget_name)


def tell_view(text: str) -> None:
    """Keeps the view in words, for the files that are taken along while the address says the same."""
    st.session_state["view-words"] = (_chosen_here(), text)


def view_words() -> str:
    """What is chosen, in words where the filter bar has told them; what else the address says stands after them."""
    params = st.query_params.to_dict()
    others = filters.beside(params)
    chosen, text = st.session_state.get("view-words", (None, ""))
    if chosen != _chosen_here():
        return downloads.view_of(params)
    return "; ".join([text, downloads.view_of(others)] if others else [text])


def _chosen_here() -> tuple[str, frozenset[tuple[str, str]]]:
    """The page, and what its address says of days and of what is left in it."""
    params = st.query_params.to_dict()
    path = urlsplit(st.context.url or "").path
    return path, frozenset(params.items() - filters.beside(params).items())
