"""The door on a real warehouse: who gets a session, what a browser is told, and how a session ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.door import accounts, doorstep, sessions
from dashboard.door.accounts import AccountError
from dashboard.door.doorstep import Doorstep
from dashboard.door.proxy import PEER, TrustedProxy
from dashboard.door.routes import TRIES_OF_ADDRESS, TRIES_OF_NAME, Door, Tries, _keys
from dashboard.door.sign_in_rules import ProxyRules, SignInRules
from dashboard.door.visitor import Visitors
from sql import warehouse
from tests.web_browser import Browser

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


@pytest.fixture
def browser(site: sa.Engine) -> Browser:
    return Browser(Door(lambda: site, lambda: NOW, is_demo=True))


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


def test_a_shift_that_signs_in_from_one_address_does_not_wait_and_a_thousand_guesses_from_it_do() -> None:
    tries, seconds = Tries(), [0.0]
    tries.clock = lambda: seconds[0]
    door = Door(lambda: pytest.fail("nothing is asked"), lambda: NOW, tries=tries)

    def is_refused(name: str, address: str) -> bool:
        return door._is_one_too_many(_keys(name, address))

    for number in range(300):  # three hundred people, each at the first try
        assert not is_refused(f"agent {number}", "192.0.2.1")
        tries.forget(*_keys(f"agent {number}", "192.0.2.1"))
    refused = [is_refused(f"guess {number}", "192.0.2.1") for number in range(1000)]
    assert refused.index(True) == TRIES_OF_ADDRESS
    assert not is_refused("agent 1", "192.0.2.2")  # others come from elsewhere
    refused = [is_refused("ada", f"192.0.2.{number}") for number in range(3, 100)]  # many addresses, one name
    assert refused.index(True) == TRIES_OF_NAME
    seconds[0] = 61
    assert not is_refused("ada", "192.0.2.1")


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
    asking = browser.get("/sign-out")  # as another site's picture or link would
    assert (asking.status_code, '<form method="post" action="/sign-out">' in asking.text) == (200, True)
    assert held(site, token) == "sam"
    refused = browser.post("/sign-out", data={}, headers={"origin": "http://evil.example"})
    assert (refused.status_code, held(site, token)) == (403, "sam")
    answer = browser.post("/sign-out", data={})
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/",
    )  # the demo goes on without an account
    assert held(site, token) is None
    real = Browser(Door(lambda: site, lambda: NOW))
    assert real.get("/sign-out").headers["location"] == "/sign-in"


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
    """A demo over a warehouse with accounts of people would else be a way in without a password."""
    with site.begin() as connection:
        known = accounts.of_identity(connection, "demo", "agent")
    assert known is not None
    answer = browser.get("/persona?as=agent&next=/agents")
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)
    assert browser.get("/persona?as=ada").status_code == 404
    real = Door(lambda: site, lambda: NOW)
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


# --- before the pages

SECRET = "b1946ac92492d2347c6235b4d2611184"
PROXY = ProxyRules(("10.0.0.5",), "X-Forwarded-User", "X-Floorboard-Proxy", SECRET)
PROVEN = {"x-floorboard-proxy": SECRET, "test-peer": "10.0.0.5"}


class Peer:
    """Says who is at the other end of the line, as the server does; here a line of the request tells it."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        told = dict(scope.get("headers", []))
        await self.app({**scope, PEER: told.get(b"test-peer", b"192.0.2.1").decode()}, receive, send)


def guarded(site: sa.Engine, rules: SignInRules) -> Browser:
    """A site with two pages and a prepared file, and the door before them."""

    async def page(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"the page {request.url.path}")

    proxy = TrustedProxy(rules.proxy) if rules.proxy else None
    door = Door(lambda: site, lambda: NOW, rules, proxy=proxy)
    visitors = Visitors(lambda: site, lambda: NOW, rules=lambda: rules)
    routes = [
        *door.routes(),
        *(Route(path, page) for path in ("/", "/queues", "/media/{name}", "/app/static/x")),
        Route("/_stcore/upload_file/{session}/{file}", page, methods=["PUT", "DELETE"]),
    ]
    step = Middleware(Doorstep, pages=frozenset({"queues"}), viewer=visitors.viewer, proxy=proxy)
    return Browser(Starlette(routes=routes, middleware=[Middleware(Peer), step]))


def test_whoever_asks_for_a_page_signs_in_first_and_is_led_back_to_all_of_its_address(
    site: sa.Engine,
) -> None:
    browser = guarded(site, SignInRules())
    answer = browser.get("/queues?period=7_days&queue=2&queue=3")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?next=%2Fqueues%3Fperiod%3D7_days%26queue%3D2%26queue%3D3",
    )
    page = browser.get(answer.headers["location"]).text
    assert 'value="/queues?period=7_days&amp;queue=2&amp;queue=3"' in page
    done = browser.post("/sign-in", data=told("sam", GOOD, next="/queues?period=7_days&queue=2&queue=3"))
    assert done.headers["location"] == "/queues?period=7_days&queue=2&queue=3"
    assert browser.get(done.headers["location"]).text == "the page /queues"
    assert browser.get("/media/sums.csv").status_code == 200
    assert browser._ask("PUT", "/_stcore/upload_file/a/b").status_code == 200


def test_without_a_session_there_is_no_page_and_no_prepared_file(site: sa.Engine) -> None:
    browser = guarded(site, SignInRules())
    assert browser.get("/media/sums.csv").status_code == 403
    for method in ("PUT", "DELETE"):
        assert browser._ask(method, "/_stcore/upload_file/a/b").status_code == 403
    assert browser.get("/").headers["location"] == "/sign-in?next=%2F"
    assert browser.get("/app/static/x").status_code == 200  # letters and colours of the sign-in page
    browser.cookies.set(sessions.COOKIE, "a token that nobody gave")
    assert browser.get("/queues").status_code == 303


def test_while_the_warehouse_is_silent_pages_come_up_to_say_so_and_files_stay_where_they_are(
    site: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorstep, "SECONDS", 0.2)

    async def page(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("the page")

    silences: list[Callable[[str | None], Viewer]] = [lambda _token: fails(), lambda _token: hangs()]
    for viewer in silences:
        step = Middleware(Doorstep, pages=frozenset({"queues"}), viewer=viewer)
        app = Starlette(routes=[Route("/queues", page), Route("/media/x", page)], middleware=[step])
        browser = Browser(app)
        assert browser.get("/queues").text == "the page"
        assert browser.get("/media/x").status_code == 503


def fails() -> Viewer:
    raise warehouse.WarehouseError("The warehouse does not answer.")


def hangs() -> Viewer:
    time.sleep(0.6)
    return LOCAL_VIEWER


def test_the_proxys_word_begins_a_session_and_everybody_elses_begins_none(site: sa.Engine) -> None:
    rules = SignInRules(ways=frozenset({"proxy"}), is_asked=True, proxy=PROXY)
    browser = guarded(site, rules)
    told_by = {"x-forwarded-user": "Ada@Example.org", **PROVEN}
    led = browser.get("/queues?queue=2", headers=told_by)
    answer = browser.get(led.headers["location"], headers=told_by)
    assert (answer.status_code, answer.headers["location"]) == (303, "/queues?queue=2")
    token = browser.cookies[sessions.COOKIE]
    assert held(site, token) == "Ada@example.org"
    assert browser.get("/queues", headers=told_by).status_code == 200
    for forged in (
        {**told_by, "test-peer": "10.0.0.6"},
        {**told_by, "x-floorboard-proxy": "a guess"},
        {"x-forwarded-user": "ada@example.org", "x-forwarded-for": "10.0.0.5"},
    ):
        stranger = guarded(site, rules)
        answer = stranger.get("/sign-in", headers=forged)
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
        assert "address that you were given" in answer.text
        assert stranger.get("/queues", headers=forged).status_code == 303


def test_somebody_else_at_the_same_browser_gets_a_session_of_their_own(site: sa.Engine) -> None:
    browser = guarded(site, SignInRules(ways=frozenset({"proxy"}), is_asked=True, proxy=PROXY))
    browser.get("/sign-in", headers={"x-forwarded-user": "ada@example.org", **PROVEN})
    before = browser.cookies[sessions.COOKIE]
    other = {"x-forwarded-user": "sam", **PROVEN}
    led = browser.get("/queues", headers=other)
    assert led.status_code == 303
    browser.get(led.headers["location"], headers=other)
    assert held(site, browser.cookies[sessions.COOKIE]) == "sam"
    assert held(site, before) is None


def test_the_proxy_lets_nobody_in_who_has_no_account_and_signing_out_is_not_undone_at_once(
    site: sa.Engine,
) -> None:
    browser = guarded(site, SignInRules(ways=frozenset({"proxy"}), is_asked=True, proxy=PROXY))
    answer = browser.get("/sign-in", headers={"x-forwarded-user": "stranger", **PROVEN})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert "there is no account of that name" in answer.text
    known = {"x-forwarded-user": "sam", **PROVEN}
    browser.get("/sign-in", headers=known)
    out = browser.post("/sign-out", data={}, headers=known)
    page = browser.get(out.headers["location"], headers=known)
    assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    assert "You are signed out here" in page.text


def test_who_signed_in_and_who_failed_to_stands_in_the_trail(browser: Browser, site: sa.Engine) -> None:
    with site.begin() as connection:
        number = accounts.add(connection, "noted", role_name="manager", password=GOOD)
    browser.post("/sign-in", data=told("noted", "wrong"))
    browser.post("/sign-in", data=told("noted", GOOD))
    browser.post("/sign-out", data={})
    with site.begin() as connection:
        found = connection.execute(
            sa.text("select what_name from ops.audit_lines where of_name = :of order by line_number"),
            {"of": f"account {number}"},
        ).scalars()
        assert list(found) == ["account.made", "sign_in.failed", "sign_in.done", "sign_in.over"]
