"""What a person can do on their own page: allow their name, take that back, take along what is kept.

In: the person at the page and the agent it shows. Out: consents that begin and end, an archive.
The rule it guards: a name is allowed by its owner alone; an archive is for that person, and taking it is noted.
"""

from __future__ import annotations

from contextlib import suppress

import polars as pl
import sqlalchemy as sa
import streamlit as st

from dashboard import board
from dashboard.own import consents, own_export, own_view
from dashboard.own.consents import BOARDS, ConsentError
from dashboard.ui import choices, clock, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql import audit
from sql.warehouse import WarehouseError


def agent_of(at: Moment) -> int | None:
    """Whose page it is: the person's own; for whoever answers for the site, the one that the address names."""
    return at.viewer.agent_id if at.viewer.agent_id is not None else choices.number_in_address("agent")


def name_of(at: Moment, agent_id: int) -> str | None:
    """The agent's name; None where the viewer finds no such agent."""
    found = at.calm("agents", as_of=at.now).filter(pl.col("agent_id") == agent_id)
    return str(found[0, "agent_name"]) if found.height else None


def show() -> None:
    """The desk below the page's content."""
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(visit.viewer())
        agent_id = agent_of(at)
        name = name_of(at, agent_id) if agent_id is not None else None
        if agent_id is None or name is None:
            return
        board_switches(at, agent_id)
        st.download_button(
            t("Download all of it (ZIP)"),
            data=lambda: desk.change(
                at.viewer, "own_data", archive, agent_id=agent_id, agent_name=name, zone_name=at.zone_name
            ),
            file_name=f"own-data-{at.today}.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            help=t(
                "CSV and JSON, with a sheet that says what each table is. Other people are left out of it."
            ),
        )


def archive(connection: sa.Connection, *, agent_id: int, agent_name: str, zone_name: str) -> bytes:
    """Everything that is kept about the agent; noted as taken along."""
    audit.note(connection, what_name="exported.own_data", of_name=f"agent {agent_id}")
    return own_export.zip_bytes(
        connection, agent_id=agent_id, agent_name=agent_name, zone_name=zone_name, made_at=clock.now()
    )


def board_switches(at: Moment, agent_id: int) -> None:
    """A button per board: to allow one's own name, or to take it back."""
    held = (
        at.fresh("consents", agent_id=agent_id)
        .filter(pl.col("withdrawn_at").is_null())["board_name"]
        .to_list()
    )
    is_own = at.viewer.agent_id == agent_id
    with st.container(horizontal=True, gap="small", key="consents"):
        for board_name in BOARDS:
            title, _ = own_view.board_words(board_name)
            if board_name in held and (is_own or at.viewer.is_administrator):
                if st.button(
                    t("Take back: {board}", board=title),
                    icon=":material/visibility_off:",
                    key=f"off-{board_name}",
                ):
                    _keep(at, agent_id, board_name, is_given=False)
            elif is_own and st.button(
                t("Allow: {board}", board=title), icon=":material/visibility:", key=f"on-{board_name}"
            ):
                _keep(at, agent_id, board_name, is_given=True)


def _keep(at: Moment, agent_id: int, board_name: str, *, is_given: bool) -> None:
    work = consents.give if is_given else consents.withdraw
    try:
        desk.change(
            at.viewer,
            "consents",
            lambda connection, **values: work(connection, viewer=at.viewer, **values),
            agent_id=agent_id,
            board_name=board_name,
            at=clock.now(),
        )
    except (ConsentError, WarehouseError) as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="refused")
        return
    st.rerun()
