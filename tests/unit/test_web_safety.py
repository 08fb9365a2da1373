"""The web's side of safety: settings, lines of an answer, foreign hosts and origins, secrets, and what stands in no file."""

from __future__ import annotations

import ast
import asyncio
import base64
import hashlib
import logging
import os
import re
import tomllib
from collections.abc import Callable, Iterator
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

from dashboard import export, filters, log_masks, server, web_rules
from dashboard.server import ServerError
from etl import LoadError
from etl.customer_key import customer_secret
from sql import warehouse
from sql.warehouse import WarehouseError

ROOT = Path(__file__).parents[2]
ROOMS = ("sql", "etl", "dashboard", "pages", "floorboard")

# --- the settings

SETTINGS: dict[str, object] = {
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "viewer",
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
    assert found["frame-ancestors"] == found["object-src"] == ["'none'"]
    assert found["default-src"] == found["base-uri"] == found["form-action"] == ["'self'"]
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
        assert answered("/x", method=method, **headers)[0] == (200 if is_taken else 403)
    assert answered("/x", **headers)[0] == 200  # a link from elsewhere may lead here


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


# --- what stands in no file of the program


def trees() -> Iterator[tuple[str, ast.AST]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


ALLOWED_RAW = {
    ("dashboard/board.py", "component"): "the one element that draws blocks; names reach it as data",
    (
        "dashboard/reports/report_desk.py",
        "iframe",
    ): "the preview of a report, whose every name report_page escapes",
}
RAW = {"html", "iframe", "component", "declare_component", "write_stream", "echo"}
OWN_CACHES = {
    # cached functions without a viewer's scope, each with the reason why it holds nothing of anybody
    ("dashboard/ui/moments.py", "engine"): "the way to the warehouse, which answers each scope apart",
}


def raw_faults(place: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        base = ast.unparse(node.func.value)
        if (
            base.split(".")[0] in {"st", "components"}
            and node.func.attr in RAW
            and (place, node.func.attr) not in ALLOWED_RAW
        ):
            yield f"{place}, line {node.lineno}: {base}.{node.func.attr} puts markup on a page"


def cache_faults(place: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        kept = [
            text
            for text in map(ast.unparse, node.decorator_list)
            if re.match(r"(st\.)?cache_(data|resource)\b", text)
        ]
        named = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
        is_own = (place, node.name) in OWN_CACHES or any("scope='session'" in text for text in kept)
        if kept and "scope_name" not in named and not is_own:
            yield f"{place}, line {node.lineno}: {node.name} is cached for everybody; take scope_name"


def chart_faults(place: str, tree: ast.AST) -> Iterator[str]:
    """Words of a person in an expression of a chart would run there."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.startswith(("transform_calculate", "transform_filter", "mark_image"))
        ):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(one, ast.JoinedStr | ast.BinOp) for value in values for one in ast.walk(value)):
                yield f"{place}, line {node.lineno}: an expression of a chart is glued together"


@pytest.mark.parametrize("look", [raw_faults, cache_faults, chart_faults])
def test_no_file_puts_markup_on_a_page_shares_a_cache_or_glues_an_expression(
    look: Callable[[str, ast.AST], Iterator[str]],
) -> None:
    assert [fault for place, tree in trees() for fault in look(place, tree)] == []


@pytest.mark.parametrize(
    ("look", "source"),
    [
        (raw_faults, "st.html(name)"),
        (raw_faults, "st.components.v1.html(name)"),
        (raw_faults, "components.v1.iframe(name)"),
        (cache_faults, "@st.cache_data\ndef f(question_name): ..."),
        (cache_faults, "@st.cache_data(ttl=3)\ndef f(viewer_name): ..."),
        (cache_faults, "@st.cache_resource\ndef f(url): ..."),
        (chart_faults, "chart.transform_calculate(x=f'datum.{name}')"),
        (chart_faults, "chart.transform_filter('datum.x == ' + name)"),
    ],
)
def test_each_of_these_faults_is_caught(look: Callable[[str, ast.AST], Iterator[str]], source: str) -> None:
    assert list(look("pages/live.py", ast.parse(source)))


def test_every_exception_to_these_bans_still_stands() -> None:
    for place, name in {*ALLOWED_RAW, *OWN_CACHES}:
        assert name in (ROOT / place).read_text(encoding="utf-8"), (
            f"{place} has no {name} any more; strike it out"
        )


def test_the_browsers_scripts_place_words_as_text_only() -> None:
    banned = re.compile(
        r"\.(?:inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    )
    for path in sorted((ROOT / "dashboard" / "static").glob("*.js")):
        found = [line for line in path.read_text(encoding="utf-8").splitlines() if banned.search(line)]
        assert found == [], (path.name, found)


# --- secrets


GUESSED = (
    "", " ", "short", "k" * 40, "changeme" * 5, "0123456789" * 4, "00" * 32, "abcdefghijklmnopqrstuvwxyzabcdefghij",
    "your-secret-key-goes-here-please!!", "Replace-Me-With-32-Random-Letters!", "FLOORBOARD-customer-key-0000000001",
    "pässwörd-0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b",
)  # fmt: skip
RANDOM = ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c", "Zk3-vT9_qLw7RmXc2NbYh8JdPs5FgAeU")


@pytest.mark.parametrize("text", GUESSED)
def test_a_missing_short_or_sample_secret_stops_the_start(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CUSTOMER_KEY", text)
    with pytest.raises(LoadError, match="FLOORBOARD_CUSTOMER_KEY") as key:
        customer_secret()
    told = [str(key.value)]
    if text.strip():  # without a token only this machine may ask
        with pytest.raises(ServerError, match="FLOORBOARD_METRICS_TOKEN") as token:
            server.metrics_token({"FLOORBOARD_METRICS_TOKEN": text[:30]})
        told.append(str(token.value))
        assert not [words for words in told if text.strip() in words]  # a secret is never repeated


@pytest.mark.parametrize("text", RANDOM)
def test_a_random_secret_is_taken(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_CUSTOMER_KEY", text)
    assert customer_secret() == text.encode()
    assert server.metrics_token({"FLOORBOARD_METRICS_TOKEN": text}) == text


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("postgresql://app:postgres@db.example/x", False), ("postgresql://app:password@10.0.0.5/x", False),
        ("postgresql://app:Passw0rd!@db/x", True), ("postgresql://app:password123@db/x", False),
        ("postgresql://floor:floor@db/x", False), ("postgresql://app:change-me@db/x", False),
        ("postgresql://app:@db/x", False), ("postgresql://app@db/x", True),  # a certificate, or a password file
        ("postgresql://app:postgres@127.0.0.1/x", True), ("postgresql://app:postgres@localhost/x", True),
        ("postgresql://app:postgres@/x?host=/run/postgresql", True), ("postgresql://app:9f86d081884c7d65@db/x", True),
    ],
)  # fmt: skip
def test_a_password_that_everybody_tries_is_refused_beyond_this_machine(address: str, is_taken: bool) -> None:
    if is_taken:
        warehouse.open_engine(address).dispose()
    else:
        with pytest.raises(WarehouseError, match="The password in DATABASE_URL is one of those"):
            warehouse.open_engine(address)


def test_no_secret_stands_in_a_file_of_the_project() -> None:
    """A long random word in a settings file or document would be copied into a site as it is."""
    given = re.compile(r"(?:_KEY|_TOKEN|_SECRET|password)\s*[=:]\s*[\"']?(?P<word>[0-9A-Za-z+/_-]{16,})")
    for path in [
        *ROOT.glob("*.md"),
        *ROOT.glob("*.toml"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "deploy").iterdir(),
    ]:
        assert not given.search(path.read_text(encoding="utf-8")), path


# --- the log


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("at postgresql://app:s3cret-w0rd@db:5432/x", "at postgresql://app:***@db:5432/x"),
        ("password=s3cret-w0rd host=db", "password=*** host=db"),
        ("{'token': 's3cret-w0rd'}", "{'token': '***'}"),
        ("Authorization: Bearer s3cret-w0rd", "Authorization: Bearer ***"),
        ("call of +372 5100 0001 failed", "call of *** failed"),
        ("call of +3725100-0001, 00372 51000001 and 51000001", "call of ***, *** and ***"),
        *((text, text) for text in (
            "2026-03-11 12:00:00.123456 line 1234, 99.5 s, port 5432", "run 123456, 127.0.0.1:8501, c0ffee12345678",
        )),
    ],
)  # fmt: skip
def test_a_line_of_the_log_tells_no_password_and_no_number(said: str, kept: str) -> None:
    assert log_masks.masked(said) == kept
    assert log_masks.masked(kept) == kept


def test_the_trace_of_an_error_is_masked_too(capfd: pytest.CaptureFixture[str]) -> None:
    factory = logging.getLogRecordFactory()
    handler = logging.StreamHandler()
    log = logging.getLogger("floorboard.test")
    log.addHandler(handler)
    try:
        log_masks.install()
        log_masks.install()
        try:
            raise ValueError("postgresql://app:s3cret-w0rd@db/x for +372 5100 0001")
        except ValueError:
            log.exception("The page '%s' failed", "password=s3cret-w0rd")
    finally:
        logging.setLogRecordFactory(factory)
        log.removeHandler(handler)
    told = capfd.readouterr().err
    assert "Traceback" in told
    assert "ValueError: postgresql://app:***@db/x for ***" in told
    assert not re.search("s3cret|5100", told)


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


def told_rows() -> list[list[str]]:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| \d+\.\d+\.\d+ ", line)
    ]


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


# fmt: off
COVERED = (
    "1.2.1 1.2.4 1.2.10 1.3.6 1.5.2 2.2.1 2.3.3 2.4.1 3.2.2 3.3.1 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 3.5.1 "
    "5.2.1 5.2.2 5.2.3 5.4.2 7.1.1 7.3.1 7.3.2 7.4.1 7.4.2 7.4.3 7.4.4 7.4.5 8.1.1 8.1.2 8.2.1 8.2.2 8.2.3 8.3.1 8.3.2 "
    "10.5.1 10.5.2 10.5.3 10.5.4 13.2.2 13.2.3 13.2.4 13.2.6 13.3.1 13.4.2 13.4.5 14.2.2 14.2.3 14.2.6 14.2.7 14.3.2 "
    "16.2.2 16.2.5 16.3.1 16.3.2 16.3.3 16.3.4 16.4.1 16.5.1 16.5.2 16.5.3 16.5.4"
).split()  # noqa: SIM905
# fmt: on
