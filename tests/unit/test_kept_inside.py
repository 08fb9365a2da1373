"""What stands in no file of the program, which secrets are refused at the start, and what the log keeps to itself."""

from __future__ import annotations

import ast
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dashboard import log_masks, server
from dashboard.server import ServerError
from etl import LoadError
from etl.customer_key import customer_secret
from sql import warehouse
from sql.warehouse import WarehouseError

ROOT = Path(__file__).parents[2]
ROOMS = ("sql", "etl", "dashboard", "pages", "floorboard")

# --- what stands in no file of the program


def files() -> Iterator[tuple[str, list[ast.AST]]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


ALLOWED_RAW = {
    ("dashboard/board.py", "component"): "the one element that draws blocks; names reach it as data",
    ("dashboard/wall/wall_preview.py", "component"): "the element that draws walls; names reach it as data",
    (
        "dashboard/reports/report_desk.py",
        "iframe",
    ): "the preview of a report, whose every name report_page escapes",
}
RAW = {"html", "iframe", "component", "declare_component", "write_stream", "echo"}
OWN_PIPES = {
    "etl/schedule/worker.py": "what a process of the loader tells the one that started it, over a pipe that nobody else has",
}
OWN_CACHES = {
    # cached functions without a viewer's scope, each with the reason why it holds nothing of anybody
    ("dashboard/ui/moments.py", "engine"): "the way to the warehouse, which answers each scope apart",
    (
        "dashboard/ui/moments.py",
        "_listener",
    ): "the ear for notices, which say that something changed and never what",
    (
        "dashboard/ui/visit.py",
        "visitors",
    ): "who holds which session; what it tells goes by the token of whoever asks",
}


def raw_faults(place: str, nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Attribute)
            or node.func.attr not in RAW
        ):
            continue
        base = ast.unparse(node.func.value)
        if base.split(".")[0] in {"st", "components"} and (place, node.func.attr) not in ALLOWED_RAW:
            yield f"{place}, line {node.lineno}: {base}.{node.func.attr} puts markup on a page"


def cache_faults(place: str, nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
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


def chart_faults(place: str, nodes: list[ast.AST]) -> Iterator[str]:
    """Words of a person in an expression of a chart would run there."""
    for node in nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr.startswith(("transform_calculate", "transform_filter", "mark_image"))
        ):
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(one, ast.JoinedStr | ast.BinOp) for value in values for one in ast.walk(value)):
                yield f"{place}, line {node.lineno}: an expression of a chart is glued together"


def running_faults(place: str, nodes: list[ast.AST]) -> Iterator[str]:
    """What would run what somebody wrote."""
    for node in nodes:
        names = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if place not in OWN_PIPES and {name.partition(".")[0] for name in names} & {
            "pickle",
            "marshal",
            "shelve",
            "dill",
            "jsonpickle",
            "yaml",
        }:
            yield f"{place}, line {node.lineno}: it reads objects that can run code"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else f"os.{node.func.attr}"
            is_shell = any(keyword.arg == "shell" for keyword in node.keywords)
            if called in {"eval", "exec", "compile", "__import__", "os.system", "os.popen"} or is_shell:
                yield f"{place}, line {node.lineno}: {called} runs a text"


LOOKS = (raw_faults, cache_faults, chart_faults, running_faults)


def test_no_file_puts_markup_on_a_page_shares_a_cache_glues_an_expression_or_runs_a_text() -> None:
    assert [fault for place, nodes in files() for look in LOOKS for fault in look(place, nodes)] == []


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
        *(
            (running_faults, text)
            for text in ("import pickle", "from yaml import load", "eval(name)", "run(name, shell=True)")
        ),
        (chart_faults, "chart.transform_filter('datum.x == ' + name)"),
    ],
)
def test_each_of_these_faults_is_caught(
    look: Callable[[str, list[ast.AST]], Iterator[str]], source: str
) -> None:
    assert list(look("pages/live.py", list(ast.walk(ast.parse(source)))))


def test_every_exception_to_these_bans_still_stands() -> None:
    for place, name in {*ALLOWED_RAW, *OWN_CACHES, *((place, "pickle") for place in OWN_PIPES)}:
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
        ("postgresql://app:Passw0rd!@db/x", False), ("postgresql://app:password123@db/x", False),
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


def test_a_name_begins_no_line_of_its_own_in_the_log() -> None:
    """Otherwise a queue called "x, line break, ERROR all is lost" would write the log."""
    assert log_masks.on_one_line("a\nb\r\tc\x1b[31m\u2028d\x85") == r"a\nb\r\tc\x1b[31m\u2028d\x85".replace(
        r"\t", "\t"
    )


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
