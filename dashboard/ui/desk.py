"""How a page changes something for the person at it, and what it remembers of an unfinished change.

In: the work that was asked for. Out: its result, done whole or not at all.
The rule it guards: each change is a transaction of its own, as the person who asked for it; what belongs to all is
changed by administrators only; what is kept, is kept for this tab alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from dashboard import access
from dashboard.ui import moments
from sql import warehouse
from sql.warehouse import WarehouseError

Done = TypeVar("Done")


def change(viewer: access.Viewer, work: Callable[..., Done], **values: object) -> Done:
    """Does what a person asked for (`work` with a connection and the values) in a transaction of its own.

    Raises WarehouseError, also where the person is no administrator, and what the work raises.
    """
    if not viewer.is_administrator:
        raise WarehouseError("Only an administrator may change this. Ask one to do it.")
    return change_own(viewer, work, **values)


def change_own(viewer: access.Viewer, work: Callable[..., Done], **values: object) -> Done:
    """The same for what belongs to the person alone, such as saved views: nobody else sees it, so everybody may."""
    with access.change(moments.engine(warehouse.database_url()), viewer) as connection:
        return work(connection, **values)


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
