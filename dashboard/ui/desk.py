"""How a page changes something for the person at it, and what it remembers of an unfinished change.

In: the name of a change, and the work that was asked for. Out: its result, done whole or not at all.
The rule it guards: each change is a transaction of its own, as the person who asked for it; their role must be allowed it,
and they must find the row that is changed, before and after; what is kept, is kept for this tab alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import sqlalchemy as sa
import streamlit as st

from dashboard import access
from dashboard.ui import moments
from dashboard.words import t
from sql import audit, changes, warehouse
from sql.warehouse import WarehouseError

Done = TypeVar("Done")


def change(viewer: access.Viewer, change_name: str, work: Callable[..., Done], /, **values: object) -> Done:
    """Does what a person asked for (`work` with a connection and the values) in a transaction of its own.

    change_name: what it is, of `[changes]` in rights.toml. Raises WarehouseError, also where the person's role may not
    make this change or the row is not theirs, and what the work raises; then nothing is changed.
    """
    try:
        return _done(viewer, change_name, work, values)
    except RefusedError:
        with suppress(WarehouseError):  # the refusal stands, whether or not its line can be written
            told = {"change_name": change_name}
            note(viewer, "refused.change", told=told, place_text=moments.place())
        raise


class RefusedError(WarehouseError):
    """Somebody may not make the change that they asked for."""


def _done(
    viewer: access.Viewer, change_name: str, work: Callable[..., Done], values: Mapping[str, object]
) -> Done:
    refuse(viewer, change_name)
    with (
        audit.acting(place_text=moments.place()),
        access.change(moments.engine(warehouse.database_url()), viewer) as connection,
    ):
        _refuse_strangers(connection, viewer)
        keys = changes.keys_of(change_name, values)
        _refuse_foreign(connection, viewer, change_name, keys)
        done = work(connection, **values)
        if keys is None:
            keys = changes.key_of_new(change_name, done)
        _refuse_foreign(connection, viewer, change_name, keys)
        return done


def note(
    viewer: access.Viewer, what_name: str, *, of_name: str = "", told: Mapping[str, object], place_text: str
) -> None:
    """Notes by itself what this person takes along, or was refused. Raises WarehouseError; then nothing is given away."""
    engine = moments.engine(warehouse.database_url())
    with audit.acting(place_text=place_text), access.change(engine, viewer) as connection:
        _refuse_strangers(connection, viewer)
        audit.note(connection, what_name=what_name, of_name=of_name, told=told)


def refuse(viewer: access.Viewer, change_name: str) -> None:
    """Raises WarehouseError, which says who may, where this person's role may not make the change."""
    if viewer.may_change(change_name):
        return
    # In the order of what they may do; an administrator may everything, and stands last.
    order = {
        "agent": t("an agent"),
        "supervisor": t("a supervisor"),
        "manager": t("a manager"),
        "executive": t("an executive"),
        "administrator": t("an administrator"),
    }
    able = [word for role, word in order.items() if role in changes.roles_of(change_name)]
    if len(able) == 1:
        raise RefusedError(t("Only {role} may change this. Ask one to do it.", role=able[0]))
    raise RefusedError(
        t(
            "Only {roles} or {last} may change this. Ask one to do it.",
            roles=", ".join(able[:-1]),
            last=able[-1],
        )
    )


def _refuse_strangers(connection: sa.Connection, viewer: access.Viewer) -> None:
    """Raises SessionError for an open tab of the time before anybody had to sign in here."""
    if viewer.token is None and all(
        warehouse.one_row(connection, f"accounts/{name}")[0] for name in ("is_there", "has_accounts")
    ):
        raise access.SessionError(t("You are signed out. Sign in again."))


def _refuse_foreign(
    connection: sa.Connection, viewer: access.Viewer, change_name: str, keys: Mapping[str, Any] | None
) -> None:
    """Raises WarehouseError where the row that goes by these keys is not this person's to change."""
    if keys is None or viewer.token is None:
        return
    with access.as_viewer(connection, viewer):
        is_theirs = changes.is_found(connection, change_name, keys)
    if not is_theirs:
        raise RefusedError(
            t(
                "This is not there, or is not yours to change; nothing was changed. Reload the page, or ask whoever "
                "is responsible for it."
            )
        )


def kept(name: str, make: Callable[[], Done]) -> Done:
    """What `make` gave when this was first asked for in this tab, until `forget` lets go of it."""
    key = f"kept-{name}"
    if key not in st.session_state:
        st.session_state[key] = make()
    found: Done = st.session_state[key]
    return found


def forget(name: str) -> None:
    """Lets go of what was kept under this name; the next `kept` makes it anew."""
    st.session_state.pop(f"kept-{name}", None)
