"""Taking a badge home: one's own address for the hash, the file as PNG or SVG, what is in it, and taking it back.

In: the person at the page and the agent it shows. Out: a signed credential, its files, a credential that holds no longer.
The rule it guards: only whoever earned a badge takes it home; each file and each end of one is in the trail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.game import credential_images, credential_saves, credential_view, game_switch, site_address
from dashboard.game.credential_keys import CredentialError, content_of
from dashboard.own import own_desk
from dashboard.ui import clock, desk, moments, take_along, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql import embedded
from sql.warehouse import WarehouseError

FILE_SIDE = 512
CHANGE = "game.own"


def show() -> None:
    """The part "Take it home" of the page about badges, for the agent whom the page shows."""
    if not game_switch.is_on():  # the page above says it
        return
    with suppress(WarehouseError):
        at = moments.moment(visit.viewer())
        agent_id = own_desk.agent_of(at)
        if agent_id is not None:
            _part(at, agent_id)


def _part(at: Moment, agent_id: int) -> None:
    st.subheader(t("Take it home"), anchor="take-it-home")
    st.caption(
        t(
            "A badge as a file that anybody can check: signed by this site as Open Badges 3.0, which wallets and profiles "
            "outside can read."
        )
    )
    if at.viewer.agent_id != agent_id and not at.viewer.is_administrator:
        board.show(credential_view.not_yours(), key="badge-home")
        return
    url = site_address.public_url()
    held, taken = (
        at.fresh("game_takeable", agent_id=agent_id),
        at.fresh("game_credentials", agent_id=agent_id),
    )
    if url is None:
        board.show(credential_view.without_address(), key="badge-home")
    elif held.is_empty():
        board.show(credential_view.nothing_held(), key="badge-home")
    elif at.viewer.agent_id != agent_id:
        board.show(credential_view.not_yours(), key="badge-home")
    else:
        _one(at, agent_id, held, taken, url)
    if taken.height:
        board.show(credential_view.taken_table(taken, zone_name=at.zone_name), key="badges-taken")


def _one(at: Moment, agent_id: int, held: pl.DataFrame, taken: pl.DataFrame, url: str) -> None:
    rows = {row["entry_id"]: row for row in held.sort("effective_date", descending=True).to_dicts()}
    picture, work = st.columns([1, 4], vertical_alignment="top")
    with work:
        entry_id = st.selectbox(
            t("Badge"),
            list(rows),
            format_func=lambda one: credential_view.name_of(rows[one]),
            key="badge-to-take",
        )
        row = rows[entry_id]
        holds = taken.filter((pl.col("entry_id") == entry_id) & pl.col("revoked_at").is_null())
        if holds.height:
            _taken(at, agent_id, row)
        else:
            _ask(at, agent_id, entry_id, url)
    picture.image(credential_view.picture_of(row), width=credential_view.PICTURE_SIDE)


def _ask(at: Moment, agent_id: int, entry_id: int, url: str) -> None:
    """The form for one's own address, below what will be in the file."""
    board.show(credential_view.promise(), key="badge-promise")
    with st.form("badge-take", border=False):
        address = st.text_input(
            t("Your e-mail address"),
            help=t("The one that you use outside. It is hashed and not kept."),
            autocomplete="email",
            max_chars=254,
        )
        if not st.form_submit_button(
            t("Sign it for me"), icon=":material/workspace_premium:", type="primary"
        ):
            return
    _done(
        at,
        agent_id,
        lambda connection, agent_id: credential_saves.taken(
            connection,
            viewer_agent_id=at.viewer.agent_id,
            agent_id=agent_id,
            entry_id=entry_id,
            address=address,
            url=url,
            home=embedded.home(),
            at=clock.wall(),
        ),
    )


def _taken(at: Moment, agent_id: int, row: Mapping[str, Any]) -> None:
    """The files of a badge that was signed, what is in them, and the way back."""
    entry_id = row["entry_id"]
    stem = "-".join(part for part in (row["rule_name"], row["tier_name"]) if part)
    with st.container(horizontal=True, gap="small", key="badge-files"):
        for ending, mime in (("png", "image/png"), ("svg", "image/svg+xml")):
            made = take_along.noted(
                partial(file_of, at, agent_id, row, ending),
                "exported.download",
                of_name=f"agent {agent_id}",
                told={"file_name": f"{stem}.{ending}", "entry_id": entry_id},
            )
            st.download_button(
                t("Download {kind}", kind=ending.upper()),
                data=made,
                file_name=f"{stem}.{ending}",
                mime=mime,
                icon=":material/download:",
                on_click="ignore",
                key=f"badge-file-{ending}",
                type="primary" if ending == "png" else "secondary",
            )
        is_back = st.button(
            t("Take it back"),
            icon=":material/undo:",
            key="badge-back",
            help=t("The file holds no longer, wherever it is; you can have it signed again."),
        )
    with st.expander(t("What is in it")):
        token = _token(at, agent_id, entry_id)
        if token is not None:
            board.show(credential_view.content(content_of(token)), key="badge-content")
    if is_back:
        _done(
            at,
            agent_id,
            lambda connection, agent_id: credential_saves.revoke(
                connection,
                viewer_agent_id=at.viewer.agent_id,
                is_administrator=at.viewer.is_administrator,
                agent_id=agent_id,
                entry_id=entry_id,
                at=clock.wall(),
            ),
        )


def file_of(at: Moment, agent_id: int, row: Mapping[str, Any], ending: str) -> bytes:
    """The badge with its credential in it, as PNG or SVG. Raises CredentialError where it was taken back meanwhile."""
    token = _token(at, agent_id, row["entry_id"])
    if token is None:
        raise CredentialError(t("This badge was taken back meanwhile. Reload the page."))
    drawn = credential_view.art_of(row, size=FILE_SIDE)
    if ending == "svg":
        return credential_images.baked_svg(drawn, token).encode()
    return credential_images.baked_png(credential_images.picture(drawn), token)


def _token(at: Moment, agent_id: int, entry_id: int) -> str | None:
    """The signed text of one's own badge."""
    return desk.change(
        at.viewer,
        CHANGE,
        lambda connection, agent_id: credential_saves.token_in_force(
            connection, agent_id=agent_id, entry_id=entry_id
        ),
        agent_id=agent_id,
    )


def _done(at: Moment, agent_id: int, work: Callable[..., object]) -> None:
    """Does it as the person at the page, and draws the page anew; what keeps it from being done is said."""
    try:
        desk.change(at.viewer, CHANGE, work, agent_id=agent_id)
    except (CredentialError, WarehouseError) as error:
        board.show(board.notice("off", t("Not done"), str(error)), key="badge-refused")
        return
    st.rerun()
