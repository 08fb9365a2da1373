"""The way in: which pages there are, and one sentence instead of a stack of code where something fails.

In: a browser's visit. Out: the page it asked for below the top navigation.
The rule it guards: every page is shown through here and through its own guard, and no error text of the
inside reaches a browser.
"""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st

from dashboard import access, board
from dashboard.words import t

PAGES = Path(__file__).resolve().parent.parent / "pages"
MARK = Path(__file__).resolve().parent / "static" / "mark.svg"


def main() -> None:
    """Draws the navigation and the page; an unforeseen error becomes one sentence and a line in the log."""
    access.viewer()
    # The mark comes before the navigation: a page's own symbol as the tab's would be fetched from elsewhere.
    st.set_page_config(page_title=t("Floorboard"), page_icon=str(MARK), layout="wide")
    st.logo(str(MARK), size="large")
    live = st.Page(
        PAGES / "live_floor.py", title=t("Live floor"), icon=":material/dashboard:", url_path="live"
    )
    chosen = st.navigation(
        [
            # Streamlit answers a default page at "/" only; so "/" leads on, and "/live" can be bookmarked.
            st.Page(
                lambda: st.switch_page(live),
                title=t("Live floor"),
                url_path="home",
                default=True,
                visibility="hidden",
            ),
            live,
            st.Page(
                PAGES / "service_level.py",
                title=t("Service level"),
                icon=":material/timeline:",
                url_path="service-level",
            ),
            st.Page(
                PAGES / "tickets.py",
                title=t("Tickets"),
                icon=":material/confirmation_number:",
                url_path="tickets",
            ),
            st.Page(
                PAGES / "agents.py",
                title=t("Agents and teams"),
                icon=":material/groups:",
                url_path="agents",
            ),
            st.Page(
                PAGES / "sources.py",
                title=t("Sources"),
                icon=":material/database:",
                url_path="sources",
            ),
            st.Page(
                PAGES / "organisation.py",
                title=t("Organisation"),
                icon=":material/account_tree:",
                url_path="organisation",
            ),
            st.Page(
                PAGES / "data_health.py",
                title=t("Data health"),
                icon=":material/monitor_heart:",
                url_path="data-health",
            ),
        ],
        position="top",
    )
    st.set_page_config(page_title=t("{page} - Floorboard", page=chosen.title))
    try:
        chosen.run()
    except Exception:
        logging.getLogger("floorboard").exception("The page '%s' failed", chosen.title)
        st.title(chosen.title)
        board.show(
            board.notice(
                "off",
                t("This page could not be drawn."),
                t("The fault is in the program, not in your data; its log has the details."),
                steps=[
                    t("Reload the page."),
                    t("If it comes again, send the log's last lines to whoever runs Floorboard."),
                ],
                page=True,
            ),
            key="failed",
        )


main()
