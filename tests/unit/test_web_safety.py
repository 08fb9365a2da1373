"""The web's side of safety: settings, lines of an answer, foreign hosts and origins, secrets, and what stands in no file."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from streamlit import config as streamlit_config

from dashboard import export, filters, server, web_rules
from dashboard.wall import hub

ROOT = Path(__file__).parents[2]
ROOMS = ("sql", "etl", "dashboard", "pages", "floorboard")

# --- the settings

SETTINGS: dict[str, object] = {
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
    "logger.enableRich": False,
    "client.disableDataExport": True,
    "server.address": "127.0.0.1",
    "server.enableCORS": True,
    "server.enableXsrfProtection": True,
    "server.enableAgentApi": False,
    "server.scriptHealthCheckEnabled": False,
    "server.maxUploadSize": 5,
    "server.maxMessageSize": 50,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.trustedUserHeaders": {},
    "browser.gatherUsageStats": False,
    "runner.postScriptGC": False,
    "runner.magicEnabled": False,
    "global.developmentMode": False,
}
BY_ITSELF = {"server.scriptHealthCheckEnabled", "server.trustedUserHeaders", "global.developmentMode"}


def served_options(**environment: str) -> dict[str, Any]:
    """What the server is started with: the settings of the file, overruled by what `serve` gives it."""
    given: dict[str, Any] = {}

    def started(_app: object, *, config: dict[str, Any]) -> None:
        given.update(config)

    before = {name: os.environ.get(name) for name in environment}
    factory = logging.getLogRecordFactory()
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch.object(server.st.App, "run", started),
        mock.patch.object(server, "_check_port"),
        mock.patch.object(server.sys, "argv", ["floorboard"]),
    ):
        server.serve(port=8599)
    logging.setLogRecordFactory(factory)
    assert before == {name: os.environ.get(name) for name in environment}
    return given


def test_the_file_holds_every_safe_setting() -> None:
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    for name, expected in SETTINGS.items():
        section, _, key = name.partition(".")
        assert name in streamlit_config._config_options_template, f"Streamlit has no {name} any more"
        default = streamlit_config._config_options_template[name].value
        found = written.get(section, {}).get(key, default)
        assert found == expected, f"{name} is {found}, expected {expected}"
        assert name in BY_ITSELF or key in written[section], f"{name} hangs on Streamlit's default"


def test_the_server_is_started_with_the_file_of_the_project_and_decides_hosts_itself() -> None:
    options = served_options()
    assert {name: options[name] for name in options if name in SETTINGS} == {"server.address": "127.0.0.1"}
    assert options["server.allowedHosts"] == ["*"]  # KnownHosts decides, for websockets and pages alike
    assert server.config_folder() in {ROOT, ROOT / "dashboard"}


def test_what_a_variable_overrules_is_what_somebody_set() -> None:
    assert served_options(STREAMLIT_SERVER_MAX_UPLOAD_SIZE="7")["server.maxUploadSize"] == 7


def test_static_files_are_styles_scripts_letters_and_one_picture() -> None:
    kinds = {path.suffix for path in (ROOT / "dashboard" / "static").rglob("*") if path.is_file()}
    assert kinds <= {".js", ".css", ".svg", ".woff2", ""}
    assert [
        path.name
        for path in (ROOT / "dashboard" / "static").rglob("*")
        if path.suffix == "" and path.is_file()
    ] == ["LICENSE"]


# --- what every answer carries

INDEX = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def policy_of(text: str) -> dict[str, list[str]]:
    return {name: rest for name, *rest in (part.split() for part in text.split(";"))}


def test_a_browser_runs_only_what_the_first_page_and_this_site_hold() -> None:
    found = policy_of(web_rules.content_policy(INDEX))
    inline = re.findall(r"<script>(.*?)</script>", INDEX, re.S)
    assert len(inline) == 1, "Streamlit's first page has other scripts now; look at them"
    digest = base64.b64encode(hashlib.sha256(inline[0].encode()).digest()).decode()
    assert found["script-src"] == ["'self'", "blob:", f"'sha256-{digest}'"]
    assert found["frame-ancestors"] == found["object-src"] == found["base-uri"] == ["'none'"]
    assert found["default-src"] == found["form-action"] == ["'self'"]
    everything = " ".join(" ".join(parts) for parts in found.values())
    assert not re.search(r"https?:|\*|unsafe-eval|unsafe-inline(?=.*script)", everything)
    assert "unsafe-inline" not in " ".join(found["script-src"])


def test_a_changed_first_page_changes_the_policy() -> None:
    other = web_rules.content_policy("<script>1</script><script src='x'>2</script>")
    assert other != web_rules.content_policy("<script>2</script>")
    assert other.count("sha256-") == 1


def app() -> Starlette:
    """An application that answers everything, behind the guard of the front door."""

    async def cookie(request: Request) -> Response:
        answer = PlainTextResponse("seen")
        answer.set_cookie("a", "1", httponly=True)
        answer.set_cookie("b", "2", secure=True)
        return answer

    async def line(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("seen")
        await socket.close()

    methods = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"]
    names = frozenset({*server.LOOPBACK_NAMES, "board.example.com", "*.inside.example"})
    return Starlette(
        routes=[WebSocketRoute("/_stcore/stream", line), Route("/{path:path}", cookie, methods=methods)],
        middleware=[Middleware(server.KnownHosts, names=names)],
    )


Lines = list[tuple[str, str]]


def answered(
    path: str = "/", *, method: str = "GET", scheme: str = "http", **headers: str
) -> tuple[int, Lines]:
    """The status and the head of an answer; a websocket that is opened has the status 101, one that is refused 403."""
    named = {"host": "board.example.com", **headers}
    scope = {
        "type": "websocket" if scheme in {"ws", "wss"} else "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), text.encode("utf-8")) for name, text in named.items()],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8501),
        "subprotocols": [],
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect" if "websocket" in scope["type"] else "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app()(scope, receive, send))
    if scope["type"] == "websocket":
        return (101 if sent[0]["type"] == "websocket.accept" else 403), []
    lines = [(name.decode(), text.decode("latin-1")) for name, text in sent[0]["headers"]]
    return sent[0]["status"], lines


SAFE_LINES = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "", 200),
        ("/app/static/x.js", "", 200),
        ("/_stcore/metrics", "", 404),
        ("/", "evil.example", 421),
    ],
)
def test_every_answer_carries_the_lines_that_keep_a_browser_safe(path: str, host: str, status: int) -> None:
    found, lines = answered(path, **({"host": host} if host else {}))
    told = dict(lines)
    assert found == status
    assert {name: told[name] for name in SAFE_LINES} == SAFE_LINES
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert "camera=()" in told["permissions-policy"]
    assert "strict-transport-security" not in told  # no promise that nobody here keeps


def cookies(lines: Lines) -> list[bool]:
    """Of each cookie that is set, whether it is Secure."""
    return [text.lower().count("secure") == 1 for name, text in lines if name == "set-cookie"]


def test_behind_https_cookies_are_secure_and_https_is_promised_for_a_year_at_least() -> None:
    _, lines = answered(scheme="https")
    assert int(re.findall(r"max-age=(\d+)", dict(lines)["strict-transport-security"])[0]) >= 365 * 24 * 3600
    assert cookies(lines) == [True, True]


def test_of_a_prepared_download_nobody_keeps_a_copy() -> None:
    assert dict(answered("/media/0123.csv")[1])["cache-control"] == "no-store"
    assert "cache-control" not in dict(answered("/app/static/floorboard.js")[1])


def test_without_https_a_cookie_is_left_as_it_is() -> None:
    assert cookies(answered()[1]) == [False, True]


@pytest.mark.parametrize(
    ("path", "is_closed"),
    [
        ("/_stcore/metrics", True), ("/_stcore/metrics/", True), ("//_stcore//metrics", True), ("/_STCORE/Metrics", True),
        ("/x/_stcore/metrics", True), ("/_stcore/./metrics", True), ("/_stcore/health/../metrics", True),
        ("/_stcore/st-metrics", True), ("/_stcore/script-health-check", True), ("/_stcore/agent/mcp", True),
        ("/_stcore/agent/openapi.json", True), ("/_stcore", True), ("/_stcore/new-in-the-next-release", True),
        ("/_stcore/health", False), ("/_stcore/host-config", False), ("/_stcore/stream", False),
        ("/_stcore/upload_file/a/b", False), ("/_stcore/bidi-components/a.js", False), ("/queues", False), ("/", False),
        ("/queues/_stcore/stream", False), ("/app/static/floorboard.js", False),
    ],
)  # fmt: skip
def test_of_streamlits_inner_addresses_only_those_of_its_pages_are_open(path: str, is_closed: bool) -> None:
    assert web_rules.is_closed(path) == is_closed


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nosuchpage", 404), ("/queues/nothing.js", 200), ("/queues", 200), ("/customers-voice", 200), ("/live", 200),
        ("/live/", 200), ("/home", 200), ("/", 200), ("/health", 200), ("/recording", 200), ("/favicon.png", 200),
        ("/~/+/queues", 200), ("/<b>", 404),
    ],
)  # fmt: skip
def test_an_address_that_no_page_has_is_not_found(path: str, status: int) -> None:
    assert answered(path)[0] == status


# --- hosts and origins


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("board.example.com", 200), ("BOARD.Example.COM", 200), ("board.example.com:8501", 200), ("localhost", 200),
        ("127.0.0.1:1", 200), ("[::1]:8501", 200), ("a.inside.example", 200),
        ("evil.example", 421), ("board.example.com.evil.example", 421), ("evilboard.example.com", 421),
        ("board.example.com@evil.example", 421), ("user@board.example.com", 421), ("inside.example", 421),
        ("board.example.com:1:2", 421), ("board.example.com/", 421), ("board.example.com, evil.example", 421),
    ],
)  # fmt: skip
def test_only_known_names_are_answered(host: str, status: int) -> None:
    assert answered(host=host)[0] == status
    assert answered("/_stcore/stream", scheme="ws", host=host)[0] == (101 if status == 200 else 403)


ORIGINS = [
    # Origin, Host, taken
    (None, "board.example.com", True),  # a program, no browser
    ("http://board.example.com", "board.example.com", True),
    ("http://BOARD.example.com", "Board.Example.com", True),
    ("https://board.example.com:8443", "board.example.com", True),  # a proxy that passes the name alone
    ("http://localhost:8501", "localhost:8501", True),
    ("https://board.example.com", "board.example.com:443", True),
    ("http://[::1]:8501", "[::1]:8501", True),
    ("http://evil.example", "board.example.com", False),
    ("null", "board.example.com", False),
    ("", "board.example.com", False),
    ("http://localhost:9999", "localhost:8501", False),  # another program of the same machine
    ("http://localhost:8501", "board.example.com", False),
    ("http://127.0.0.1:8501", "localhost:8501", False),
    ("http://board.example.com.evil.example", "board.example.com", False),
    ("http://evil.example@board.example.com", "board.example.com", False),
    ("http://board.example.com@evil.example", "board.example.com", False),
    ("http://board.example.com/path", "board.example.com", False),
    ("http://board.example.com:99999", "board.example.com", False),
    ("file://board.example.com", "board.example.com", False),
    ("chrome-extension://board.example.com", "board.example.com", False),
    ("http://board.example.com http://evil.example", "board.example.com", False),
]


@pytest.mark.parametrize(("origin", "host", "is_taken"), ORIGINS)
def test_a_tab_is_opened_only_from_this_site(origin: str | None, host: str, is_taken: bool) -> None:
    headers = {"host": host, **({} if origin is None else {"origin": origin})}
    assert answered("/_stcore/stream", scheme="ws", **headers)[0] == (101 if is_taken else 403)
    for method in ("POST", "PUT", "DELETE"):
        assert answered("/queues", method=method, **headers)[0] == (200 if is_taken else 403)
    assert answered("/queues", **headers)[0] == 200  # a link from elsewhere may lead here


# --- injection through the address

SQL_BITS = (
    "' or 1=1 --", "' or '1'='1", "'; drop table warehouse.calls; --", "1; select pg_sleep(9)", "1 union select null",
    "') or ('1'='1", "\" or \"\"=\"", "admin'--", "1)) or ((1=1", "%27%20or%201=1", "\\'; select 1; --", "$$; select 1",
    "' || (select version()) || '", "1' and sleep(5) #", "/**/or/**/1=1", "'||pg_read_file('/etc/passwd')||'",
    "x'; copy calls to program 'id'; --", "{{7*7}}", "${7*7}", ":queue_id", "%(queue)s", "\x00' or 1=1", "＇ or 1=1",
    "1e309", "-1",
)  # fmt: skip
INJECTIONS = [
    f"{before}{bit}{after}"
    for bit in SQL_BITS
    for before in ("", "1", "sales", "2026-03-10")
    for after in ("", "/*")
]
KEYS = (
    "period", "from", "to", "compare", "queue", "group", "team", "channel", "agent", "interval", "days", "hours",
    "threshold", "formula", "view",
)  # fmt: skip


def test_two_hundred_injections_in_the_address_leave_only_numbers_days_and_known_words() -> None:
    assert len(INJECTIONS) >= 200
    today = date(2026, 3, 11)
    untouched = filters.filters_of({}, today=today)
    for text in INJECTIONS:
        found = filters.filters_of(dict.fromkeys(KEYS, text), today=today)
        narrowed = {name: getattr(found, name) for name in found.__dataclass_fields__}
        for name, value in narrowed.items():
            is_text = isinstance(value, str) and value != getattr(untouched, name)
            assert not is_text or text in filters_free_text(name), (name, value)


def filters_free_text(name: str) -> str:
    """What may come through as it is: names that are looked up by a parameter, never put into a statement."""
    return "\0".join(INJECTIONS) if name.endswith("_name") else ""


def test_a_column_that_is_called_like_a_formula_is_harmless_in_the_head_of_a_csv() -> None:
    for text in ("=1+1", "@SUM(A1)", "+1", "-1+2", "＝1+1", "\t=1", *SQL_BITS[:6]):
        head = (
            export.csv_bytes(pl.DataFrame({text: ["x"]}), zone_name="UTC").decode("utf-8-sig").splitlines()[0]
        )
        assert not re.match(r"[=+\-@＝\t]", head.strip('"')), head


# --- the proxies' files and the published table


def test_both_proxies_promise_the_same() -> None:
    nginx, caddy = (
        (ROOT / "deploy" / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile")
    )
    for line in (
        "max-age=63072000",
        "nosniff",
        "same-origin",
        "frame-ancestors 'none'",
        "script-health-check",
        "/metrics",
        "/health",
    ):
        assert line in nginx, line
        assert line in caddy, line
    struck = {*re.findall(r"proxy_set_header (\S+)\s+\"\";", nginx)} - {"X-Forwarded-Host"}
    assert struck == set(re.findall(r"header_up -(\S+)", caddy))
    assert {"X-Forwarded-User", "Remote-User", "X-Auth-Request-Email", "X-Floorboard-User"} <= struck


def test_both_proxies_pass_a_walls_stream_on_line_by_line() -> None:
    nginx, caddy = (
        (ROOT / "deploy" / name).read_text(encoding="utf-8") for name in ("nginx.conf", "Caddyfile")
    )
    found = re.search(r"location = /wall/stream \{(?P<text>[^}]*)\}", nginx)
    assert found, "a wall's stream has no place of its own"
    for line in (
        "proxy_buffering off;",
        "gzip off;",
        "proxy_pass http://floorboard;",
        "limit_conn floorboard_walls",
    ):
        assert line in found["text"], line
    waited = re.search(r"proxy_read_timeout (\d+)s;", found["text"])
    assert waited, "nginx would use its own"
    assert int(waited[1]) >= 10 * hub.BEAT_SECONDS, (
        "a line on which something comes every two seconds is no dead one"
    )
    assert "flush_interval -1" in caddy


def told_rows() -> list[list[str]]:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+\.\d+\.\d+ ", line)
    ]


COVERED = frozenset(
    re.findall(
        r"[0-9.]+",
        """
        1.2.1 1.2.4 1.2.10 1.3.6 1.5.2 2.2.1 2.3.3 2.4.1 3.2.2 3.3.1 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1
        5.2.1 5.2.2 5.2.3 5.4.2 7.1.1 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 8.1.1 8.1.2 8.2.1 8.2.2 8.2.3 8.3.1
        8.3.2 9.1.1 9.1.2 9.1.3 9.2.1 10.5.1 10.5.2 10.5.3 10.5.4 13.2.2 13.2.3 13.2.4 13.2.6 13.3.1 13.4.2 13.4.5
        14.2.2 14.2.3 14.2.6 14.2.7
        14.3.2 16.2.1 16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.4.2 16.5.1 16.5.2 16.5.3 16.5.4
        """,
    )
)
MET = {
    "by code",
    "by proxy",
    "by the operator",
    "not met",
    "by code and proxy",
    "in part by code",
    "by code and the operator",
}


def test_the_table_covers_every_requirement_once_and_names_tests_that_exist() -> None:
    rows = told_rows()
    numbers = [row[0] for row in rows]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) == set(COVERED), set(COVERED) ^ set(numbers)
    for number, _words, met, shown in rows:
        assert met in MET, (number, met)
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", shown)
        assert named or "code" not in met, f"{number} is met by code; name its test"
        for file, test in named:
            assert (ROOT / file).is_file(), (number, file)
            assert not test or f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), (number, test)
