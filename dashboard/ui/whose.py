"""Whose rows a reader sees: all, those of their teams, or their own; and the line that says so above every part of a whole.

In: the moment of a page, with its viewer. Out: what may be narrowed to, and one line on the page.
The rule it guards: figures that are made of some agents' rows are never taken for those of the whole floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl
import streamlit as st

from dashboard import words
from dashboard.access import Viewer
from dashboard.words import t, t_count
from sql.rights import ROLES_THAT_SEE_EVERYBODY

if TYPE_CHECKING:  # the kinds of tiles, which the console reads too, lead here
    from dashboard.ui.moments import Moment


def sees_everybody(viewer: Viewer) -> bool:
    """Whether this person finds the rows of every agent."""
    return viewer.role_name in ROLES_THAT_SEE_EVERYBODY


def sees_persons(viewer: Viewer) -> bool:
    """Whether this person finds rows of single agents at all; the others are answered sums alone."""
    return sees_everybody(viewer) or viewer.role_name in ("agent", "supervisor")


def offers_of_floor(viewer: Viewer, offers: Sequence[str]) -> tuple[str, ...]:
    """What sums of the whole floor can be narrowed to by this person: not to one agent, nor to a site, which may be one.

    An agent is not offered a team either: theirs may be too small to be told as a whole.
    """
    left_out = set() if sees_everybody(viewer) else {"agent", "site"}
    left_out |= {"team"} if viewer.role_name == "agent" else set()
    return tuple(one for one in offers if one not in left_out)


def team_names(at: Moment) -> list[str]:
    """The names of the teams that a supervisor sees, by name."""
    known = at.calm("call_names").filter(pl.col("kind_name") == "team")
    own = known.filter(pl.col("name_id").is_in(list(at.viewer.team_ids)))
    return [words.name(name) for name in own.get_column("name_text").sort()]


def line(at: Moment) -> str:
    """Of whom the figures are made, in one sentence or two; empty for whoever sees everybody."""
    viewer = at.viewer
    if sees_everybody(viewer):
        return ""
    if viewer.role_name == "agent":
        return t("Your own rows: what others did is not part of these figures.")
    if viewer.role_name != "supervisor":
        return t("Sums of the whole floor: single agents are not shown to your role.")
    names = team_names(at)
    if not names:
        return t("No team is yours yet, so no agent is shown. An administrator can give you one.")
    teams = t_count("Your team: {names}.", "Your teams: {names}.", len(names), names=", ".join(names))
    return f"{teams} {t('What others did is not part of these figures.')}"


def tell(at: Moment, *, key: str = "whose") -> None:
    """The line above figures that are made of the rows of agents; nothing for whoever sees everybody."""
    if text := line(at):
        with st.container(key=key):
            st.caption(words.in_markdown(text))


def tell_rows(at: Moment, *, key: str = "whose") -> None:
    """The line above rows that stand behind a number of the whole floor; nothing for whoever sees everybody."""
    if sees_everybody(at.viewer):
        return
    text = t("Listed are the rows that you may see; a number of the whole floor counts all of them.")
    names = team_names(at)
    teams = (
        t_count("Your team: {names}.", "Your teams: {names}.", len(names), names=", ".join(names))
        if names
        else ""
    )
    with st.container(key=key):
        st.caption(words.in_markdown(f"{text} {teams}".strip()))
