"""The Sources page in a real browser: it fits every screen, and a dropped file is looked at, then loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.e2e.conftest import KNOWN_NOISE, PATIENCE_MS, fits_every_screen, visited

CALLS = (
    "call_id;queue;agent;start;wait;talk;outcome\n"
    "c1;Sales;Aino;20.11.2026 09:00:00;12;180;ANSWERED\n"
    "c2;<b>Sales</b>;Õnne;20.11.2026 09:05:00;30;60;ANSWERED\n"
    "c3;Sales;;20.11.2026 09:10:00;45;;ABANDONED\n"
)


def test_a_dropped_file_is_shown_before_it_is_loaded(browser: Browser, site: Any, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(CALLS, encoding="utf-8")
    with site.served() as (address, _), visited(browser, f"{address}/sources") as (page, errors):
        expect(page.get_by_text("Uploaded files").first).to_be_visible(timeout=PATIENCE_MS)
        page.set_input_files("input[type=file]", file)
        page.wait_for_url("**upload=1", timeout=PATIENCE_MS)
        site.write()  # the loader looks at it
        button = page.get_by_role("button", name="Load this file")
        expect(button).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_role("cell", name="<b>Sales</b>")).to_be_visible()
        assert "phone" in set(fits_every_screen(page, errors, name="upload"))
        button.click()
        expect(
            page.get_by_text("calls.csv is being loaded").or_(page.get_by_text("does not run"))
        ).to_be_visible()
        site.write()
        expect(page.get_by_text("calls.csv is loaded")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.get_by_text("3 rows read = 3 loaded + 0 unchanged + 0 refused.")).to_be_visible()
        page.get_by_role("button", name="All sources and files").click()
        expect(page.get_by_role("link", name="calls.csv")).to_be_visible(timeout=PATIENCE_MS)
        assert [error for error in errors if KNOWN_NOISE not in error] == []


@pytest.mark.by_turns
def test_the_list_of_sources_fits_every_screen(window: BrowserContext, address: str) -> None:
    with visited(window, f"{address}/sources") as (page, errors):
        expect(page.get_by_role("rowheader", name="pbx")).to_be_visible(timeout=PATIENCE_MS)
        assert "phone" in set(fits_every_screen(page, errors, name="sources"))
