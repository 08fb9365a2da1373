"""The door on a real warehouse: who gets a session, what a browser is told, and how a session ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette

from dashboard.door import accounts, sessions
from dashboard.door.accounts import AccountError
from dashboard.door.routes import Door
from sql import warehouse

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
GOOD = "quiet harbour at seven"


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """A site with an administrator, a supervisor of a team, an agent and the demo's agent."""
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Early')"))
        connection.execute(
            sa.text("insert into warehouse.agents (agent_name) values ('Aino Kask'), ('Twin'), ('Twin')")
        )
        accounts.add(connection, "Ada@example.org", role_name="administrator", password=GOOD)
        accounts.add(connection, "sam", role_name="supervisor", password=GOOD, team_names=["Early"])
        accounts.add(
            connection, "aino", role_name="agent", agent_name="Aino Kask", identity=("demo", "agent")
        )
    return shared_engine


class Browser:
    """Keeps cookies, follows nothing by itself."""

    def __init__(self, door: Door) -> None:
        self._app = Starlette(routes=door.routes())
        self.cookies = httpx.Cookies()

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path)

    def post(
        self, path: str, *, data: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self._ask("POST", path, data=data, headers=headers)

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://floor.example", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())


@pytest.fixture
def browser(site: sa.Engine) -> Browser:
    return Browser(Door(lambda: site, lambda: NOW, timedelta(hours=12), is_demo=True))


def held(site: sa.Engine, token: str | None, *, after: timedelta = timedelta()) -> str | None:
    with warehouse.connected(site) as connection:
        found = sessions.holder(connection, token or "", now=NOW + after)
    return found.login_name if found else None


def told(login_name: str, password: str, **more: str) -> dict[str, str]:
    return {"login_name": login_name, "password": password, **more}


def test_name_and_password_give_a_session_in_a_cookie_that_no_script_reads(
    browser: Browser, site: sa.Engine
) -> None:
    answer = browser.post("/sign-in", data=told("ada@EXAMPLE.org", GOOD, next="/queues"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/queues")
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/", "Max-Age=43200"))
    token = browser.cookies[sessions.COOKIE]
    assert held(site, token) == "Ada@example.org"
    assert held(site, token, after=timedelta(hours=12)) is None
    with warehouse.connected(site) as connection:
        kept = (
            connection.execute(sa.text("select encode(token_sha256, 'hex') from access.sessions"))
            .scalars()
            .all()
        )
    assert kept
    assert token not in kept


@pytest.mark.parametrize(
    ("name", "password"), [("ada@example.org", "wrong"), ("nobody", GOOD), ("", ""), ("aino", GOOD)]
)
def test_a_wrong_name_and_a_wrong_password_look_alike(browser: Browser, name: str, password: str) -> None:
    answer = browser.post("/sign-in", data=told(name, password))
    assert answer.status_code == 401
    assert "Name and password do not belong together" in answer.text
    assert "set-cookie" not in answer.headers
    assert not password or password not in answer.text


def test_what_was_typed_comes_back_as_text(browser: Browser) -> None:
    answer = browser.post("/sign-in", data=told('"><script>alert(1)</script>', "x", next='"><script>'))
    assert "<script" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_eleventh_try_within_a_minute_has_to_wait_even_with_the_right_password(browser: Browser) -> None:
    found = [browser.post("/sign-in", data=told("sam", "wrong")).status_code for _ in range(10)]
    assert found == [401] * 10
    assert browser.post("/sign-in", data=told("sam", GOOD)).status_code == 429


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_another_sites_form_signs_nobody_in(browser: Browser, headers: dict[str, str]) -> None:
    assert browser.post("/sign-in", data=told("sam", GOOD), headers=headers).status_code == 403


def test_signing_out_ends_the_session_for_every_tab_and_a_kept_cookie_opens_nothing(
    browser: Browser, site: sa.Engine
) -> None:
    browser.post("/sign-in", data=told("sam", GOOD))
    token = browser.cookies[sessions.COOKIE]
    assert held(site, token) == "sam"
    answer = browser.get("/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert held(site, token) is None


def test_a_closed_account_loses_its_open_sessions_at_once(browser: Browser, site: sa.Engine) -> None:
    with site.begin() as connection:
        accounts.add(connection, "leaver", role_name="manager", password=GOOD)
    browser.post("/sign-in", data=told("leaver", GOOD))
    token = browser.cookies[sessions.COOKIE]
    with site.begin() as connection:
        assert accounts.close(connection, "Leaver", now=NOW) == 1
    assert held(site, token) is None
    assert browser.post("/sign-in", data=told("leaver", GOOD)).status_code == 401


def test_personas_are_the_demos_alone(browser: Browser, site: sa.Engine) -> None:
    assert browser.get("/persona?as=agent&next=/agents").headers["location"] == "/agents"
    assert held(site, browser.cookies[sessions.COOKIE]) == "aino"
    assert browser.get("/persona?as=ada").status_code == 404
    real = Door(lambda: site, lambda: NOW, timedelta(hours=12))
    assert "/persona" not in [route.path for route in real.routes()]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"login_name": " ", "role_name": "manager"}, "login name is empty"),
        ({"login_name": "x", "role_name": "owner"}, "no role 'owner'"),
        ({"login_name": "x", "role_name": "agent"}, "needs the agent"),
        ({"login_name": "x", "role_name": "agent", "agent_name": "Nobody"}, "0 with the name 'Nobody'"),
        ({"login_name": "x", "role_name": "agent", "agent_name": "Twin"}, "2 with the name 'Twin'"),
        ({"login_name": "x", "role_name": "manager", "team_names": ["Early"]}, "belong to a supervisor"),
        ({"login_name": "sam", "role_name": "manager"}, "account 'sam' already"),
    ],
)
def test_an_account_that_cannot_be_is_refused_with_what_to_do(
    site: sa.Engine, given: dict[str, object], said: str
) -> None:
    with pytest.raises(AccountError, match=said), site.begin() as connection:
        accounts.add(connection, **given)  # type: ignore[arg-type]
