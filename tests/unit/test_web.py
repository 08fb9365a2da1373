"""The HTTP edge: waits are honoured, answers have limits, credentials stay at home, and every fault has its sentence."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from etl import LoadError
from etl.sources.web import MOST_ATTEMPTS, WebClient, WebError, credential
from etl.sources.web_answer import json_value
from tests.web_server import Answer, Request, web_server

TOKEN = "zt-5f3d9a0c77e1"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that only sleep moves; it remembers every wait."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


def answers(*given: httpx.Response | Exception) -> httpx.MockTransport:
    """A transport that gives these one after the other, the last one for ever."""
    left: Iterator[httpx.Response | Exception] = iter(given)
    last: list[httpx.Response | Exception] = [given[-1]]

    def answer(_: httpx.Request) -> httpx.Response:
        found = next(left, last[0])
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found.status_code, headers=found.headers, content=found.content)

    return httpx.MockTransport(answer)


def client(transport: httpx.BaseTransport, clock: Clock, **settings: Any) -> WebClient:
    return WebClient(
        "https://desk.example/api/v2",
        transport=transport,
        **({"most_per_second": 1e6} | settings),
        sleep=clock.sleep,
        clock=clock,
        utc_now=lambda: NOW,
    )


GOOD = httpx.Response(200, json={"tickets": []})


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 8),
        ({"Retry-After": "1.5"}, 1.5, 2.5),
        ({"Retry-After": format_datetime(NOW + timedelta(seconds=40), usegmt=True)}, 40, 41),
        (
            {  # the server's clock is an hour ahead; its own Date tells how long it means
                "Retry-After": format_datetime(NOW + timedelta(hours=1, seconds=30), usegmt=True),
                "Date": format_datetime(NOW + timedelta(hours=1), usegmt=True),
            },
            30,
            31,
        ),
        ({"Retry-After": format_datetime(NOW - timedelta(days=1), usegmt=True)}, 0.5, 1),
        ({}, 0.5, 1),
        ({"Retry-After": ""}, 0.5, 1),
        ({"Retry-After": "0"}, 0.5, 1),
        ({"Retry-After": "-1"}, 0.5, 1),
        ({"Retry-After": "abc"}, 0.5, 1),
        ({"Retry-After": "٣".encode()}, 0.5, 1),
        ({"Retry-After": "1000000000"}, 900, 901),
        ({"Retry-After": "9" * 20}, 900, 901),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 900, 901),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_in_every_form(headers: Any, least: float, most: float, status: int) -> None:
    clock = Clock()
    got = client(answers(httpx.Response(status, headers=headers), GOOD), clock).get_json("tickets")
    assert got == {"tickets": []}
    [waited] = [wait for wait in clock.waits if wait > 0.001]
    assert least <= waited <= most


def test_waits_grow_and_end_after_six_attempts() -> None:
    clock = Clock()
    with pytest.raises(WebError, match="answer 500") as caught:
        client(answers(httpx.Response(500)), clock).get_json("tickets")
    assert caught.value.is_worth_retry
    assert not caught.value.is_rate_limit
    waits = [wait for wait in clock.waits if wait > 0.001]
    assert len(waits) == MOST_ATTEMPTS - 1
    for wait, step in zip(waits, (1, 2, 4, 8, 16), strict=True):
        assert step / 2 <= wait <= step


def test_a_rate_limit_that_does_not_end_is_told_as_one_within_the_patience() -> None:
    clock = Clock()
    with pytest.raises(WebError, match="Nothing is lost") as caught:
        client(answers(httpx.Response(429, headers={"Retry-After": "900"})), clock).get_json("tickets")
    assert caught.value.is_rate_limit
    assert clock.seconds <= 1800  # one wait of 900 s; the second would end after the half hour


def test_questions_never_come_faster_than_agreed_repeats_included() -> None:
    clock, asked_at = Clock(), list[float]()

    def answer(_: httpx.Request) -> httpx.Response:
        asked_at.append(clock.seconds)
        return httpx.Response(429, headers={"Retry-After": "0"}) if len(asked_at) % 2 else GOOD

    asked = client(httpx.MockTransport(answer), clock, most_per_second=10 / 60)
    for _ in range(5):
        asked.get_json("tickets")
    gaps = [later - earlier for earlier, later in pairwise(asked_at)]
    assert len(asked_at) == 10
    assert min(gaps) >= 6.0


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("late"),
        httpx.ReadTimeout("late"),
        httpx.RemoteProtocolError("cut"),
        httpx.ReadError("reset"),
    ],
)
def test_a_network_fault_is_survived(fault: Exception) -> None:
    assert client(answers(fault, fault, GOOD), Clock()).get_json("tickets") == {"tickets": []}


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_named_and_not_tried_again(status: int) -> None:
    clock = Clock()
    asked = client(answers(httpx.Response(status)), clock, credential_text="the variable DESK_TOKEN")
    with pytest.raises(WebError, match="the variable DESK_TOKEN") as caught:
        asked.get_json("tickets")
    assert caught.value.status_code == status
    assert not caught.value.is_worth_retry
    assert clock.seconds < 0.001


def test_a_missing_record_is_told_with_its_status_and_the_reason_of_the_api() -> None:
    gone = httpx.Response(404, json={"error": "RecordNotFound", "description": "Not  found"})
    with pytest.raises(
        WebError, match=r"GET https://desk\.example/api/v2/tickets/7: .*404 \(Not found\)"
    ) as caught:
        client(answers(gone), Clock()).get_json("tickets/7", {"secret": "x"})
    assert caught.value.status_code == 404


def test_a_sign_in_page_with_200_is_named() -> None:
    page = httpx.Response(200, html="<!doctype html><html><title> Sign\n in </title><body>...")
    with pytest.raises(WebError, match=r'a web page titled "Sign in", expected JSON') as caught:
        client(answers(page), Clock()).get_json("tickets")
    assert not caught.value.is_worth_retry


def test_half_an_answer_is_asked_for_again() -> None:
    assert client(answers(httpx.Response(200, content=b'{"tickets": ['), GOOD), Clock()).get_json("t") == {
        "tickets": []
    }


def test_an_echoed_credential_is_blotted_out() -> None:
    echo = httpx.Response(400, json={"description": f"bad header Bearer {TOKEN}"})
    asked = client(answers(echo), Clock(), headers={"Authorization": f"Bearer {TOKEN}"})
    with pytest.raises(WebError) as caught:
        asked.get_json("tickets")
    assert TOKEN not in str(caught.value)
    assert TOKEN not in repr(asked)


def test_a_redirect_stays_on_its_host_and_loops_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "desk.example"
        if request.url.path.endswith("/old"):
            return httpx.Response(301, headers={"Location": "/api/v2/new?page=2"})
        if request.url.path.endswith("/away"):
            return httpx.Response(302, headers={"Location": "https://evil.example/api/v2/new"})
        if request.url.path.endswith("/plain"):
            return httpx.Response(302, headers={"Location": "http://desk.example/api/v2/new"})
        if request.url.path.endswith("/round"):
            return httpx.Response(302, headers={"Location": "/api/v2/round"})
        return httpx.Response(200, json={"page": request.url.params.get("page")})

    asked = client(httpx.MockTransport(answer), Clock())
    assert asked.get_json("old") == {"page": "2"}
    for path, found in (("away", "evil.example"), ("plain", "http://desk.example"), ("round", "redirects")):
        with pytest.raises(WebError, match=found):
            asked.get_json(path)
    with pytest.raises(WebError, match="redirect"):
        asked.post_json("old", {})


def test_the_next_page_keeps_its_parameters_and_may_not_lie_elsewhere() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=str(request.url))

    asked = client(httpx.MockTransport(answer), Clock())
    assert asked.get_json("https://desk.example:443/api/v2/t.json?cursor=abc%3D%3D") == (
        "https://desk.example/api/v2/t.json?cursor=abc%3D%3D"
    )
    assert asked.get_json("/t", {"a": 1, "b": None}) == "https://desk.example/api/v2/t?a=1"
    for url in (
        "https://evil.example/x",
        "http://desk.example/x",
        "https://desk.example:444/x",
        "https://desk.example@evil.example/",
    ):
        with pytest.raises(WebError, match="same host"):
            asked.get_json(url)


@pytest.mark.parametrize(
    ("base_url", "is_taken"),
    [
        ("https://desk.example", True),
        ("http://127.0.0.1:8080", True),
        ("http://localhost", True),
        ("http://[::1]:8080", True),
        ("http://desk.example", False),
        ("http://127.0.0.1.evil.example", False),
        ("ftp://desk.example", False),
        ("desk.example", False),
        ("https://user:word@desk.example", False),
        ("https://desk.example/?token=x", False),
        ("", False),
        ("https://", False),
    ],
)
def test_only_https_is_asked_except_on_this_machine(base_url: str, is_taken: bool) -> None:
    if is_taken:
        WebClient(base_url, most_per_second=1)
        return
    with pytest.raises(LoadError) as caught:
        WebClient(base_url, most_per_second=1)
    assert "word" not in str(caught.value).replace("a password", "")


def test_json_that_no_table_takes_is_made_harmless() -> None:
    assert json_value(b'\xef\xbb\xbf{"a": NaN, "b": [-Infinity]}') == {"a": "NaN", "b": ["-Infinity"]}
    assert json_value(rb'{"\ud800": ["x\udfff", "\ud83d\ude00"]}') == {"\ufffd": ["x\ufffd", "😀"]}
    for broken in (b"", b" ", b"{", b"[" * 100_000, b'{"a": 1} x', b"9" * 5000):
        with pytest.raises(ValueError, match=r"no whole JSON|an empty answer"):
            json_value(broken)


# Against a real server on this machine ------------------------------------------------------------------------


def ask(handler: Callable[[Request], Any], **settings: Any) -> tuple[Any, int]:
    """The answer to one question, and how many times it was asked."""
    given: dict[str, Any] = {"most_per_second": 1000.0, "sleep": lambda _: None} | settings
    with web_server(handler) as base_url:
        with WebClient(base_url, **given) as asked:
            found = asked.get_json("t")
        return found, len(base_url.requests)


def once_bad(bad: Answer) -> Callable[[Request], Answer]:
    return lambda request: bad if request.number == 1 else Answer({"good": True})


@pytest.mark.parametrize(
    "bad",
    [
        Answer({"t": "x" * 5000}, cut_at=100),
        Answer({"t": "x" * 5000}, cut_at=0),
        Answer({"t": "x" * 5000}, length=50),
        Answer({"t": "x" * 50}, length=5000, cut_at=58),
        Answer({"t": [*range(9999)]}, is_gzip=True, cut_at=500),
        Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}),
        Answer(b""),
    ],
)
def test_a_broken_body_is_asked_for_again(bad: Answer) -> None:
    assert ask(once_bad(bad)) == ({"good": True}, 2)


def test_a_packed_answer_is_unpacked_and_a_bomb_is_refused() -> None:
    assert ask(lambda _: Answer({"t": [*range(999)]}, is_gzip=True)) == ({"t": [*range(999)]}, 1)
    bomb = Answer(b"[" + b" " * 50_000_000 + b"]", is_gzip=True)
    assert len(bomb.body()) < 100_000
    with pytest.raises(WebError, match="more than 1000000 bytes") as caught:
        ask(lambda _: bomb, most_bytes=1_000_000)
    assert not caught.value.is_worth_retry
    with pytest.raises(WebError, match=r"packed as 'gzip, gzip'"):
        ask(lambda _: Answer(b"x", headers={"Content-Encoding": "gzip, gzip"}))


@pytest.mark.parametrize(
    "slow",
    [
        Answer({"t": "x" * 500}, drip_seconds=0.1),
        Answer({"t": "x"}, drip_seconds=0.1, drips_headers=True),
        Answer({"t": "x"}, hangs_seconds=30),
    ],
)
def test_an_answer_that_drips_is_ended_by_the_deadline(slow: Answer) -> None:
    started_at = time.monotonic()
    with pytest.raises(WebError, match=r"no whole answer within 0\.5 s") as caught:
        ask(lambda _: slow, deadline_seconds=0.5, most_attempts=1)
    assert time.monotonic() - started_at < 3
    assert caught.value.is_worth_retry


def test_a_server_that_is_not_there_is_named() -> None:
    with web_server(lambda _: None) as base_url:
        pass
    with pytest.raises(WebError, match=rf"GET {base_url}/t: found no connection"):
        WebClient(base_url, most_per_second=1000, sleep=lambda _: None).get_json("t")


def test_no_log_holds_the_credential(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with web_server(lambda request: request.headers["authorization"]) as base_url:
        asked = WebClient(base_url, headers={"Authorization": f"Bearer {TOKEN}"}, most_per_second=1000)
        assert asked.get_json("t", {"q": "private"}) == f"Bearer {TOKEN}"
        asked.close()
    assert TOKEN not in caplog.text
    assert "private" not in caplog.text


def test_a_form_and_a_question_with_a_body_arrive() -> None:
    with (
        web_server(lambda request: [request.method, request.body.decode()]) as base_url,
        WebClient(base_url, most_per_second=1000) as asked,
    ):
        assert asked.post_json("q", {"a": [1]}) == ["POST", json.dumps({"a": [1]}, separators=(",", ":"))]
        assert asked.post_form("q", {"grant_type": "client_credentials"}) == [
            "POST",
            "grant_type=client_credentials",
        ]


# Credentials --------------------------------------------------------------------------------------------------


def kept(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "token"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_a_credential_comes_from_the_environment_or_a_private_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_TOKEN", raising=False)
    file = kept(tmp_path, f"{TOKEN}\n")
    assert credential(None, file, what="desk") == TOKEN
    file.chmod(0o400)
    assert credential("DESK_TOKEN", file, what="desk") == TOKEN
    monkeypatch.setenv("DESK_TOKEN", "zt-other-998877")
    assert credential("DESK_TOKEN", file, what="desk") == "zt-other-998877"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o700, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(LoadError, match=rf"mode {mode:o}, expected 600.*chmod 600") as caught:
        credential(None, kept(tmp_path, TOKEN, mode), what="desk")
    assert TOKEN not in str(caught.value)


def test_a_link_to_another_users_file_is_refused(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's file")
    file = kept(tmp_path, TOKEN)
    (tmp_path / "link").symlink_to(file)
    assert credential(None, tmp_path / "link", what="desk") == TOKEN
    os.chown(file, 65534, 65534)
    with pytest.raises(LoadError, match="another user's"):
        credential(None, tmp_path / "link", what="desk")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a-token\nanother", "several lines"),
        ("tok\x00en-123", "several lines"),
        ("tökén-12345", "several lines"),
        ("x" * 20_000, "several lines"),
        *(
            (sample, "a sample")
            for sample in ("changeme", "change-me", "your_api_token", "xxxxxxxx", "<token>", "${TOKEN}")
        ),
        *((sample, "a sample") for sample in ("YOUR-TOKEN-HERE", "secret", "...", "1234567890")),
    ],
)  # fmt: skip
def test_what_is_no_credential_is_refused_without_being_shown(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(LoadError, match=reason) as caught:
        credential(None, kept(tmp_path, text), what="desk")
    if len(text) > 8:
        assert text not in str(caught.value)


def test_where_a_credential_is_missing_the_place_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DESK_TOKEN", raising=False)
    with pytest.raises(LoadError, match="DESK_TOKEN is not set"):
        credential("DESK_TOKEN", None, what="desk")
    with pytest.raises(LoadError, match="neither an environment variable nor a file"):
        credential(None, None, what="desk")
    with pytest.raises(LoadError, match="absent cannot be read"):
        credential(None, tmp_path / "absent", what="desk")
    with pytest.raises(LoadError, match=r"no ordinary file|cannot be read"):
        credential(None, tmp_path, what="desk")
