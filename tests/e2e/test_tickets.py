"""Tickets in a real browser: the section stays in the address, a ticket leads to its source, and names stay text."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Browser

from tests.db.test_records import tell
from tests.db.test_ticket_questions import STORY, events, h
from tests.e2e.conftest import KNOWN_NOISE, PATIENCE_MS, SHOTS, visited

EVIL = "<img src=x onerror=alert(1)>"


def test_tickets_lead_to_their_source_and_keep_their_section_in_the_address(
    browser: Browser, site: Any, engine: sa.Engine
) -> None:
    links = [
        {"ticket_id": ticket, "created_at": h(hour), "url_text": url, "topic_name": EVIL}
        for ticket, hour, url in (("B", 1, "https://help.example/B"), ("D", 30, "javascript:alert(1)"))
    ]
    tell(engine, {"tickets": links}, {"ticket_events": events(STORY)})
    SHOTS.mkdir(exist_ok=True)
    with site.served() as (address, _), visited(browser, f"{address}/tickets") as (page, errors):
        page.get_by_role("radio", name="Ageing").click()
        page.wait_for_url("**view=ageing**", timeout=PATIENCE_MS)
        link = page.locator(".sheet a[target=_blank]").first
        link.wait_for(timeout=PATIENCE_MS)
        assert (link.get_attribute("href"), link.get_attribute("target")) == (
            "https://help.example/B",
            "_blank",
        )
        assert link.get_attribute("rel") == "noopener noreferrer"
        outside = page.locator(".sheet a[target=_blank]")
        assert outside.count() == 1  # the other address is none of the web's
        assert EVIL in page.locator(".sheet td").all_inner_texts()
        assert page.locator(".sheet img").count() == 0
        page.reload()
        page.locator(".sheet a").first.wait_for(timeout=PATIENCE_MS)
        page.goto(f"{address}/tickets?view=trends")
        page.locator("canvas, .vega-embed svg").nth(1).wait_for(timeout=PATIENCE_MS)  # both charts are drawn
        page.screenshot(path=SHOTS / "tickets-trends-laptop-light.png")
        page.goto(f"{address}/agents?from=2026-03-02&to=2026-03-02")
        page.locator(".sheet a", has_text="mari").click()
        page.wait_for_url("**agent=**", timeout=PATIENCE_MS)
        page.get_by_text("Ticket solved").first.wait_for(timeout=PATIENCE_MS)
        assert [error for error in errors if KNOWN_NOISE not in error] == []
