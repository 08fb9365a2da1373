"""The way in: which pages there are, and one sentence instead of a stack of code where something fails.

In: a browser's visit. Out: the page it asked for below the top navigation.
The rule it guards: every page is shown through here and through its own guard, and no error text of the
inside reaches a browser.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from dashboard import board
from dashboard.access import NOBODY, Viewer
from dashboard.door import devices, who_view
from dashboard.door.sign_in_page import address_of_sign_in
from dashboard.door.visitor import SignedOutError
from dashboard.game import day_view, game_switch
from dashboard.ui import visit
from dashboard.words import t

PAGES = Path(__file__).resolve().parent.parent / "pages"
MARK = Path(__file__).resolve().parent / "static" / "mark.svg"


def page(name: str, title: str, icon: str, url_path: str = "") -> Page:
    """The page of that file, under its own address (the file's name, unless another is given)."""
    path = url_path or name.replace("_", "-")
    return st.Page(PAGES / f"{name}.py", title=title, icon=f":material/{icon}:", url_path=path)


def sections(live: Page, viewer: Viewer = NOBODY) -> dict[str, list[Page]]:
    """The menus with their pages, in their order, as this viewer calls them."""
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
            page("walls", t("Walls"), "tv"),
        ],
        t("Work"): [
            page("agents", t("Agents and teams") if viewer.agent_id is None else t("My figures"), "groups"),
            page("tickets", t("Tickets"), "confirmation_number"),
            page("contacts", t("Contacts"), "manage_search"),
            page("ways", t("Channels and ways"), "alt_route"),
            page("customers_voice", t("Customers' voice"), "reviews"),
            page("quality", t("Quality"), "fact_check"),
        ],
        t("Game"): [
            page("my_day", t("My day"), "wb_sunny"),
            page("leaderboards", t("Leaderboards"), "leaderboard"),
            page("badges", t("Badges"), "military_tech"),
            page("challenges", t("Challenges"), "flag_circle"),
            page("kudos", t("Kudos"), "favorite"),
            page("rewards", t("Rewards"), "redeem"),
            page("employee_of_the_month", t("Employee of the month"), "workspace_premium"),
            page("game_room", t("Game room"), "tune"),
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
            page("own_data", t("Personal data"), "badge"),
            page("privacy", t("Privacy"), "shield_person"),
            page("access", t("Access"), "key"),
            page("audit", t("Audit trail"), "policy"),
            page("sources", t("Sources"), "database"),
            page("organisation", t("Organisation"), "account_tree"),
        ],
    }


def name_of(one: Page) -> str:
    """The name of a page, by which `rights.toml` calls it."""
    return {"": "live_floor", "home": "live_floor", "live": "live_floor"}.get(
        one.url_path, one.url_path.replace("-", "_")
    )


def menu(all_pages: dict[str, list[Page]], viewer: Viewer) -> dict[str, list[Page]]:
    """The pages that this viewer may open; every other address is none."""
    own = {
        section: [one for one in pages if viewer.may_open(name_of(one))]
        for section, pages in all_pages.items()
    }
    return {section: pages for section, pages in own.items() if pages}


def _signed_out() -> None:
    """What somebody finds in an open tab who has to sign in first; whoever opens a page is led there without it."""
    notice = board.notice(
        "none",
        t("Sign in to see this page"),
        t("Your session is over: you signed out, it came to its end, or your rights were changed."),
        page=True,
    )
    way = {"text": t("Sign in"), "here": address_of_sign_in(visit.address())}
    board.show({**notice, "way": way}, key="signed-out")


def _of_display(board_text: str | None) -> None:
    """What stands at every page for a wall display: it has its wall, and no page of this site."""
    notice = board.notice(
        "none",
        t("A wall display has one wall, and no pages"),
        t("Whoever looks at it finds sums of the floor: no single person, no menu, nothing to press."),
        page=True,
    )
    way = {"text": t("Show the wall"), "here": board_text} if board_text else None
    board.show({**notice, "way": way}, key="of-display")


def _everywhere(shown: Callable[[], None], title: str, all_pages: dict[str, list[Page]]) -> list[Page]:
    """Every address, so that a tab keeps the one it has, and the same behind each of them."""
    paths = {one.url_path for pages in all_pages.values() for one in pages} - {"home", ""}
    first = st.Page(shown, title=title, url_path="home", default=True)
    return [first, *(st.Page(shown, title=title, url_path=path) for path in sorted(paths))]


def _frame(section: str, who: board.Block | None) -> None:
    """What stands around the page: the menu's mark, who is signed in, the way past the menu for the keyboard."""
    board.show({"kind": "frame", "section": section, "who": who, "skip": t("Skip to the page")}, key="frame")


def main() -> None:
    """Draws the navigation and the page; an unforeseen error becomes one sentence and a line in the log."""
    # The mark comes before the navigation: a page's own symbol as the tab's would be fetched from elsewhere.
    st.set_page_config(page_title=t("Floorboard"), page_icon=str(MARK), layout="wide")
    st.logo(str(MARK), size="large")
    live = page("live_floor", t("Live floor"), "dashboard", "live")
    try:
        viewer = visit.arrived()
    except SignedOutError:
        _frame("", None)
        st.navigation(_everywhere(_signed_out, t("Sign in"), sections(live)), position="hidden").run()
        return
    pages = menu(sections(live, viewer), viewer)
    if viewer.role_name == devices.ROLE:
        shown = partial(_of_display, viewer.board_text)
        chosen = st.navigation(_everywhere(shown, t("Wall display"), sections(live)), position="hidden")
    else:
        chosen = st.navigation(pages, position="top")
    st.set_page_config(page_title=t("{page} - Floorboard", page=chosen.title))
    section = next(
        (name for name, found in pages.items() if chosen.url_path in {one.url_path for one in found}), ""
    )
    who = who_view.who(viewer, visit.personas(), page_name=name_of(chosen))
    _frame(section, who)
    try:
        if section == t("Game") and not game_switch.is_on():
            board.show(day_view.switched_off(), key="no-game")
            return
        chosen.run()
    except SignedOutError:  # between the first look and the page's own
        st.rerun()
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
