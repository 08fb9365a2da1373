"""Who looks at this page now, as their browser's cookie and the warehouse say.

In: the request of a page. Out: the viewer; on a site where nobody signs in, the one who sees everything.
The rule it guards: asked on every run; nobody is let in on a word of their own.
"""

from __future__ import annotations

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
    return Visitors(lambda: moments.engine(url), clock.now)


def viewer() -> Viewer:
    """Who is in front of this page; raises SignedOutError where they have to sign in first.

    While nobody can tell, because the warehouse does not answer, it is NOBODY, who is answered nothing.
    """
    told = st.context.cookies.get(sessions.COOKIE)
    token = told if isinstance(told, str) else None  # a page that is tried without a browser has none
    try:
        return visitors(warehouse.database_url()).viewer(token)
    except SignedOutError:
        raise
    except WarehouseError:
        return NOBODY
