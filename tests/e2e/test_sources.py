"""The Sources page in a real browser: it fits every screen, and a dropped file is looked at, then loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.e2e.test_pages import KNOWN_NOISE, SHOTS, visited

CALLS = (
    "call_id;queue;agent;start;wait;talk;outcome\n"
    "c1;Sales;Aino;20.11.2026 09:00:00;12;180;ANSWERED\n"
    "c2;<b>Sales</b>;Õnne;20.11.2026 09:05:00;30;60;ANSWERED\n"
    "c3;Sales;;20.11.2026 09:10:00;45;;ABANDONED\n"
)


def fits(page: Page) -> bool:
    return bool(
        page.evaluate(
            "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".every((part) => part.scrollWidth <= part.clientWidth)"
        )
    )


def test_a_dropped_file_is_shown_before_it_is_loaded(browser: Browser, site: Any, tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    file.write_text(CALLS, encoding="utf-8")
    SHOTS.mkdir(exist_ok=True)
    with site.served() as (address, _), visited(browser, f"{address}/sources") as (page, errors):
        expect(page.get_by_text("Uploaded files").first).to_be_visible(timeout=15_000)
        page.set_input_files("input[type=file]", file)
        page.wait_for_url("**upload=1", timeout=15_000)
        site.write()  # the loader looks at it
        button = page.get_by_role("button", name="Load this file")
        expect(button).to_be_visible(timeout=15_000)
        expect(page.get_by_role("cell", name="<b>Sales</b>")).to_be_visible()
        for size, theme in (((1920, 1080), "dark"), ((1366, 768), "light"), ((390, 844), "dark")):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.wait_for_timeout(700)
            page.screenshot(path=SHOTS / f"upload-{size[0]}-{theme}.png")
            assert fits(page), f"the upload scrolls sideways at {size}"
        button.click()
        expect(
            page.get_by_text("calls.csv is being loaded").or_(page.get_by_text("does not run"))
        ).to_be_visible()
        site.write()
        expect(page.get_by_text("calls.csv is loaded")).to_be_visible(timeout=15_000)
        expect(page.get_by_text("3 rows read = 3 loaded + 0 unchanged + 0 refused.")).to_be_visible()
        page.get_by_role("button", name="All sources and files").click()
        expect(page.get_by_role("link", name="calls.csv")).to_be_visible(timeout=15_000)
        assert [error for error in errors if KNOWN_NOISE not in error] == []


def test_the_list_of_sources_fits_every_screen(browser: Browser, address: str) -> None:
    for size, theme in (("wall", "dark"), ("laptop", "light"), ("phone", "light"), ("phone", "dark")):
        with visited(browser, f"{address}/sources", size=size, theme=theme) as (page, errors):
            expect(page.get_by_role("rowheader", name="pbx")).to_be_visible(timeout=15_000)
            page.wait_for_timeout(700)
            page.screenshot(path=SHOTS / f"sources-{size}-{theme}.png")
            assert fits(page), f"Sources on {size} scrolls sideways"
            assert [error for error in errors if KNOWN_NOISE not in error] == []
