"""The way in by an identity provider, against a real one on this machine: who gets a session, and what is refused."""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware

from dashboard.door import accounts, identity_provider, sessions
from dashboard.door.identity_provider import IdentityProvider
from dashboard.door.provider_routes import ProviderDoor
from dashboard.door.routes import Door
from dashboard.door.sign_in_rules import ProviderRules, SignInRules
from sql import warehouse
from tests.oidc_server import CLIENT_ID, CLIENT_SECRET, Provider, oidc_server
from tests.web_browser import Browser

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
SITE = "https://floor.example"
GOOD = "quiet harbour at seven"
_numbers = count(1)


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """Accounts that wait for an address, one with a password, one that is closed."""
    with shared_engine.begin() as connection:
        for name in ("ada@example.org", "closed@example.org", "gone@example.org"):
            accounts.add(connection, name, role_name="manager")
        accounts.add(connection, "typed@example.org", role_name="manager", password=GOOD)
        accounts.close(connection, "closed@example.org", now=NOW)
    return shared_engine


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with oidc_server() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """The provider as it is when nothing is wrong with it."""
    running.faults = set()
    running.person = Provider().person
    running.key_name = "first"
    running.signed_out.clear()
    monkeypatch.setattr(identity_provider, "SECONDS", 0.5)
    return running


@pytest.fixture
def browser(site: sa.Engine, provider: Provider) -> Browser:
    return browser_of(site, provider)


def browser_of(site: sa.Engine, provider: Provider) -> Browser:
    """A browser at a site that has just been started."""
    rules = SignInRules(
        ways=frozenset({"provider"}),
        is_asked=True,
        provider=ProviderRules(SITE, provider.issuer, CLIENT_ID, CLIENT_SECRET, "Harbour account"),
    )
    at_provider = IdentityProvider(rules.provider) if rules.provider else None
    assert at_provider is not None
    door = Door(lambda: site, lambda: NOW, rules, farewell=at_provider.farewell)
    routes = [*door.routes(), *ProviderDoor(door, at_provider).routes()]
    # The pages' server has such a session of its own, around all routes.
    around = [Middleware(SessionMiddleware, secret_key="of the server", session_cookie="_streamlit_session")]
    return Browser(Starlette(routes=routes, middleware=around))


def callback(browser: Browser, *, at: str = "/sign-in/provider") -> str:
    """From the sign-in page to the provider; the address that it sends the browser back to."""
    left = browser.get(at)
    assert left.status_code == 302, left.text
    back = httpx.get(left.headers["location"], follow_redirects=False)
    assert back.status_code == 302
    assert back.headers["location"].startswith(f"{SITE}/sign-in/callback?")
    return back.headers["location"].removeprefix(SITE)


def session_count(site: sa.Engine) -> int:
    with warehouse.connected(site) as connection:
        return int(connection.execute(sa.text("select count(*) from access.sessions")).scalar_one())


def holder(site: sa.Engine, browser: Browser) -> str | None:
    with warehouse.connected(site) as connection:
        found = sessions.holder(connection, browser.cookies.get(sessions.COOKIE) or "", now=NOW)
    return found.login_name if found else None


def test_whoever_the_provider_knows_gets_the_session_of_their_account_and_the_page_that_they_asked_for(
    browser: Browser, site: sa.Engine, provider: Provider
) -> None:
    provider.person = {"sub": "17", "email": "Ada@Example.org", "email_verified": True}
    answer = browser.get(
        callback(browser, at="/sign-in/provider?next=%2Fqueues%3Fperiod%3D7_days%26queue%3D2")
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/queues?period=7_days&queue=2")
    cookies = answer.headers.get_list("set-cookie")
    (kept,) = [line for line in cookies if line.startswith(sessions.COOKIE)]
    assert all(part in kept for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/"))
    assert holder(site, browser) == "ada@example.org"
    # From now on it is the provider's number that counts: another address of the same person opens the same account ...
    provider.person = {"sub": "17", "email": "new.name@example.org", "email_verified": True}
    again = browser_of(site, provider)
    assert again.get(callback(again)).status_code == 303
    assert holder(site, again) == "ada@example.org"
    # ... and another person with the old address does not.
    provider.person = {"sub": "18", "email": "ada@example.org", "email_verified": True}
    other = browser_of(site, provider)
    assert other.get(callback(other)).status_code == 403
    assert holder(site, other) is None


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ({"sub": "20", "email": "stranger@example.org", "email_verified": True}, "no account at this site that waits"),
        ({"sub": "21", "email": "gone@example.org", "email_verified": False}, "tells no verified e-mail address"),
        ({"sub": "22", "email": "gone@example.org", "email_verified": "true"}, "tells no verified e-mail address"),
        ({"sub": "23", "email": "gone@example.org"}, "tells no verified e-mail address"),
        ({"sub": "24", "email": ["gone@example.org"], "email_verified": True}, "tells no verified e-mail address"),
        ({"sub": "25", "email": "typed@example.org", "email_verified": True}, "no account at this site that waits"),
        ({"sub": "26", "email": "closed@example.org", "email_verified": True}, "no account at this site that waits"),
        # A sign that looks like the letter, and is one after it was made small.
        ({"sub": "27", "email": "gone@example.or\u0261", "email_verified": True}, "no account at this site"),
        ({"sub": "28", "email": "%@example.org", "email_verified": True}, "no account at this site that waits"),
    ],
)  # fmt: skip
def test_nobody_becomes_an_account_by_being_known_to_the_provider(
    browser: Browser, site: sa.Engine, provider: Provider, person: dict[str, object], said: str
) -> None:
    before = session_count(site)
    provider.person = person
    answer = browser.get(callback(browser))
    assert answer.status_code == 403
    assert said in answer.text
    assert sessions.COOKIE not in str(answer.headers)
    assert session_count(site) == before


def test_whose_own_account_was_closed_is_not_let_in_by_another_that_waits_for_their_address(
    browser: Browser, site: sa.Engine, provider: Provider
) -> None:
    with site.begin() as connection:
        issuer = provider.issuer
        accounts.add(connection, "left", role_name="manager", identity=(issuer, "sub-left"))
        accounts.close(connection, "left", now=NOW)
        accounts.add(connection, "left@example.org", role_name="administrator")
    before = session_count(site)
    provider.person = {"sub": "sub-left", "email": "left@example.org", "email_verified": True}
    answer = browser.get(callback(browser))
    assert (answer.status_code, session_count(site)) == (403, before)


@pytest.mark.by_turns(5)
@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("audience", 401, "it is meant for another program"),
        ("issuer", 401, "it comes from another issuer"),
        ("expired", 401, "it is too old, or a clock is wrong"),
        ("nonce missing", 401, "it belongs to another sign-in"),
        ("nonce", 401, "it belongs to another sign-in"),
        ("unsigned", 401, "cannot be checked"),
        ("signed with the secret", 401, "cannot be checked"),
        ("unknown key", 401, "its signature is not the provider&#x27;s"),
        ("another's state", 401, "begun in another browser, or more than ten minutes ago"),
        ("another's challenge", 401, "did not let you in (invalid_grant)"),
        ("denied", 401, "did not let you in (access_denied)"),
        ("no id token", 401, "it does not say who signed in"),
        ("no json", 401, "cannot be checked"),
        ("subject missing", 401, "a part of it is missing or wrong"),
    ],
)
def test_an_answer_that_cannot_be_believed_lets_nobody_in_and_says_what_to_do(
    browser: Browser, site: sa.Engine, provider: Provider, fault: str, status: int, said: str
) -> None:
    before = session_count(site)
    provider.person = {"sub": "30", "email": "gone@example.org", "email_verified": True}
    provider.faults = {fault}
    answer = browser.get(callback(browser))
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert any(step in answer.text for step in ("Begin", "Try again", "tell whoever"))
    assert "555" not in answer.text  # what the provider adds in words of its own is not shown
    assert sessions.COOKIE not in str(answer.headers)
    assert session_count(site) == before
    # The same browser, at the same provider, once it is right again: only the fault was in the way.
    provider.faults = set()
    provider.person = {"sub": "17", "email": "ada@example.org", "email_verified": True}
    if fault == "audience":
        with site.begin() as connection:
            accounts.of_identity(connection, provider.issuer, "17") or accounts.linked(
                connection, "ada@example.org", issuer_text=provider.issuer, subject_text="17"
            )
        assert browser.get(callback(browser)).status_code == 303


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("silent", "does not answer"),
        ("broken", "does not answer"),
        ("calls itself another", "it calls itself by another name"),
        ("only unsigned", "it calls itself by another name"),
    ],
)
def test_a_provider_that_cannot_be_asked_is_said_on_the_page_and_asked_again_next_time(
    browser: Browser, provider: Provider, fault: str, said: str
) -> None:
    provider.faults = {fault}
    answer = browser.get("/sign-in/provider")
    assert (answer.status_code, said in answer.text) == (503, True), answer.text
    provider.faults = set()
    assert browser.get("/sign-in/provider").status_code == 302


def test_an_answer_counts_once_and_in_the_browser_that_asked(
    browser: Browser, site: sa.Engine, provider: Provider
) -> None:
    address = callback(browser)
    stranger = browser_of(site, provider)
    assert stranger.get(address).status_code == 401
    kept = dict(browser.cookies)
    assert browser.get(address).status_code == 303
    assert browser.get(address).status_code == 401
    replayed = Browser(browser.app)
    replayed.cookies = httpx.Cookies(
        kept
    )  # the signed cookie of before: the provider has taken its code back
    assert replayed.get(address).status_code == 401
    assert holder(site, replayed) is None


def test_a_provider_that_has_changed_its_keys_is_believed_again_without_a_new_start(
    browser: Browser, provider: Provider
) -> None:
    assert browser.get(callback(browser)).status_code == 303
    provider.key_name = "second"
    assert browser.get(callback(browser)).status_code == 303


def test_signing_out_signs_out_at_the_provider_too_and_comes_back_to_the_sign_in_page(
    browser: Browser, site: sa.Engine, provider: Provider
) -> None:
    browser.get(callback(browser))
    token = browser.cookies[sessions.COOKIE]
    answer = browser.post("/sign-out", data={})
    assert answer.status_code == 200  # a form of this site may not be led to another one: form-action 'self'
    onward = html.unescape(answer.text.partition('content="0; url=')[2].partition('"')[0])
    assert onward.startswith(f"{provider.issuer}/logout?")
    assert holder(site, browser) is None
    back = httpx.get(onward, follow_redirects=False)
    assert back.headers["location"].partition("?")[0] == f"{SITE}/sign-in"
    (told,) = provider.signed_out
    assert told["id_token_hint"].count(".") == 2
    with warehouse.connected(site) as connection:
        assert sessions.holder(connection, token, now=NOW) is None


def test_where_the_provider_is_the_only_way_no_password_is_asked_for_or_taken(browser: Browser) -> None:
    page = browser.get("/sign-in?next=/queues").text
    assert "Sign in with Harbour account" in page
    assert 'href="/sign-in/provider?next=%2Fqueues"' in page
    assert "password" not in page.lower()
    answer = browser.post("/sign-in", data={"login_name": "typed@example.org", "password": GOOD})
    assert (answer.status_code, sessions.COOKIE in str(answer.headers)) == (403, False)


def test_what_is_underway_is_kept_for_ten_minutes_out_of_reach_of_scripts(browser: Browser) -> None:
    (line,) = browser.get("/sign-in/provider").headers.get_list("set-cookie")
    line = line.lower()
    assert line.startswith("floorboard_sign_in=")
    for part in ("max-age=600", "httponly", "samesite=lax", "secure", "path=/sign-in"):
        assert part in line
