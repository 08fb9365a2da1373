"""How a change of the organisation is confirmed: shown in words, saved whole, and its outcome told once.

In: changes and the work that saves them. Out: a preview, and after the save a page drawn anew.
The rule it guards: what was shown is what is saved, and a refusal is told where it stands, with nothing saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import board
from dashboard.organisation import organisation_view as view
from dashboard.organisation.organisation_rows import SHEETS, Change, Known, OrganisationError, Row
from dashboard.ui import desk
from dashboard.ui.moments import Moment
from dashboard.words import t


def tell_outcome() -> None:
    """What the last save came to, told once."""
    said: list[Any] = desk.kept("organisation-said", list)
    if said:
        board.show(said[0], key="said")
        desk.forget("organisation-said")


def do(at: Moment, work: Callable[..., Any], *, done: str, **values: Any) -> None:
    """Does what was confirmed and draws the page anew; a refusal is told where it stands."""
    try:
        desk.change(at.viewer, "organisation", work, viewer_name=at.viewer.viewer_name, now=at.now, **values)
    except OrganisationError as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="refused")
        return
    said: list[Any] = desk.kept("organisation-said", list)
    said.append(board.notice("good", done, t("History takes it back, if need be.")))
    begin_anew()
    st.rerun()


def begin_anew() -> None:
    """Lets go of everything that is being edited, so that the next run reads it as it is now."""
    for name in (*SHEETS, "join", "files"):
        desk.forget(f"organisation-{name}")
    number: list[int] = desk.kept("organisation-version", lambda: [0])
    number[0] += 1


def version() -> int:
    """A number that grows with every save; what is keyed by it begins empty after one."""
    number: list[int] = desk.kept("organisation-version", lambda: [0])
    return number[0]


def change_block(changes: Sequence[Change], known: Known, zone_name: str) -> board.Block:
    """The preview of changes as a table, agents by name."""

    def named(row: Row | None) -> Row | None:
        if row is None:
            return None
        return {
            n: agent_option(v, known) if n == "agent_id" and v in known.agents else v for n, v in row.items()
        }

    return view.change_table(
        [(c.sheet_name, c.action, named(c.before), named(c.after)) for c in changes], zone_name=zone_name
    )


def agent_option(number: int, known: Known) -> str:
    """An agent in a list: name and number, since two may bear one name."""
    return f"{known.agents.get(number, '')} · {number}"
