"""Whose word on who is there is taken: the proxy's, from its own address, with its secret, and nobody else's."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as drawn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from dashboard import server
from dashboard.door.proxy import PEER, TrustedProxy, WithPeer
from dashboard.door.sign_in_rules import ProxyRules

SECRET = "b1946ac92492d2347c6235b4d2611184"
RULES = ProxyRules(
    ("10.0.0.5", "192.168.7.0/29", "fd00::5"), "X-Forwarded-User", "X-Floorboard-Proxy", SECRET
)


def request(peer: str, *lines: tuple[str, str]) -> dict[str, Any]:
    headers = [(name.lower().encode(), value.encode()) for name, value in lines]
    return {"type": "http", PEER: peer, "client": (peer, 1), "headers": headers}


USER, PROOF = ("X-Forwarded-User", "ada@example.org"), ("X-Floorboard-Proxy", SECRET)


@pytest.mark.parametrize("peer", ["10.0.0.5", "192.168.7.6", "fd00::5", "::ffff:10.0.0.5"])
def test_the_proxys_word_is_taken(peer: str) -> None:
    proxy = TrustedProxy(RULES)
    assert proxy.login_name(request(peer, USER, PROOF)) == "ada@example.org"
    assert proxy.login_name(request(peer, ("X-Forwarded-User", "õnne"), PROOF)) == "õnne"
    assert proxy.login_name(request(peer, PROOF)) is None
    assert proxy.passed_over_count == 0


@pytest.mark.parametrize(
    ("peer", "lines"),
    [
        ("10.0.0.6", [USER, PROOF]),
        ("127.0.0.1", [USER, PROOF]),
        ("192.168.7.8", [USER, PROOF]),
        ("", [USER, PROOF]),
        ("unix", [USER, PROOF]),
        ("10.0.0.5", [USER]),
        ("10.0.0.5", [USER, ("X-Floorboard-Proxy", "")]),
        ("10.0.0.5", [USER, ("X-Floorboard-Proxy", SECRET[:-1])]),
        ("10.0.0.5", [USER, ("X-Floorboard-Proxy", SECRET.upper())]),
        ("10.0.0.5", [USER, ("X-Floorboard-Proxy", "a guess"), PROOF]),
        ("10.0.0.5", [USER, ("X-Floorboard-Proxy", f"{SECRET}, a guess")]),
    ],
)
def test_everybody_elses_word_is_passed_over_and_counted(
    peer: str, lines: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    proxy = TrustedProxy(RULES)
    with caplog.at_level(logging.WARNING):
        found = [proxy.login_name(request(peer, *lines)) for _ in range(3)]
    assert found == [None, None, None]
    assert proxy.passed_over_count == 3
    (line,) = caplog.messages  # once a minute, however many
    assert "in place of the proxy" in line
    assert SECRET not in line


def test_a_line_that_the_proxy_passed_on_beside_its_own_makes_both_count_for_nothing() -> None:
    forged = ("X-Forwarded-User", "boss@example.org")
    for lines in ((forged, USER), (USER, forged)):
        assert TrustedProxy(RULES).login_name(request("10.0.0.5", *lines, PROOF)) is None


@given(peer=drawn.ip_addresses(), secret=drawn.text(max_size=40), name=drawn.text(max_size=30))
def test_no_address_and_no_secret_but_the_right_ones_are_believed(peer: Any, secret: str, name: str) -> None:
    told = request(str(peer), ("X-Forwarded-User", name.encode("utf-8", "replace").decode()))
    told["headers"].append((b"x-floorboard-proxy", secret.encode("utf-8", "replace")))
    assert TrustedProxy(RULES).login_name(told) is None


def test_a_forwarded_address_does_not_take_the_place_of_the_one_at_the_other_end() -> None:
    seen: list[dict[str, Any]] = []

    async def app(scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        seen.append(dict(scope))

    served = WithPeer(ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1"))  # type: ignore[arg-type]
    scope = request("127.0.0.1", USER, PROOF, ("X-Forwarded-For", "10.0.0.5"))
    del scope[PEER]
    asyncio.run(served(scope, None, None))
    (found,) = seen
    assert found["client"][0] == "10.0.0.5"  # what a visitor made the proxy say
    assert TrustedProxy(RULES).login_name(found) is None


def test_the_server_notes_the_other_end_for_every_connection() -> None:
    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        return None

    served = uvicorn.Server(uvicorn.Config(app, log_config=None))
    served.config.load()
    before = signal.signal(signal.SIGTERM, served.handle_exit)
    try:

        async def start() -> None:
            async with server._short_farewell(None):  # type: ignore[arg-type]
                assert isinstance(served.config.loaded_app, WithPeer)

        asyncio.run(start())
    finally:
        signal.signal(signal.SIGTERM, before)
