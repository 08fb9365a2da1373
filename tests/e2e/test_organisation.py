"""The Organisation page in a real browser: every part fits every screen, and an edit is previewed, saved and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import SmallSite
from tests.e2e.test_pages import KNOWN_NOISE, SHOTS, SIZES, until

PARTS = ("join", "agents", "queues", "business_hours", "files", "history")


@contextmanager
def visited(
    browser: Browser, address: str, *, size: str = "laptop", theme: Any = "light"
) -> Iterator[tuple[Page, list[str]]]:
    """An opened part of the page and the errors it has reported so far."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".fb h1", timeout=30_000)
    try:
        yield page, errors
    finally:
        context.close()


@pytest.mark.parametrize("part", PARTS)
def test_a_part_draws_without_errors_and_fits_every_screen(browser: Browser, address: str, part: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    for size, theme in (("wall", "dark"), ("laptop", "light"), ("phone", "light"), ("phone", "dark")):
        with visited(browser, f"{address}/organisation?part={part}", size=size, theme=theme) as (
            page,
            errors,
        ):
            page.wait_for_selector(".section, .sheet", timeout=15_000)
            page.wait_for_timeout(500)
            page.screenshot(path=SHOTS / f"organisation-{part}-{size}-{theme}.png")
            too_wide = page.evaluate(
                "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
                ".map((part) => part.scrollWidth - part.clientWidth)"
            )
            assert too_wide == [0, 0], f"{part} on {size} scrolls sideways"
            assert [error for error in errors if KNOWN_NOISE not in error] == []


def type_into_first_cell(page: Page, text: str) -> None:
    """Opens the first cell of the table, types, and leaves it with Enter."""
    page.get_by_test_id("stDataFrame").first.dblclick(position={"x": 60, "y": 55})
    page.wait_for_timeout(600)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")


def test_an_edit_is_previewed_saved_and_taken_back(browser: Browser, site: SmallSite) -> None:
    with (
        site.served() as (address, _),
        visited(browser, f"{address}/organisation?part=queues") as (page, _errors),
    ):
        page.wait_for_selector("[data-testid=stDataFrame] canvas", timeout=15_000)
        page.wait_for_timeout(2500)
        type_into_first_cell(page, "Front desk")
        page.get_by_text("1 change to save").wait_for(timeout=15_000)
        page.screenshot(path=SHOTS / "organisation-preview-laptop-light.png")
        page.get_by_role("button", name=re.compile("Save 1 change")).click()
        page.get_by_text("Saved.").wait_for(timeout=15_000)
        page.goto(f"{address}/organisation?part=history")
        page.get_by_role("button", name="Take this save back").click(timeout=15_000)
        page.get_by_text("Save 1 was taken back.").wait_for(timeout=15_000)
        page.goto(f"{address}/organisation?part=queues")
        assert until(lambda: page.get_by_text("Front desk").count() == 0)
