"""Who looks, in the head of a page in a real browser: the way out, the demo's switch, by keyboard and on a phone."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page

from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.door import who_view
from tests.e2e.conftest import SIZES, settled, visited

FOUND = [("administrator", "Administrator"), ("supervisor", "Supervisor of <b>Sales</b>"), ("wall", "")]


def draw(page: Page, block: Any) -> None:
    page.evaluate(
        "async (data) => (await import(new URL('app/static/who.js', location.origin))).who(data)", block
    )


def test_the_switch_opens_is_walked_through_and_shut_by_keyboard_and_fits_a_phone(
    browser: Browser, address: str
) -> None:
    with visited(browser, f"{address}/queues?day=2026-11-20", theme="dark") as (page, errors):
        settled(page)
        assert page.locator(".fb-who").count() == 0, "without the demo and without accounts there is nothing"
        draw(page, who_view.who(LOCAL_VIEWER, FOUND, page_name="queues"))
        button, panel = page.locator(".fb-who > button"), page.locator(".fb-who .panel")
        assert button.get_attribute("aria-expanded") == "false"
        assert panel.is_hidden()
        button.press("Enter")
        focused = "() => document.activeElement.dataset.as || document.activeElement.tagName"
        assert page.evaluate(focused) == "administrator"
        page.keyboard.press("ArrowDown")
        assert page.evaluate(focused) == "supervisor"
        page.keyboard.press("End")
        assert page.evaluate(focused) == "wall"
        page.keyboard.press("Escape")
        assert panel.is_hidden()
        assert page.evaluate(focused) == "BUTTON"
        button.click()
        links = page.locator(".fb-who a")
        assert links.nth(1).locator("b").inner_text() == "Supervisor of <b>Sales</b>"
        assert [links.nth(place).get_attribute("href") for place in range(3)] == [
            "/persona?as=administrator&next=%2Fqueues%3Fday%3D2026-11-20",
            "/persona?as=supervisor&next=%2Fqueues%3Fday%3D2026-11-20",
            "/persona?as=wall&next=%2F",  # this page is not on a wall
        ]
        for size in ("wall", "phone"):
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            box = panel.bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        page.mouse.click(10, SIZES["phone"][1] - 10)
        assert panel.is_hidden(), "a press beside it shuts it"
        assert not [error for error in errors if "who.js" in error]


def test_whoever_signed_in_finds_the_way_out_in_the_head(browser: Browser, address: str) -> None:
    with visited(browser, f"{address}/definitions") as (page, _errors):
        settled(page)
        ada = Viewer("ada@example.org", "x", role_name="manager", token="t")
        draw(page, who_view.who(ada, (), page_name="definitions"))
        page.locator(".fb-who > button").click()
        form = page.locator(".fb-who form")
        assert (form.get_attribute("method"), form.get_attribute("action")) == ("post", "/sign-out")
        assert form.locator("button").inner_text() == "Sign out"
        assert page.locator(".fb-who > button").inner_text().split("\n") == ["Manager", "ada@example.org"]
        draw(page, None)
        assert page.locator(".fb-who").count() == 0
