"""The pages in a real browser: they draw, change in place, fit every screen, and say when nothing comes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.conftest import made_database, url_of
from tests.e2e.conftest import (
    EVENTS,
    KNOWN_NOISE,
    PATIENCE_MS,
    SIZES,
    SmallSite,
    fits_every_screen,
    settled,
    until,
    visited,
)

PAGES = {
    "": "Live floor",
    "queues": "Queues",
    "service-level": "Service level",
    "walls": "Walls",
    "tickets": "Tickets",
    "agents": "Agents and teams",
    "reports": "Reports",
    "reconciliation": "Reconciliation",
    "definitions": "Definitions",
    "customers-voice": "Customers' voice",
    "quality": "Quality",
    "data-health": "Data health",
    "access": "Access",
    "audit": "Audit trail",
    "privacy": "Privacy",
    "ways": "Channels and ways",
    "my-day": "My day",
    "badges": "Badges",
    "leaderboards": "Leaderboards",
    "game-room": "Game room",
    "challenges": "Challenges",
    "rewards": "Rewards",
    "kudos": "Kudos",
    "employee-of-the-month": "Employee of the month",
    "goals": "Goals",
    "alerts": "Alerts",
    "contacts": "Contacts",
    "contacts?of=offered_calls": "Contacts",
}
# A wall has figures of its own. Without tickets, goals, or contacts of yesterday, those pages have no tiles, and reports are
# a list; without accounts Access says how to begin.
WITHOUT_FIGURES = (
    "walls",
    "contacts",
    "goals",
    "my-day",
    "badges",
    "leaderboards",
    "challenges",
    "rewards",
    "employee-of-the-month",
    "tickets",
    "reports",
    "reconciliation",
    "access",
    "audit",
    "privacy",
)


def card_value(page: Page, label: str) -> str:
    """A figure of the first queue's card by its label."""
    found = page.locator(".card .now div", has_text=label).locator("dd")
    return found.first.inner_text()


@pytest.mark.by_turns
@pytest.mark.parametrize("path", PAGES)
def test_a_page_draws_without_errors_and_fits_every_screen(
    window: BrowserContext, address: str, path: str
) -> None:
    with visited(window, f"{address}/{path}") as (page, errors):
        settled(page)
        assert page.locator(".fb h1").inner_text() == PAGES[path]
        assert until(lambda: page.title() == f"{PAGES[path]} - Floorboard"), page.title()
        for size in fits_every_screen(page, errors, name=(path or "live").partition("?")[0]):
            expect_the_figures_of_a_row_on_one_line(page, size)
        has_figures = page.locator(".tile, .source, .sum, .formula").count() > 0
        assert has_figures or path.partition("?")[0] in WITHOUT_FIGURES


def expect_the_figures_of_a_row_on_one_line(page: Page, size: str) -> None:
    tops = page.locator(".tile, .source").evaluate_all(
        "(tiles) => tiles.filter((tile) => !tile.closest('.wall'))"
        ".map((tile) => [tile, tile.querySelector('.figure, .lag b')]"
        ".map((part) => Math.round(part.getBoundingClientRect().top)))"
    )
    for row in {tile for tile, _ in tops}:
        assert len({figure for tile, figure in tops if tile == row}) == 1, (size, tops)


@pytest.mark.parametrize("path", ["", "live"])
def test_the_live_floor_answers_at_both_its_addresses(
    window: BrowserContext, address: str, path: str
) -> None:
    with visited(window, f"{address}/{path}") as (page, _errors):
        page.wait_for_selector(".card", timeout=PATIENCE_MS)
        settled(page)
        assert page.locator(".fb h1").inner_text() == "Live floor"
        assert page.get_by_text("Page not found").count() == 0
        assert page.get_by_role("dialog").count() == 0


def test_an_unknown_queue_is_left_out_and_said(window: BrowserContext, address: str) -> None:
    with visited(window, f"{address}/service-level?queue=9999") as (page, _errors):
        assert until(
            lambda: (
                page.get_by_text("that is still there").count() > 0 or "Left out" in page.inner_text("body")
            )
        )


def test_no_choice_is_cut_off_on_a_phone(window: BrowserContext, address: str) -> None:
    with visited(window, address, size="phone") as (page, _errors):
        for word in ("All agents", "Ringing", "On contact", "Wrap-up", "Available", "Paused"):
            box = page.get_by_role("radio", name=word).bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= SIZES["phone"][0], word
        page.goto(f"{address}/service-level")
        for word in ("Intervals", "Day by day", "All eight formulas"):
            box = page.get_by_role("radio", name=word).bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= SIZES["phone"][0], word


def test_times_run_on_in_the_browser(window: BrowserContext, address: str) -> None:
    with visited(window, address) as (page, _errors):
        time_in_state = page.locator(".person .time").first
        seen: set[str] = set()

        def ran_on() -> bool:
            seen.add(time_in_state.inner_text())
            return len(seen) >= 3

        assert until(ran_on, seconds=6), seen


def test_a_name_is_shown_as_text_whatever_it_holds(window: BrowserContext, address: str) -> None:
    with visited(window, address) as (page, errors):
        names = page.locator(".person .name").all_inner_texts()
        assert "<img src=x onerror=alert(1)>" in names
        assert page.locator(".person img").count() == 0
        assert [error for error in errors if KNOWN_NOISE not in error] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_boards_follow_the_theme(window: BrowserContext, address: str, theme: str) -> None:
    with visited(window, address, theme=theme) as (page, _errors):
        board = page.locator(".fb:has(h1)")
        assert until(lambda: board.get_attribute("data-theme") == theme), board.get_attribute("data-theme")
        ink, paper = page.evaluate(
            "() => { const root = document.querySelector('[data-testid=stApp]');"
            " const style = getComputedStyle(root); return [style.color, style.backgroundColor]; }"
        )
        bright = [
            sum(int(part) for part in text.split("(")[1].rstrip(")").split(",")[:3]) for text in (ink, paper)
        ]
        assert (bright[0] < bright[1]) == (theme == "light")
        page.emulate_media(media="print")  # on paper every theme is dark letters on white
        tile = page.locator(".tile").first
        paper, ink = tile.evaluate(
            "(tile) => [getComputedStyle(tile).backgroundColor,"
            " getComputedStyle(tile.querySelector('.label')).color]"
        )
        assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(0, 0, 0)")


def test_the_project_s_own_font_is_loaded(window: BrowserContext, address: str) -> None:
    with visited(window, address) as (page, _errors):
        assert until(lambda: bool(page.evaluate("() => document.fonts.check('16px Inter')")))
        loaded = page.evaluate(
            "() => [...document.fonts].filter((f) => f.status === 'loaded').map((f) => f.family)"
        )
        assert any("Inter" in family for family in loaded)


def test_a_chosen_filter_stays_in_the_address(window: BrowserContext, address: str) -> None:
    with visited(window, address) as (page, _errors):
        page.get_by_role("radio", name="Paused").click()
        page.wait_for_url("**state=paused**", timeout=PATIENCE_MS)
        assert until(lambda: page.locator(".person").count() == 1)
        page.reload()
        page.wait_for_selector(".person")
        assert page.locator(".person").count() == 1


def test_only_known_names_are_answered(address: str) -> None:
    asked = {"evil.example": 421, "localhost": 200, "127.0.0.1:1": 200}
    for host, status in asked.items():
        connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
        connection.request("GET", "/", headers={"Host": host})
        answer = connection.getresponse()
        assert (host, answer.status) == (host, status)
        connection.close()
    metrics = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    metrics.request("GET", "/_stcore/metrics")
    assert metrics.getresponse().status == 404
    metrics.close()


def asked(address: str, path: str, method: str = "GET", **headers: str) -> tuple[int, str, str]:
    """Status, content type and body of an answer, as a monitoring program gets it."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    try:
        connection.request(
            method, path, headers={key.replace("_", "-"): word for key, word in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.headers["content-type"] or "", answer.read().decode()
    finally:
        connection.close()


def test_the_timeline_names_its_bands_and_fits_the_page(window: BrowserContext, address: str) -> None:
    with visited(window, f"{address}/data-health", size="phone") as (page, errors):
        page.locator(".timeline .band").first.wait_for(timeout=PATIENCE_MS)
        assert page.locator(".timeline .band h3").all_inner_texts() == ["pbx"]  # no loader has run here
        assert page.locator(".lane i[data-state='delivering']").count() == 1
        assert page.locator(".source[data-source='pbx'] .lag b").inner_text() != "–"
        page.get_by_role("radio", name="7 days").click()
        page.wait_for_url("**days=7**", timeout=PATIENCE_MS)
        assert until(lambda: "the last 7 days" in page.locator(".timeline .section").inner_text())
        assert [error for error in errors if KNOWN_NOISE not in error] == []


def test_without_a_database_the_page_says_what_to_do(browser: Browser, tmp_path: Path) -> None:
    site = SmallSite(tmp_path, "")
    site.environment = {**{k: v for k, v in os.environ.items() if k != "DATABASE_URL"}}
    with site.served() as (address, _), visited(browser, address) as (page, errors):
        assert page.locator(".notice h2").inner_text() == "No database is connected."
        assert page.locator(".notice code", has_text="floorboard demo").count() >= 1
        assert [error for error in errors if KNOWN_NOISE not in error] == []


class Busy(NamedTuple):
    """A site that the tests below write to, its pages, and the process that serves them."""

    site: SmallSite
    address: str
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def busy(server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    with made_database(server_url, template_name=template_name) as name:
        site = SmallSite(tmp_path_factory.mktemp("busy"), url_of(server_url, name))
        site.write(*EVENTS)
        with site.served() as (address, process):
            yield Busy(site, address, process)


def test_a_new_caller_appears_without_a_reload_and_in_the_same_card(browser: Browser, busy: Busy) -> None:
    with visited(browser, busy.address) as (page, _errors):
        assert until(lambda: card_value(page, "waiting") == "1")
        page.evaluate("() => { window.sameVisit = true; }")
        page.locator(".card").first.evaluate("(card) => { card.sameCard = true; }")
        busy.site.write((1, "c4|sales|NONE|ENTERQUEUE||5554|2"))
        assert until(lambda: card_value(page, "waiting") == "2")
        assert page.evaluate("() => window.sameVisit")
        assert page.locator(".card").first.evaluate("(card) => card.sameCard")


def test_scroll_and_focus_stay_while_figures_change(browser: Browser, busy: Busy) -> None:
    with visited(browser, busy.address, size="phone") as (page, _errors):
        tip = page.locator(".tip button").first
        tip.focus()
        settled(page)  # as long as it will be: a page that still grows scrolls less far
        before = int(card_value(page, "waiting"))
        main = page.locator("[data-testid=stMain]")
        assert main.evaluate("(main) => { main.scrollTo(0, 300); return main.scrollTop; }") == 300
        busy.site.write((1, "c5|sales|NONE|ENTERQUEUE||5555|3"))
        assert until(lambda: card_value(page, "waiting") == str(before + 1))
        assert tip.evaluate("(button) => button.getRootNode().activeElement === button")
        assert main.evaluate("(main) => main.scrollTop") == 300


def test_programs_are_told_how_the_site_stands_beside_the_pages(busy: Busy) -> None:
    address = busy.address
    status, kind, body = asked(address, "/health")
    told = json.loads(body)
    assert (status, kind, told["status"]) == (200, "application/json", "ok")
    assert told["sources"][0]["source_name"] == "pbx"
    assert asked(address, "/health", "HEAD") == (200, "application/json", "")
    assert json.loads(asked(address, "/health", X_Forwarded_For="203.0.113.9")[2]) == {"status": "ok"}
    status, kind, body = asked(address, "/metrics")
    assert (status, kind) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert 'floorboard_source_lag_seconds{source="pbx"}' in body
    assert body.endswith("# EOF\n")
    assert asked(address, "/metrics", X_Forwarded_For="203.0.113.9")[0] == 401
    assert asked(address, "/metrics", Host="evil.example")[0] == 421
    assert "<html" in asked(address, "/data-health")[2]  # and a page stays a page


def test_a_refused_row_of_any_length_leaves_room_for_the_others(browser: Browser, busy: Busy) -> None:
    busy.site.write((5, "x" * 5000), (4, "short"))
    with visited(browser, f"{busy.address}/data-health") as (page, _errors):
        row = page.locator(".clamp").first
        row.wait_for(timeout=PATIENCE_MS)
        height = "(cell) => cell.getBoundingClientRect().height"
        assert row.evaluate(height) < 120  # four lines
        row.focus()
        assert 120 < row.evaluate(height) <= 320  # all of it, in a box of its own
        assert len(row.inner_text()) > 5000


def test_a_lost_connection_is_said_within_seconds(browser: Browser, busy: Busy) -> None:
    """The last of this file: it ends the site's process."""
    with visited(browser, busy.address) as (page, _errors):
        page.wait_for_selector(".card")
        busy.process.send_signal(signal.SIGTERM)
        assert busy.process.wait(6) == 0  # with a tab open
        late = page.locator(".fb[data-late='true'] .section [data-late-word]")
        assert until(lambda: late.count() == 1 and late.inner_text().startswith("No update for"), seconds=20)
