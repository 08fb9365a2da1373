"""The desk of the page Quality: sample, reviews, coaching notes and forms, outside of the page's refresh.

In: what the address names, what a person types. Out: reviews, notes, forms and samples that are kept; the page drawn anew.
The rule it guards: a refusal is told where it stands, with nothing saved and nothing typed lost.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import streamlit as st

from dashboard import board
from dashboard.quality import (
    coaching_desk,
    form_desk,
    review_book,
    review_desk,
    sample_desk,
)
from dashboard.quality.quality_desk_view import no_forms
from dashboard.quality.quality_sections import last_week
from dashboard.ui import choices, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

PARTS = ("review", "coaching", "forms")


def show() -> None:
    """The part of the desk that the address names; where the warehouse fails, the page above says so."""
    view = st.query_params.get("view")
    if view not in PARTS:
        return
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        _tell_outcome()
        {"review": _review, "coaching": coaching_desk.show, "forms": form_desk.show}[view](at, do)


def _review(at: Moment, keep: Callable[..., None]) -> None:
    if (number := choices.number_in_address("review")) is not None:
        review_desk.opened(at, keep, number)
        return
    if not at.viewer.may_change(review_desk.REVIEWS):
        return
    forms = at.fresh("review_forms")
    if forms.is_empty():
        board.show(no_forms(), key="no-forms")
    elif st.query_params.get("contact") and st.query_params.get("source"):
        place = {"contact_id": st.query_params["contact"], "source_name": st.query_params["source"]}
        review_desk.write(at, keep, forms, **place)
    else:
        sample_desk.show(at, keep, last_week(at))


def do(
    at: Moment,
    change_name: str,
    work: Callable[..., Any],
    *,
    done: str,
    leads: dict[str, str] | None = None,
    **values: Any,
) -> None:
    """Keeps what was confirmed and draws the page anew, at another address where `leads` names one."""
    try:
        desk.change(at.viewer, change_name, work, viewer_name=at.viewer.viewer_name, now=at.now, **values)
    except (review_book.QualityError, WarehouseError) as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="refused")
        return
    said: list[Any] = desk.kept("quality-said", list)
    said.append(board.notice("good", done, t("Earlier states are kept.")))
    for name in ("review", "contact", "source") if leads is not None else ():
        st.query_params.pop(name, None)
    for name, value in (leads or {}).items():
        st.query_params[name] = value
    begin_anew()
    st.rerun()


def begin_anew() -> None:
    """Whatever is keyed by the desk's number begins empty on the next run."""
    number: list[int] = desk.kept("quality-number", lambda: [0])
    number[0] += 1


def _tell_outcome() -> None:
    said: list[Any] = desk.kept("quality-said", list)
    if said:
        board.show(said[0], key="said")
        desk.forget("quality-said")
