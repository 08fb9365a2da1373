"""The addresses of a wall on a real warehouse: who is let in, what a display may ask for, and the yes to an alert."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware

from dashboard import server
from dashboard.access import Viewer
from dashboard.door import devices, sessions
from dashboard.door.proxy import TrustedProxy
from dashboard.door.sign_in_page import next_path
from dashboard.wall import wall_routes
from dashboard.wall.address import Wall
from dashboard.wall.hub import Hub
from dashboard.wall.wall_routes import WallDoor
from sql import warehouse
from sql.warehouse import WarehouseError
from tests.db.test_rights import floor, token_of
from tests.db.test_wall_hub import SHOWN, hub_of, put_up, site, visitors
from tests.db.test_watch import make, rule

__all__ = ["floor", "put_up", "site"]

OWN = {"sec-fetch-site": "same-origin", "origin": "https://floor.example"}


class Visit:
    """A browser of this site: the routes behind the guard of the front door, with one session's cookie or none."""

    def __init__(self, site: sa.Engine, token: str | None = None, **more: Any) -> None:
        self.hub: Hub = more.pop("hub", None) or hub_of(site)
        self.used: list[str | None] = []
        viewer: Callable[[str | None], Viewer] = more.pop("viewer", None) or visitors(site).viewer
        door = WallDoor(self.hub, viewer, self.used.append, **more)
        self.app = Starlette(
            routes=door.routes(),
            middleware=[Middleware(server.KnownHosts, names=frozenset({"floor.example"}))],
        )
        self.token = token

    def ask(self, path: str, *, method: str = "GET", **given: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            cookies = {sessions.COOKIE: self.token} if self.token else {}
            async with httpx.AsyncClient(
                transport=transport, base_url="https://floor.example", cookies=cookies
            ) as client:
                return await client.request(method, path, **given)

        return asyncio.run(asked())

    def acknowledge(self, told: Any, **headers: str) -> httpx.Response:
        return self.ask("/wall/acknowledge", method="POST", json=told, headers={**OWN, **headers})


def display(site: sa.Engine, name: str, board_text: str = SHOWN) -> str:
    with site.begin() as connection:
        link = devices.add(connection, name, board_text=board_text, made_by_name="ada", now=datetime.now(UTC))
        opened = devices.open_once(connection, link, now=datetime.now(UTC))
    assert opened is not None
    return opened.token


def test_the_page_is_whole_without_a_script_of_its_own_and_is_kept_by_nobody(put_up: sa.Engine) -> None:
    visit = Visit(put_up, token_of("ada"))
    found = visit.ask("/wall/show?boards=floor,agents&theme=dark&lang=de")
    assert found.status_code == 200
    assert found.headers["cache-control"] == "no-store"
    assert found.text.startswith("<!doctype html>")
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", found.text, re.S)
    assert [("src=" in how, text) for how, text in scripts] == [(True, "")]
    assert re.search(r"\son[a-z]+=|style=|javascript:", found.text) is None
    assert "'self'" in found.headers["content-security-policy"]
    assert 'lang="de"' in found.text
    assert 'data-theme="dark"' in found.text
    addresses = re.findall(r'(?:src|href|data-\w+)="(/[^"]*)"', found.text)
    assert {"/wall/stream", "/wall/snapshot", "/wall/acknowledge"} <= set(addresses)
    assert not [
        one for one in re.findall(r'(?:src|href)="([^"]*)"', found.text) if not one.startswith("/app/static/")
    ]
    assert visit.used == [token_of("ada")], "whoever opens a wall uses their session"


def test_the_page_holds_no_figure_and_no_name(put_up: sa.Engine) -> None:
    assert "Aino" not in Visit(put_up, token_of("ada")).ask("/wall/show").text


def test_whoever_has_no_session_is_led_to_sign_in_and_back_to_the_wall(put_up: sa.Engine) -> None:
    asked = "/wall/show?boards=floor,agents&theme=dark"
    found = Visit(put_up).ask(asked)
    assert found.status_code == 303
    place = urlsplit(found.headers["location"])
    assert (place.path, parse_qs(place.query)["next"]) == ("/sign-in", [asked])
    assert next_path(asked) == asked


@pytest.mark.parametrize(
    "path", ["/wall/open?token=x", "/wall", "/wall/stream", "/wall/show/../open", "/wall/showy"]
)
def test_nobody_is_led_from_signing_in_to_an_address_of_a_wall_that_is_no_page(path: str) -> None:
    assert next_path(path) == "/"


@pytest.mark.parametrize("path", ["/wall/stream", "/wall/snapshot"])
def test_without_a_session_there_is_no_board(put_up: sa.Engine, path: str) -> None:
    found = Visit(put_up).ask(f"{path}?boards=floor")
    assert "tiles" not in found.text
    assert "signed out" in found.text
    if path == "/wall/stream":
        assert "event: over" in found.text
        assert json.loads(found.text.split("data: ")[1])["way"] == "/wall/show?boards=floor"
    else:
        assert found.status_code == 401


def test_where_the_proxy_says_that_somebody_else_sits_there_the_session_before_is_not_theirs(
    put_up: sa.Engine,
) -> None:
    class Says(TrustedProxy):
        def __init__(self, name: str) -> None:
            self.name = name

        def login_name(self, scope: Any) -> str | None:
            return self.name

    for name, status in (("eve", 303), ("Ada", 200)):
        visit = Visit(put_up, token_of("ada"), proxy=Says(name))
        assert visit.ask("/wall/show").status_code == status
        assert ("tiles" in visit.ask("/wall/snapshot?boards=floor").text) == (status == 200)


def wall_for(site: sa.Engine, token: str, **query: str) -> Wall:
    return wall_routes.wall_of(visitors(site).viewer(token), query)


def test_a_display_is_shown_its_own_wall_whatever_it_asks_for(put_up: sa.Engine) -> None:
    token = display(put_up, "Door")
    own = Wall(("floor", "agents"))
    asked: tuple[dict[str, str], ...] = (
        {}, {"boards": "executives"}, {"queue": "sales"}, {"at": "2026-11-16T12:00:05Z", "speed": "10"},
        {"nonsense": "1"}, {"hold": "executives"}, {"hold": ""}, {"team": "1", "boards": "data"},
    )  # fmt: skip
    assert [wall_for(put_up, token, **one) for one in asked] == [own] * len(asked)
    assert wall_for(put_up, token, hold="agents") == Wall(("floor", "agents"), held_name="agents")
    found = Visit(put_up, token).ask("/wall/snapshot?boards=executives").json()
    assert (found["turn"]["names"], found["turn"]["count"]) == (["Floor", "Our day"], 2)
    held = Visit(put_up, token).ask("/wall/snapshot?boards=executives&hold=agents").json()
    assert held["board"]["name"] == "agents"


def test_a_person_asks_for_what_they_like_and_finds_what_they_may_see(put_up: sa.Engine) -> None:
    assert wall_for(put_up, token_of("ada"), boards="data", queue="sales") == Wall(
        ("data",), queue_text="sales"
    )
    found = Visit(put_up, token_of("aino")).ask("/wall/snapshot?boards=floor")
    assert (found.status_code, "you look as agent" in found.json()["sentence"]) == (400, True)


def test_an_address_that_cannot_be_followed_is_one_sentence_on_a_page_of_its_own(put_up: sa.Engine) -> None:
    visit = Visit(put_up, token_of("ada"))
    found = visit.ask("/wall/show?boards=floor&dwell=<b>1</b>")
    assert found.status_code == 400
    assert 'role="alert"' in found.text
    assert "<b>" not in found.text
    for path in ("/wall/stream", "/wall/snapshot"):
        answer = visit.ask(f"{path}?colour=red")
        assert (answer.status_code, "'colour'" in answer.json()["sentence"]) == (400, True)


def test_a_board_that_is_not_there_is_told_with_those_that_are(put_up: sa.Engine) -> None:
    found = Visit(put_up, token_of("ada")).ask("/wall/snapshot?boards=cellar")
    assert found.status_code == 400
    assert "'cellar'" in found.json()["sentence"]
    assert "floor" in found.json()["sentence"]


def test_while_nobody_can_tell_who_looks_the_page_comes_up_and_nothing_is_shown(put_up: sa.Engine) -> None:
    def silent(_token: str | None) -> Viewer:
        raise WarehouseError("The warehouse does not answer.")

    visit = Visit(put_up, token_of("ada"), viewer=silent)
    assert visit.ask("/wall/show?boards=floor").status_code == 200
    for path in ("/wall/stream", "/wall/snapshot"):
        found = visit.ask(f"{path}?boards=floor")
        assert (found.status_code, found.json()) == (503, {"sentence": "The warehouse does not answer."})


def test_the_screen_too_many_is_told_when_to_come_again(put_up: sa.Engine) -> None:
    hub = hub_of(put_up)
    hub._most_streams = 0
    found = Visit(put_up, token_of("ada"), hub=hub).ask("/wall/stream?boards=floor")
    assert (found.status_code, found.headers["retry-after"]) == (503, "10")
    assert "0 screens look at this site already" in found.json()["sentence"]


def test_another_sites_page_opens_no_stream_and_no_other_name_of_this_machine_is_answered(
    put_up: sa.Engine,
) -> None:
    visit = Visit(put_up, token_of("ada"))
    assert visit.ask("/wall/stream?boards=floor", headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert visit.ask("/wall/show", headers={"host": "evil.example"}).status_code == 421


def test_a_stream_flows_line_by_line_and_leaves_its_place_when_its_browser_has_gone(
    put_up: sa.Engine,
) -> None:
    visit = Visit(put_up, token_of("ada"))
    heads: list[dict[str, Any]] = []
    bodies: list[bytes] = []

    async def work() -> None:
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                heads.append({name.decode(): value.decode() for name, value in message["headers"]})
            elif message["body"]:
                bodies.append(message["body"])
                if message["body"].startswith(b"id: "):
                    gone.set()

        scope = {
            "type": "http", "method": "GET", "path": "/wall/stream", "query_string": b"boards=floor", "scheme": "https",
            "headers": [(b"host", b"floor.example"), (b"cookie", f"{sessions.COOKIE}={token_of('ada')}".encode())],
            "http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1),
        }  # fmt: skip
        await asyncio.wait_for(visit.app(scope, receive, send), 10)
        assert visit.hub.streams == []
        visit.hub.stop()

    asyncio.run(work())
    assert heads[0]["content-type"].startswith("text/event-stream")
    assert (heads[0]["cache-control"], heads[0]["x-accel-buffering"]) == ("no-store", "no")
    assert "content-length" not in heads[0]
    assert bodies[0].startswith(b"retry: ")
    assert json.loads(bodies[-1].split(b"data: ")[1])["board"]["name"] == "floor"


# --- the yes to an alert


def firing(site: sa.Engine) -> dict[str, Any]:
    """An alert that fires, as the banner of a wall names it."""
    number = make(site, rule())
    with site.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.alert_standings (rule_id, scope_id, scope_name, state_name, firing_number, since_at, "
                "fired_at, evaluated_at, is_known) values (:id, '1', 'sales', 'firing', 1, :at, :at, :at, true)"
            ),
            {"id": number, "at": datetime.now(UTC) - timedelta(minutes=5)},
        )
    return {"rule_id": number, "scope_id": "1", "firing_number": 1}


def test_a_supervisor_says_that_they_have_seen_an_alert_in_their_own_name_and_the_trail_knows(
    put_up: sa.Engine,
) -> None:
    told = firing(put_up)
    visit = Visit(put_up, token_of("sam"))
    assert visit.acknowledge(told).status_code == 200
    with put_up.begin() as connection:
        seen = warehouse.frame(connection, "queries/firing_alerts", as_of=datetime.now(UTC))
        lines = connection.execute(
            sa.text(
                "select a.login_name, l.place_text from ops.audit_lines as l join ops.audit_actors as a "
                "using (actor_sha256) where l.what_name = 'alert.acknowledged' and l.of_name = :of"
            ),
            {"of": f"alert rule {told['rule_id']}"},
        ).all()
    mine = [row for row in seen.iter_rows(named=True) if row["rule_id"] == told["rule_id"]]
    assert [row["acknowledged_by_name"] for row in mine] == ["sam"]
    assert [tuple(line) for line in lines] == [("sam", "/wall/show")]
    over = visit.acknowledge({**told, "firing_number": 2})
    assert (over.status_code, "is over by now" in over.json()["sentence"]) == (409, True)


@pytest.mark.parametrize("login_name", ["aino", "eve", "wall"])
def test_whoever_may_not_is_refused_with_who_may(put_up: sa.Engine, login_name: str) -> None:
    found = Visit(put_up, token_of(login_name)).acknowledge(
        {"rule_id": 1, "scope_id": "1", "firing_number": 1}
    )
    assert (found.status_code, "Only a supervisor" in found.json()["sentence"]) == (403, True)


def test_no_other_site_and_nobody_without_a_session_says_yes(put_up: sa.Engine) -> None:
    told = {"rule_id": 1, "scope_id": "1", "firing_number": 1}
    visit = Visit(put_up, token_of("sam"))
    assert visit.acknowledge(told, origin="https://evil.example").status_code == 403
    assert visit.acknowledge(told, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert Visit(put_up).acknowledge(told).status_code == 401


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        {"rule_id": "1", "scope_id": "1", "firing_number": 1},
        {"rule_id": 1, "scope_id": 1},
        {"rule_id": 1, "scope_id": "\x00", "firing_number": 1},
        "x" * 9000,
    ],
)
def test_what_names_no_alert_is_one_sentence(put_up: sa.Engine, told: Any) -> None:
    found = Visit(put_up, token_of("sam")).acknowledge(told)
    assert (found.status_code, "names no alert" in found.json()["sentence"]) == (400, True)
