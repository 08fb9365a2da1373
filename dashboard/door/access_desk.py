"""The desk of the page Access: accounts, their sessions, and wall displays.

In: what an administrator chose and typed. Out: an account or a display, changed in one transaction;
its outcome is told once.
The rule it guards: a password is made here, shown once and never kept; nobody takes their own rights away by mistake; the
first account is made on the console, never at a page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import sqlalchemy as sa
import streamlit as st

from dashboard import board
from dashboard.access import Viewer
from dashboard.door import access_view as view
from dashboard.door import accounts, devices, sessions, visitor
from dashboard.door.accounts import AccountError
from dashboard.door.devices import DeviceError
from dashboard.door.passwords import PasswordError
from dashboard.door.who_view import role_meaning, role_word
from dashboard.ui import choices, clock, desk, moments, visit
from dashboard.ui.moments import Moment
from dashboard.wall import wall_queries
from dashboard.words import t, t_count
from sql import role_matrix, warehouse
from sql.warehouse import WarehouseError

CHANGE = "access"
PASSWORD_GROUPS, GROUP_LETTERS = 4, 4
SAID, VERSION = "access-said", "access-version"


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything the page shows, as it stands at one instant."""

    accounts: pl.DataFrame
    sessions: pl.DataFrame
    displays: pl.DataFrame
    codes: pl.DataFrame
    names: pl.DataFrame
    walls: Mapping[str, str]
    """What a display can show: the address of each board and playlist, and its title."""
    has_accounts: bool


def seen(connection: sa.Connection, *, as_of: datetime) -> Seen:
    """The accounts, sessions and displays; the names that an account can be led to."""
    return Seen(
        accounts=accounts.listed(connection, as_of=as_of),
        sessions=sessions.open_ones(connection, now=as_of),
        displays=devices.listed(connection, as_of=as_of),
        codes=devices.codes(connection, as_of=as_of),
        names=warehouse.frame(connection, "accounts/names"),
        walls=view.walls(wall_queries.wall_boards(connection), wall_queries.wall_playlists(connection)),
        has_accounts=accounts.has_accounts(connection),
    )


def choose() -> str:
    """The choice of the part, in the page's head."""
    return choices.choice(t("Part"), view.parts(), key="part")


def draw(at: Moment, part: str) -> None:
    """What stands in the part, drawn anew every few seconds."""
    found = desk.change(at.viewer, CHANGE, seen, as_of=clock.wall())
    if part == "roles":
        for place, table in enumerate(view.matrix_tables(role_matrix.matrix())):
            board.show(table, key=f"matrix-{place}")
        return
    if is_empty := not found.has_accounts and not visitor.is_demo():
        board.show(view.nobody_yet() if part == "accounts" else view.no_screens_yet(), key="nobody")
    elif not found.has_accounts:
        board.show(view.of_the_demo(), key="demo")
    if is_empty and found.accounts.is_empty():
        return
    board.show(
        view.tiles(found.accounts, found.displays, waiting_count=found.codes.height), key="access-tiles"
    )
    zone_name = at.zone_name
    if part == "accounts":
        people = view.account_table(found.accounts, zone_name=zone_name, is_demo=visitor.is_demo())
        board.show(people, key="accounts")
        board.show(view.session_table(found.sessions, zone_name=zone_name), key="sessions")
    else:
        board.show(view.code_table(found.codes, zone_name=zone_name), key="codes")
        board.show(view.display_table(found.displays, found.walls, zone_name=zone_name), key="displays")


def show() -> None:
    """What can be changed in the chosen part; where the warehouse fails, the page above it says so."""
    viewer = visit.viewer()
    with suppress(WarehouseError):
        at = moments.moment(viewer)
        found = desk.change(viewer, CHANGE, seen, as_of=clock.wall())
        _tell_outcome()
        part = choices.address("part", list(view.parts()))
        if part == "accounts" and found.has_accounts:
            _new_account(at.viewer, found)
            _change_account(at.viewer, found)
        if part == "walls" and (found.has_accounts or visitor.is_demo()):
            _approve(at.viewer, found)
            _revoke(at.viewer, found)


# ---- accounts


def _new_account(viewer: Viewer, found: Seen) -> None:
    _heading(
        "new", t("A new account"), t("The password is made here and shown once; the person gets it from you.")
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="access-new"):
        name = st.text_input(t("Name or e-mail address"), key=_key("name"), max_chars=320, width=280)
        rights = _rights("new", found.names)
        way = st.selectbox(
            t("Signs in with"), _ways(), format_func=lambda one: _ways()[one], key=_key("way"), width=220
        )
        if st.button(t("Make the account"), type="primary", icon=":material/person_add:"):
            password = made_password() if way == "password" else None
            told = (
                _password_text(name, password)
                if password
                else t("It waits for its first sign-in at the provider.")
            )
            _do(
                viewer,
                accounts.add,
                done=t("{name} may sign in.", name=name.strip()),
                told=told,
                login_name=name,
                password=password,
                **rights,
            )


def _ways() -> dict[str, str]:
    return {"password": t("a password"), "provider": t("the identity provider")}


def _rights(key: str, names: pl.DataFrame, row: dict[str, Any] | None = None) -> dict[str, Any]:
    """The role with the agent or the teams that belong to it, chosen from lists."""
    before = row or {}
    role = st.selectbox(
        t("Role"),
        accounts.ROLES,
        index=accounts.ROLES.index(before.get("role_name", "supervisor")),
        format_func=lambda name: f"{role_word(name)}: {role_meaning(name)}",
        key=_key(f"{key}-role"),
        width=300,
    )
    rights: dict[str, Any] = {"role_name": role}
    if role == "agent":
        known = _names(names, "agent")
        index = known.index(before["agent_name"]) if before.get("agent_name") in known else None
        rights["agent_name"] = st.selectbox(
            t("Agent"),
            known,
            index=index,
            placeholder=t("Whose figures"),
            key=_key(f"{key}-agent"),
            width=220,
        )
    if role == "supervisor":
        known = _names(names, "team")
        given = [team for team in (before.get("team_names_text") or "").split(", ") if team in known]
        rights["team_names"] = st.multiselect(
            t("Teams"),
            known,
            default=given,
            placeholder=t("Whose agents"),
            key=_key(f"{key}-teams"),
            width=300,
        )
    return rights


def _names(names: pl.DataFrame, kind: str) -> list[str]:
    found: list[str] = names.filter(pl.col("kind_name") == kind)["name_text"].unique().sort().to_list()
    return found


def _change_account(viewer: Viewer, found: Seen) -> None:
    people = {
        row["login_name"]: row for row in found.accounts.iter_rows(named=True) if row["role_name"] != "wall"
    }
    _heading("change", t("Change an account"), t("Whoever gets other rights signs in again, in every tab."))
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="access-change"):
        name = st.selectbox(
            t("Account"),
            list(people),
            index=None,
            placeholder=t("Choose an account"),
            key=_key("who"),
            width=280,
        )
        if name is None:
            return
        row = people[name]
        rights = _rights(f"change-{row['account_id']}", found.names, row)
    is_own = name == viewer.viewer_name
    with st.container(horizontal=True, gap="small", key="access-deeds"):
        if st.button(t("Save the rights"), type="primary", icon=":material/save:", disabled=is_own):
            _do(
                viewer,
                accounts.change,
                done=t("{name} has other rights now.", name=name),
                login_name=name,
                now=clock.wall(),
                **rights,
            )
        if st.button(t("New password"), icon=":material/password:"):
            password = made_password()
            _do(
                viewer,
                accounts.give_password,
                done=t("{name} has another password.", name=name),
                told=_password_text(name, password),
                login_name=name,
                password=password,
                now=clock.wall(),
            )
        if st.button(
            t("End the sessions"), icon=":material/logout:", disabled=not row["open_sessions_count"]
        ):
            _do(
                viewer,
                accounts.end_sessions,
                done=t("{name} is signed out everywhere.", name=name),
                login_name=name,
                now=clock.wall(),
            )
        if not row["is_active"]:
            if st.button(t("Open the account again"), icon=":material/lock_open:"):
                _do(viewer, accounts.reopen, done=t("{name} may sign in again.", name=name), login_name=name)
        elif st.button(t("Close the account"), icon=":material/lock:", disabled=is_own):
            _do(
                viewer,
                accounts.close,
                done=t("{name} is closed.", name=name),
                login_name=name,
                now=clock.wall(),
            )
    if is_own:
        st.caption(
            t("Your own role and your own account are changed by another administrator, or on the console.")
        )


def made_password() -> str:
    """A password to hand over: four groups of four letters that nobody mistakes, more than 67 bits."""
    groups = (
        "".join(secrets.choice(devices.LETTERS.lower()) for _ in range(GROUP_LETTERS))
        for _ in range(PASSWORD_GROUPS)
    )
    return "-".join(groups)


def _password_text(name: str, password: str) -> str:
    return t(
        "The password of {name} is `{password}`. It is not shown again.", name=name.strip(), password=password
    )


# ---- wall displays


def _approve(viewer: Viewer, found: Seen) -> None:
    _heading(
        "approve",
        t("Put up a wall display"),
        t(
            "Open /wall in the browser of the screen and type in the code that it shows; or take an address that opens once."
        ),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="access-approve"):
        code = st.text_input(
            t("Code on the screen"), key=_key("code"), placeholder="BCDF-GHJK", max_chars=12, width=180
        )
        name = st.text_input(
            t("Name of the display"),
            key=_key("display"),
            placeholder=t("Floor 2 east"),
            max_chars=devices.LONGEST_NAME,
            width=220,
        )
        asked = next((one for one in found.walls if one == _asked_wall()), None)
        wall_text = st.selectbox(
            t("Board or playlist"),
            list(found.walls),
            index=list(found.walls).index(asked) if asked else 0,
            format_func=lambda one: found.walls[one],
            key=_key(f"board-{asked}"),
            width=280,
        )
        queue = st.text_input(
            t("Only queues with"),
            key=_key("queue"),
            placeholder=t("every queue"),
            max_chars=devices.LONGEST_CHOICE,
            width=180,
            help=t("A part of the name or group of the queues that this screen shows."),
        )
        given = {
            "device_name": name,
            "board_text": view.narrowed(wall_text, queue),
            "made_by_name": viewer.viewer_name,
            "now": clock.wall(),
        }
        if st.button(t("Say yes to the screen"), type="primary", icon=":material/check:"):
            told = t("The screen shows it within a few seconds.")
            _do(
                viewer,
                devices.approve,
                done=t("{name} shows its wall.", name=name.strip()),
                told=told,
                code_text=code,
                **given,
            )
        if st.button(t("Address that opens once"), icon=":material/link:"):
            _do(
                viewer,
                devices.add,
                done=t("{name} waits for its screen.", name=name.strip()),
                told=_link_text,
                **given,
            )


def _asked_wall() -> str | None:
    """The address of the wall that the page's own address names, as the page Walls leads here; None for none."""
    for key, field_name in (("board", "board_names"), ("playlist", "playlist_name")):
        if name := st.query_params.get(key):
            return view.wall_text(**{field_name: (name,) if key == "board" else name})
    return None


def _link_text(token: str) -> str:
    return t(
        "Open `{path}` behind the address of this site on the screen, once, within a week. It is not shown again.",
        path=devices.link_path(token),
    )


def _revoke(viewer: Viewer, found: Seen) -> None:
    names = found.displays.filter(pl.col("revoked_at").is_null())["device_name"].to_list()
    if not names:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom", key="access-revoke"):
        name = st.selectbox(
            t("Take down"), names, index=None, placeholder=t("Choose a display"), key=_key("down"), width=280
        )
        if st.button(t("Revoke"), icon=":material/tv_off:", disabled=name is None) and name:
            _do(
                viewer,
                devices.revoke,
                done=t("{name} is revoked.", name=name),
                told=t("Its screen goes dark within ten seconds."),
                device_name=name,
                now=clock.wall(),
            )


# ---- what was done


def _do(
    viewer: Viewer,
    work: Callable[..., Any],
    *,
    done: str,
    told: str | Callable[[Any], str] = "",
    **values: Any,
) -> None:
    """Does what was asked for and draws the page anew; a refusal is told where it stands, and what was typed stays."""
    try:
        result = desk.change(viewer, CHANGE, work, **values)
    except (AccountError, PasswordError, DeviceError, WarehouseError) as error:
        board.show(board.notice("off", t("Nothing was changed"), str(error)), key="refused")
        return
    body = told(result) if callable(told) else told
    if not body and isinstance(result, int):
        body = t_count("{n} session was ended.", "{n} sessions were ended.", result)
    _said().append(board.notice("good", done, body))
    _version()[0] += 1
    st.rerun()


def _tell_outcome() -> None:
    """What the last change came to, told once."""
    said = _said()
    if said:
        board.show(said[0], key="said")
        desk.forget(SAID)


def _said() -> list[board.Block]:
    return desk.kept(SAID, lambda: [])


def _version() -> list[int]:
    return desk.kept(VERSION, lambda: [0])


def _key(name: str) -> str:
    """A widget's name; after each change it is another, so that the form is empty again."""
    return f"access-{name}-{_version()[0]}"


def _heading(key: str, title: str, lead: str) -> None:
    board.show({"kind": "section", "title": title, "lead": lead, "legend": []}, key=f"heading-{key}")
