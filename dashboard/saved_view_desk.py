"""The views of a page that its reader keeps: opened with a click, renamed, deleted and put back, or set as the start.

In: the moment, the page, what is kept of it, and what is chosen now. Out: the list behind a button, and the page's
address where one is opened.
The rule it guards: a saved view is nothing but an address, so that opening it is following a link; what was deleted can
be put back as long as the page stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from dashboard import board, filters, saved_views, words
from dashboard.filters import Filters
from dashboard.ui import choices, desk
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

PASSING = ("at", "play", "speed")
"""What an address says of an instant: no part of a view that is kept."""

SHOWN_LETTERS = 16
View = dict[str, Any]


def begin(at: Moment, page: str) -> list[View]:
    """The views that the reader keeps of this page; opens the start view where the address says nothing at all."""
    kept = at.fresh("saved_views", viewer_name=at.viewer.viewer_name, page_name=page).to_dicts()
    start = next((one for one in kept if one["is_start"]), None)
    if start and not st.query_params:
        st.query_params.from_dict(dict(parse_qsl(start["address_text"], keep_blank_values=True)))
    return kept


def view_of(chosen: Filters) -> dict[str, str]:
    """What an address must say for this view: the choices of the bar, and what else the page keeps there."""
    others = filters.beside(st.query_params.to_dict())
    return {key: value for key, value in others.items() if key not in PASSING} | chosen.address()


def view_here() -> dict[str, str]:
    """What an address must say for this view of a page with controls of its own: all that it says now."""
    return {str(key): value for key, value in st.query_params.to_dict().items() if key not in PASSING}


def draw(at: Moment, page: str, kept: Sequence[View], here: Mapping[str, str]) -> None:
    """The list of saved views, and what can be done with the one that is open; here: what the address must say."""
    opened = next((one for one in kept if _address(one["address_text"]) == here), None)
    with st.popover(
        t("Views") if opened is None else _short(str(opened["view_name"])),
        icon=":material/bookmark:",
        key="filter-views",
    ):
        _tell(at, page)
        if not kept:
            st.caption(t("Save what you look at often: it opens here with one click."))
        for one in kept:
            st.button(
                words.in_markdown(one["view_name"]),
                icon=":material/home:" if one["is_start"] else ":material/bookmark:",
                type="primary" if one is opened else "tertiary",
                key=f"view-open-{one['view_id']}",
                on_click=choices.open_view,
                args=(_address(one["address_text"]),),
            )
        if opened is not None:
            _draw_opened(at, page, opened)
        else:
            _draw_new(at, page, here)


def _draw_new(at: Moment, page: str, here: Mapping[str, str]) -> None:
    st.text_input(
        t("Name of this view"),
        max_chars=saved_views.LONGEST_NAME,
        key="view-name",
        placeholder=t("Sales, last 7 days"),
    )
    st.button(
        t("Save this view"),
        icon=":material/bookmark_add:",
        key="view-save",
        on_click=_save,
        args=(at, page, urlencode(here)),
    )


def _draw_opened(at: Moment, page: str, opened: View) -> None:
    """What can be done with the view that is open: start with it, rename it, delete it."""
    is_start = bool(opened["is_start"])
    start_id = None if is_start else opened["view_id"]
    st.button(
        t("Start as for everybody") if is_start else t("Start with this view"),
        icon=":material/home:",
        key="view-start",
        on_click=_start,
        args=(at, page, start_id),
    )
    st.text_input(
        t("New name of “{name}”", name=opened["view_name"]),
        max_chars=saved_views.LONGEST_NAME,
        key="view-new-name",
    )
    with st.container(horizontal=True, gap="small"):
        st.button(
            t("Rename"),
            icon=":material/edit:",
            key="view-rename",
            on_click=_rename,
            args=(at, page, opened["view_id"]),
        )
        st.button(
            t("Delete"),
            icon=":material/delete:",
            key="view-delete",
            on_click=_delete,
            args=(at, page, dict(opened)),
        )


def _do(at: Moment, page: str, work: Callable[..., None], *, done: str, **values: Any) -> bool:
    """Does what was asked for and keeps, for the next run, what came of it; whether it was done."""
    said: View = desk.kept(f"views-{page}", dict)
    said.clear()
    try:
        desk.change(at.viewer, "saved_views", work, viewer_name=at.viewer.viewer_name, **values)
    except WarehouseError as error:
        said |= {"tone": "off", "title": t("Not saved"), "text": str(error)}
        return False
    said |= {"tone": "good", "title": done, "text": ""}
    return True


def _tell(at: Moment, page: str) -> None:
    """What the last change of the saved views came to, with the way back where one was deleted."""
    said: View = desk.kept(f"views-{page}", dict)
    if not said:
        return
    board.show(board.notice(said["tone"], said["title"], said["text"]), key="views-said")
    if gone := said.get("gone"):
        st.button(
            t("Undo"), icon=":material/undo:", key="view-undo", on_click=_put_back, args=(at, page, gone)
        )


def _save(at: Moment, page: str, address_text: str) -> None:
    name = str(choices.picked("view-name") or "")
    values = {"view_name": name, "address_text": address_text, "saved_at": at.now}
    if _do(at, page, saved_views.save, done=t("“{name}” is saved", name=name), page_name=page, **values):
        choices.preset("view-name", "")
        choices.open_view(_address(address_text))


def _rename(at: Moment, page: str, view_id: int) -> None:
    name = str(choices.picked("view-new-name") or "")
    if _do(
        at,
        page,
        saved_views.rename,
        done=t("Now called “{name}”", name=name),
        view_id=view_id,
        view_name=name,
    ):
        choices.preset("view-new-name", "")


def _start(at: Moment, page: str, view_id: int | None) -> None:
    done = t("The page opens as for everybody") if view_id is None else t("The page opens with this view")
    _do(at, page, saved_views.start_with, done=done, page_name=page, view_id=view_id)


def _delete(at: Moment, page: str, opened: View) -> None:
    done = t("“{name}” is deleted", name=opened["view_name"])
    if _do(at, page, saved_views.delete, done=done, view_id=opened["view_id"]):
        gone = {name: opened[name] for name in ("view_name", "address_text", "saved_at", "is_start")}
        said: View = desk.kept(f"views-{page}", dict)
        said["gone"] = gone


def _put_back(at: Moment, page: str, gone: View) -> None:
    _do(
        at, page, saved_views.save, done=t("“{name}” is back", name=gone["view_name"]), page_name=page, **gone
    )


def _short(name: str) -> str:
    """A name for a button in the row of filters, which a long one would push onto a second line."""
    return words.in_markdown(name if len(name) <= SHOWN_LETTERS else f"{name[: SHOWN_LETTERS - 1]}…")


def _address(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
