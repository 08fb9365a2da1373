"""Who looks at this page now, as their browser's cookie and the warehouse say.

In: the request of a page. Out: the viewer; on a site where nobody signs in, the one who sees everything.
The rule it guards: asked on every run; nobody is let in on a word of their own.
"""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from dashboard.access import NOBODY, Viewer
from dashboard.door import sessions
from dashboard.door.visitor import SignedOutError, Visitors
from dashboard.ui import clock, moments
from sql import warehouse
from sql.warehouse import WarehouseError


@st.cache_resource(show_spinner=False)
def visitors(url: str) -> Visitors:
    """Who holds which session, remembered for seconds, for all tabs."""
    return Visitors(
        lambda: moments.engine(url),
        clock.wall,
        is_quiet=moments.is_quiet,
        heard_nothing=moments.heard_nothing,
    )


def viewer() -> Viewer:
    """Who is in front of this page; raises SignedOutError where they have to sign in first.

    While nobody can tell, because the warehouse does not answer, it is NOBODY, who is answered nothing.
    """
    try:
        return visitors(warehouse.database_url()).viewer(_token())
    except SignedOutError:
        raise
    except WarehouseError:
        return NOBODY


def arrived() -> Viewer:
    """The same where the whole page is drawn: somebody has opened it or changed something, so that they are still there."""
    found = viewer()
    if found.token:
        visitors(warehouse.database_url()).note_use(found.token)
    return found


def personas() -> tuple[tuple[str, str], ...]:
    """As whom the demo can be looked at; none where this is no demo, or none are there yet."""
    try:
        return visitors(warehouse.database_url()).personas()
    except WarehouseError:
        return ()


def address() -> str:
    """The page that is being shown, as its address stands in the browser: where to come back to after signing in."""
    url = st.context.url
    path = urlsplit(url).path if isinstance(url, str) else ""
    asked = urlencode([(name, value) for name in st.query_params for value in st.query_params.get_all(name)])
    return f"{path or '/'}?{asked}" if asked else path or "/"


def _token() -> str | None:
    told = st.context.cookies.get(sessions.COOKIE)
    return told if isinstance(told, str) else None  # a page that is tried without a browser has none
