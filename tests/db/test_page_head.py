"""Where an open page asks how its head stands: who is told, and what makes it draw the head anew."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from dashboard.access import Viewer
from dashboard.door import sessions
from dashboard.ui import head
from dashboard.ui.head import Part
from dashboard.ui.head_routes import HeadDoor
from sql.warehouse import WarehouseError
from tests.db.test_rights import floor, token_of
from tests.db.test_wall_hub import NOW, put_up, site, visitors
from tests.db.test_wall_routes import display, firing

__all__ = ["floor", "put_up", "site"]

PART = Part("queues", "calls")


def asked(viewer: Any, token: str | None, href: str = PART.href) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=HeadDoor(viewer).routes()))
        cookies = {sessions.COOKIE: token} if token else {}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://floor.example", cookies=cookies
        ) as client:
            return await client.get(f"/{href}")

    return asyncio.run(ask())


def test_everybody_who_has_a_page_is_told_its_head_and_nobody_else(put_up: sa.Engine) -> None:
    viewer = visitors(put_up).viewer
    for name in ("ada", "aino"):
        found = asked(viewer, token_of(name))
        assert (found.status_code, found.headers["cache-control"]) == (200, "no-store")
        assert found.json()["block"]["fresh"]["text"]
        assert set(found.json()) == {"mark", "block"}
    assert asked(viewer, None).status_code == 401
    assert asked(viewer, "x" * 43).status_code == 401
    assert asked(viewer, display(put_up, "Floor 2")).status_code == 403


@pytest.mark.parametrize(
    "query", ["", "needs=queues", "needs=all&about=calls&alerts=1", "needs=queues&about=calls&alerts=yes"]
)
def test_an_address_that_names_no_head_is_refused(put_up: sa.Engine, query: str) -> None:
    assert asked(visitors(put_up).viewer, token_of("ada"), f"page/head?{query}").status_code == 400


def test_nobody_is_told_anything_while_nobody_can_tell_who_asks() -> None:
    def away(_token: str | None) -> Viewer:
        raise WarehouseError("The warehouse does not answer.")

    assert asked(away, token_of("ada")).status_code == 503


def test_the_mark_changes_with_an_alert_and_with_who_has_seen_it_and_not_with_the_clock(
    put_up: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = visitors(put_up).viewer(token_of("ada"))
    calm = head.told(ada, PART).mark
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.replace(second=NOW.second + 1).isoformat())
    later = head.told(ada, PART)
    assert later.mark == calm
    since = NOW - timedelta(minutes=5)
    firing(put_up)
    with put_up.begin() as connection:
        connection.execute(
            sa.text("update ops.alert_standings set since_at = :at, fired_at = :at, evaluated_at = :at"),
            {"at": since},
        )
    fires = head.told(ada, PART).mark
    assert fires != calm
    assert head.told(ada, Part("queues", "calls", has_alerts=False)).mark == calm
    with put_up.begin() as connection:
        connection.execute(
            sa.text("update ops.alert_standings set acknowledged_at = :at, acknowledged_by_name = 'bob'"),
            {"at": NOW},
        )
    assert head.told(ada, PART).mark not in (calm, fires)


@pytest.mark.parametrize(
    "part", [PART, Part("nothing", "upkeep"), Part("sources", "tickets", has_alerts=False)]
)
def test_the_address_of_a_head_names_what_it_was_made_of(part: Part) -> None:
    told = dict(pair.split("=") for pair in part.href.partition("?")[2].split("&"))
    assert Part.of(told) == part
