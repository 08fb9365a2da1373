"""The way in: which pages there are, and one sentence instead of a stack of code where something fails.

In: a browser's visit. Out: the page it asked for below the top navigation.
The rule it guards: every page is shown through here and through its own guard, and no error text of the
inside reaches a browser.
"""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from dashboard import board
from dashboard.access import Viewer
from dashboard.door.visitor import SignedOutError
from dashboard.ui import visit
from dashboard.words import t

PAGES = Path(__file__).resolve().parent.parent / "pages"
MARK = Path(__file__).resolve().parent / "static" / "mark.svg"


def page(name: str, title: str, icon: str, url_path: str = "") -> Page:
    """The page of that file, under its own address (the file's name, unless another is given)."""
    path = url_path or name.replace("_", "-")
    return st.Page(PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", url_path=path)


def sections(live: Page) -> dict[str, list[Page]]:
    """The menus with their pages, in their order."""
    return {
        # Streamlit answers a default page at "/" only; so "/" leads on, and "/live" can be bookmarked.
        t("Floor"): [
            st.Page(
                lambda: st.switch_page(live),
                title=t("Live floor"),
                url_path="home",
                default=True,
                visibility="hidden",
            ),
            live,
            page("queues", t("Queues"), "view_list"),
            page("service_level", t("Service level"), "timeline"),
        ],
        t("Work"): [
            page("agents", t("Agents and teams"), "groups"),
            page("tickets", t("Tickets"), "confirmation_number"),
            page("contacts", t("Contacts"), "manage_search"),
            page("ways", t("Channels and ways"), "alt_route"),
            page("customers_voice", t("Customers' voice"), "reviews"),
            page("quality", t("Quality"), "fact_check"),
        ],
        t("Goals and reports"): [
            page("goals", t("Goals"), "flag"),
            page("alerts", t("Alerts"), "notifications"),
            page("reports", t("Reports"), "summarize"),
        ],
        t("Trust"): [
            page("data_health", t("Data health"), "monitor_heart"),
            page("reconciliation", t("Reconciliation"), "balance"),
            page("definitions", t("Definitions"), "menu_book"),
            page("sources", t("Sources"), "database"),
            page("organisation", t("Organisation"), "account_tree"),
        ],
    }


def menu(all_pages: dict[str, list[Page]], viewer: Viewer) -> dict[str, list[Page]]:
    """The pages that this viewer may open; every other address is none."""
    names = {"home": "live_floor", "live": "live_floor"}
    own = {
        section: [
            one for one in pages if viewer.may_open(names.get(one.url_path, one.url_path.replace("-", "_")))
        ]
        for section, pages in all_pages.items()
    }
    return {section: pages for section, pages in own.items() if pages}


def _signed_out() -> None:
    """What somebody finds who has to sign in first."""
    board.show(
        board.notice(
            "off",
            t("Sign in to see this page."),
            t("You are not signed in, or your session is over."),
            page=True,
        ),
        key="signed-out",
    )
    st.link_button(t("Sign in"), "/sign-in", type="primary")


def main() -> None:
    """Draws the navigation and the page; an unforeseen error becomes one sentence and a line in the log."""
    # The mark comes before the navigation: a page's own symbol as the tab's would be fetched from elsewhere.
    st.set_page_config(page_title=t("Floorboard"), page_icon=str(MARK), layout="wide")
    st.logo(str(MARK), size="large")
    live = page("live_floor", t("Live floor"), "dashboard", "live")
    try:
        viewer = visit.viewer()
    except SignedOutError:
        st.navigation(
            [st.Page(_signed_out, title=t("Sign in"), url_path="signed-out", default=True)], position="hidden"
        ).run()
        return
    pages = menu(sections(live), viewer)
    chosen = st.navigation(pages, position="top")
    st.set_page_config(page_title=t("{page} - Floorboard", page=chosen.title))
    section = next(
        (name for name, found in pages.items() if chosen.url_path in {one.url_path for one in found}), ""
    )
    board.show({"kind": "frame", "section": section, "skip": t("Skip to the page")}, key="frame")
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
