"""The sign-in in a real browser: to the page that was asked for, out again in every tab, and nothing for a kept cookie."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.error import HTTPError

import psycopg
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page
from psycopg import sql as words

from dashboard.door import accounts, sessions
from sql import rights, warehouse
from tests.conftest import url_of
from tests.e2e.conftest import EVENTS, PATIENCE_MS, SCREENS, SHOTS, SIZES, SmallSite, settled

GOOD = "quiet harbour at seven"
QUEUES = "/queues?period=7_days"


@dataclass(frozen=True)
class SignedSite:
    """Where the pages are, and the warehouse behind them."""

    address: str
    engine: sa.Engine

    def is_answered(self, path: str, token: str) -> bool:
        """Whether a program that has kept this cookie is shown the page."""
        asked = urllib.request.Request(self.address + path, headers={"Cookie": f"{sessions.COOKIE}={token}"})
        opener = urllib.request.build_opener(Stay)
        try:
            with opener.open(asked, timeout=30) as answer:
                return bool(answer.status == 200)
        except HTTPError as error:
            return not (error.code == 303 and error.headers["location"].startswith("/sign-in?"))


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nothing."""

    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def signed_site(
    server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SignedSite]:
    """A small site with an administrator and two managers, served."""
    name = f"floorboard_signed_{os.getpid()}"
    make = words.SQL("create database {} template {} strategy file_copy").format(
        words.Identifier(name), words.Identifier(template_name)
    )
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(make)
        engine = warehouse.open_engine(url_of(server_url, name))
        try:
            small = SmallSite(tmp_path_factory.mktemp("signed"), url_of(server_url, name))
            small.write(*EVENTS)
            rights.install(engine)
            with engine.begin() as made:
                accounts.add(made, "ada@example.org", role_name="administrator", password=GOOD)
                for manager in ("max", "mia"):
                    accounts.add(made, manager, role_name="manager", password=GOOD)
            with small.served() as (address, _):
                yield SignedSite(address, engine)
        finally:
            engine.dispose()
            connection.execute(words.SQL("drop database {} with (force)").format(words.Identifier(name)))


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    width, height = SIZES["laptop"]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


def fill(page: Page, name: str, password: str) -> None:
    page.fill("#login_name", name)
    page.fill("#password", password)
    page.get_by_role("button", name="Sign in").click()


def signed_in(visit: BrowserContext, site: SignedSite, name: str, path: str = QUEUES) -> Page:
    """A tab with that page, opened by somebody who had to sign in for it."""
    page = visit.new_page()
    page.goto(site.address + path)
    fill(page, name, GOOD)
    page.wait_for_url(site.address + path)
    drawn(page)
    return page


def drawn(page: Page) -> None:
    """Waits until the page shows what only somebody signed in may see: the name of the queue."""
    page.get_by_text("sales").first.wait_for(state="attached")


def signed_out(page: Page) -> None:
    """Waits until the open tab says so by itself; nothing of what it showed may be left."""
    page.get_by_role("heading", name="Sign in to see this page").wait_for()
    settled(page)
    assert page.get_by_text("sales").count() == 0


def token_of(visit: BrowserContext) -> str:
    (cookie,) = [one for one in visit.cookies() if one["name"] == sessions.COOKIE]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    return str(cookie["value"])


def test_whoever_asks_for_a_page_signs_in_first_and_lands_exactly_there(
    visit: BrowserContext, signed_site: SignedSite
) -> None:
    page = visit.new_page()
    page.goto(signed_site.address + QUEUES)
    assert page.url.startswith(f"{signed_site.address}/sign-in?")
    assert page.get_by_text("sales").count() == 0
    fill(page, "ada@example.org", "a wrong one")
    alert = page.get_by_role("alert")
    assert "Name and password do not belong together" in alert.inner_text()
    assert page.input_value("#login_name") == "ada@example.org"
    assert page.input_value("#password") == ""
    fill(page, "ADA@example.org", GOOD)
    page.wait_for_url(signed_site.address + QUEUES)
    drawn(page)
    assert page.url == signed_site.address + QUEUES


def test_the_sign_in_page_fits_every_screen_and_is_filled_in_by_keyboard(
    visit: BrowserContext, signed_site: SignedSite
) -> None:
    page = visit.new_page()
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(f"{signed_site.address}/sign-in?next=%2Fqueues")
    assert page.evaluate("document.activeElement.id") == "login_name"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "password"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    SHOTS.mkdir(exist_ok=True)
    for size, theme in SCREENS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.screenshot(path=SHOTS / f"sign-in-{size}-{theme}.png")
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0
    assert errors == []


def test_signing_out_in_one_tab_leaves_nothing_in_the_other_and_nothing_for_a_kept_cookie(
    visit: BrowserContext, signed_site: SignedSite
) -> None:
    first = signed_in(visit, signed_site, "max", "/live")
    token = token_of(visit)
    assert signed_site.is_answered("/live", token)
    second = visit.new_page()
    second.goto(f"{signed_site.address}/sign-out")
    assert signed_site.is_answered("/live", token)  # a link alone ends nothing
    second.get_by_role("button", name="Sign out").click()
    second.wait_for_url("**/sign-in")
    assert second.url == f"{signed_site.address}/sign-in"
    signed_out(first)
    assert first.url == f"{signed_site.address}/live"
    assert not signed_site.is_answered("/live", token)
    visit.add_cookies([{"name": sessions.COOKIE, "value": token, "url": signed_site.address}])
    second.goto(f"{signed_site.address}/live")
    assert second.url.startswith(f"{signed_site.address}/sign-in?")


def test_an_account_that_is_closed_while_its_tab_is_open_sees_nothing_more_and_finds_the_way_back(
    visit: BrowserContext, signed_site: SignedSite
) -> None:
    page = signed_in(visit, signed_site, "mia", "/live?queue=1")
    token = token_of(visit)
    began = datetime.now(UTC)
    with signed_site.engine.begin() as connection:
        assert accounts.close(connection, "mia", now=began) == 1
    signed_out(page)
    assert (datetime.now(UTC) - began).total_seconds() < 60
    page.screenshot(path=SHOTS / "signed-out-laptop-light.png")
    assert not signed_site.is_answered("/live", token)
    with signed_site.engine.begin() as connection:
        accounts.reopen(connection, "mia")
    page.get_by_role("link", name="Sign in").click()
    fill(page, "mia", GOOD)
    page.wait_for_url(f"{signed_site.address}/live?queue=1")
    drawn(page)
