"""The Organisation page in a real browser: every part fits every screen, and an edit is previewed, saved and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import (
    PATIENCE_MS,
    SHOTS,
    SmallSite,
    fits_every_screen,
    settled,
    until,
    visited,
)

PARTS = ("join", "agents", "queues", "business_hours", "files", "history")


@pytest.mark.by_turns
@pytest.mark.parametrize("part", PARTS)
def test_a_part_draws_without_errors_and_fits_every_screen(
    window: BrowserContext, address: str, part: str
) -> None:
    with visited(window, f"{address}/organisation?part={part}") as (
        page,
        errors,
    ):
        assert "phone" in set(fits_every_screen(page, errors, name=f"organisation-{part}"))


def type_into_first_cell(page: Page, text: str) -> None:
    """Opens the first cell of the table, types, and leaves it with Enter."""
    cell = page.locator("#portal textarea, #portal input").first

    def opens() -> bool:
        page.get_by_test_id("stDataFrame").first.dblclick(position={"x": 60, "y": 55})
        return until(cell.is_visible, seconds=1)

    assert until(opens)  # a table that is drawn does not listen yet
    cell.fill(text)
    expect(cell).to_have_value(text)
    cell.press("Enter")


def test_an_edit_is_previewed_saved_and_taken_back(browser: Browser, site: SmallSite) -> None:
    with (
        site.served() as (address, _),
        visited(browser, f"{address}/organisation?part=queues") as (page, _errors),
    ):
        page.wait_for_selector("[data-testid=stDataFrame] canvas", timeout=PATIENCE_MS)
        settled(page)
        type_into_first_cell(page, "Front desk")
        page.get_by_text("1 change to save").wait_for(timeout=PATIENCE_MS)
        page.screenshot(path=SHOTS / "organisation-preview-laptop-light.png")
        page.get_by_role("button", name=re.compile("Save 1 change")).click()
        page.get_by_text("Saved.").wait_for(timeout=PATIENCE_MS)
        page.goto(f"{address}/organisation?part=history")
        page.get_by_role("button", name="Take this save back").click(timeout=PATIENCE_MS)
        page.get_by_text("Save 1 was taken back.").wait_for(timeout=PATIENCE_MS)
        page.goto(f"{address}/organisation?part=queues")
        assert until(lambda: page.get_by_text("Front desk").count() == 0)
