"""The console command: what it promises before any warehouse is asked."""

from __future__ import annotations

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
import typer

import floorboard
from dashboard import asking
from dashboard.asking import AskError
from etl.demo_home import demo_home, enter_demo_home, enter_home_in_use
from floorboard import loading, terminal
from tests.typed import typed

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "DECISIONS.md",
    "CHANGELOG.md",
    "docs/sign-in.md",
    "floorboard.example.toml",
)


REAL_QUESTIONS = {"QUESTIONS": asking.QUESTIONS, "queues": asking.queues}


def around(cwd: Path, variables: dict[str, str]) -> dict[str, str]:
    """The variables of whoever types there; nothing of those of the tests."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "FLOORBOARD_HOME": str(cwd / "home"), **variables}


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What is typed, with the real questions, in this process: a real one costs a second."""
    with mock.patch.multiple(asking, **REAL_QUESTIONS):
        return typed(*arguments, cwd=cwd, variables=around(cwd, variables))


def started(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """What is typed, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "floorboard", *arguments],
        cwd=cwd,
        env=around(cwd, variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def live(connection: object, *, as_of: datetime, queue_id: int | None = None) -> pl.DataFrame:
    return pl.DataFrame({"as_of_at": [as_of], "queue_id": [queue_id], "ratio": [float("nan")]})


def day(connection: object, *, day_date: date) -> pl.DataFrame:
    return pl.DataFrame({"day_date": [day_date]})


def totals(
    connection: object, *, window_start: datetime, window_end: datetime, threshold_seconds: int | None = None
) -> pl.DataFrame:
    return pl.DataFrame({"window_start_at": [window_start], "window_end_at": [window_end]})


@pytest.fixture(autouse=True)
def questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "QUESTIONS", {"live": live, "day": day, "totals": totals})
    monkeypatch.setattr(asking, "queues", lambda _connection: pl.DataFrame({"queue_id": [4, 7]}))


def put(question: str, **given: str) -> dict[str, object]:
    return asking.ask(None, question, given, now=NOW).row(0, named=True)  # type: ignore[arg-type]


def test_an_instant_with_its_zone_becomes_utc() -> None:
    assert put("live", as_of="2026-11-22T12:00:00+02:00")["as_of_at"] == datetime(
        2026, 11, 22, 10, tzinfo=UTC
    )
    assert put("live", as_of="2026-11-22T10:00:00Z")["as_of_at"] == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_as_of_is_now_when_left_out() -> None:
    assert put("live")["as_of_at"] == NOW


@pytest.mark.parametrize("text", ["2026-10-25T03:30", "2026-10-25", "yesterday", "", "1761359400"])
def test_an_instant_without_zone_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(AskError, match=r"--as-of .*expected .*(\+02:00|Z)"):
        put("live", as_of=text)


def test_a_parameter_takes_the_type_of_the_signature() -> None:
    assert put("live", queue_id="4")["queue_id"] == 4
    assert put("day", day_date="2026-11-22")["day_date"] == date(2026, 11, 22)
    with pytest.raises(AskError, match='--queue-id "four" cannot be used; expected a whole number'):
        put("live", queue_id="four")
    with pytest.raises(AskError, match=r'--day "22\.11\." cannot be used; expected a day'):
        put("day", day_date="22.11.")


def test_a_missing_or_foreign_parameter_is_named_as_it_is_typed() -> None:
    with pytest.raises(AskError, match=r"totals needs --to, for example --to 2026"):
        put("totals", window_start="2026-11-22T00:00:00Z")
    with pytest.raises(AskError, match=r"live does not take --queue; .*Did you mean --queue-id"):
        put("live", queue="4")


def test_an_unknown_question_is_answered_with_the_known_ones() -> None:
    with pytest.raises(
        AskError, match=r'no question "lve"; expected one of: day, live, totals\. Did you mean live'
    ):
        put("lve")


def test_further_parameters_come_with_and_without_equals_sign() -> None:
    assert asking.from_arguments(["--queue-id", "4", "--name=a=b"]) == {"queue_id": "4", "name": "a=b"}
    for wrong in (["4"], ["--queue-id"]):
        with pytest.raises(AskError, match="--name value"):
            asking.from_arguments(wrong)


@pytest.mark.parametrize(
    ("question", "given", "words"),
    [
        ("live", {"as_of": "0001-01-01T00:00:00+14:00"}, "--as-of .* year 1, expected 1990 to 2099"),
        ("live", {"as_of": "9999-12-31T23:59:59-14:00"}, "--as-of .* year 9999, expected 1990 to 2099"),
        ("live", {"as_of": "1989-12-31T23:59:59Z"}, "year 1989, expected 1990 to 2099"),
        (
            "live",
            {"queue_id": "5"},
            "no queue with --queue-id 5, expected one of: 4, 7; `floorboard queue list`",
        ),
        ("live", {"queue_id": "2147483648"}, "too large, expected -2147483648 to 2147483647"),
        ("day", {"day_date": "0001-01-01"}, "--day .* year 1, expected 1990 to 2099"),
        (
            "totals",
            {"window_start": "2026-11-22T00:00:00Z", "window_end": "2026-11-22T00:00:00Z"},
            "--from .* is not before --to .*, expected a window that ends after its start",
        ),
        *(
            (
                "totals",
                {
                    "window_start": "2026-11-22T00:00:00Z",
                    "window_end": "2026-11-23T00:00:00Z",
                    "threshold_seconds": number,
                },
                f"--threshold-seconds is {number}, expected 0 to 14400",
            )
            for number in ("-1", "14401")
        ),
    ],
)
def test_what_no_floor_can_answer_is_refused(question: str, given: dict[str, str], words: str) -> None:
    with pytest.raises(AskError, match=words):
        put(question, **given)


def test_the_edges_are_still_answered() -> None:
    assert put("live", as_of="2026-11-22T10:31:00Z")["queue_id"] is None
    window = {"window_start": "1990-01-01T00:00:00Z", "window_end": "2099-12-31T23:59:59Z"}
    for number in ("0", "14400"):
        assert put("totals", **window, threshold_seconds=number)["window_end_at"] == datetime(
            2099, 12, 31, 23, 59, 59, tzinfo=UTC
        )


def test_a_parameter_given_twice_is_refused() -> None:
    for arguments, taken in ((["--window-start", "x"], ["window_start"]), (["--a", "1", "--a=2"], [])):
        with pytest.raises(AskError, match="twice, expected it once"):
            asking.from_arguments(arguments, taken=taken)


def test_json_is_one_object_per_row_with_null_for_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show(live(None, as_of=NOW), title="live", as_json=True)
    assert json.loads(capsys.readouterr().out) == [
        {"as_of_at": "2026-11-22T10:30:00+00:00", "queue_id": None, "ratio": None}
    ]


def test_an_empty_answer_is_an_empty_list_and_a_table_with_its_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    empty = live(None, as_of=NOW).clear()
    terminal.show(empty, title="live", as_json=True)
    assert json.loads(capsys.readouterr().out) == []
    terminal.show(empty, title="live", as_json=False)
    assert "queue_id" in capsys.readouterr().out


def test_data_is_neither_markup_nor_control_code_and_no_cell_is_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ["[/red]", "a\x1b[31mb\x9bc\u202ed", "two\nlines", "x" * 300]
    few = pl.DataFrame({"queue_name": names})
    terminal.show(few, title="t", as_json=False)
    terminal.show(
        few.with_columns(pl.lit(1).alias(f"c{n}") for n in range(9)).with_columns(
            pl.lit("[/x]").alias("[b]")
        ),
        title="t",
        as_json=False,
    )
    out = capsys.readouterr().out
    assert out.count("[/red]") == 2
    assert "two lines" in out
    assert out.count("x" * 20) >= 2
    assert out.count("x") >= 600
    assert not terminal.UNSHOWN.search(out)
    terminal.tell("queue \x1b[31m[/red]")
    assert capsys.readouterr().err == "queue \ufffd[31m[/red]\n"


def test_a_load_is_told_as_one_sentence() -> None:
    row = {
        "source_name": "pbx",
        "read_rows": 5029,
        "loaded_rows": 5028,
        "unchanged_rows": 1,
        "rejected_rows": 0,
        "newest_event_at": datetime(2026, 11, 22, 1, 33, 22, tzinfo=UTC),
    }
    assert loading.loaded(row) == (
        "pbx: 5,029 rows read = 5,028 loaded + 1 unchanged + 0 refused; newest event 2026-11-22 01:33:22 UTC"
    )
    assert loading.loaded({**row, "newest_event_at": None}).endswith("0 refused; no new event")


def is_known_kind(module: str, name: str) -> bool:
    """Whether the class is a kind of one that the front door knows, as LoadErrors and WarehouseErrors are."""
    kinds = getattr(importlib.import_module(module), name).__mro__[1:]
    return any((kind.__module__, kind.__name__) in floorboard.KNOWN_ERRORS for kind in kinds)


def test_every_error_of_the_rooms_is_known_to_the_front_door() -> None:
    # A stop that was asked for is no failure.
    left_out = {
        ("etl.supervise", "Stopping"),
        # why one record is refused: its reader turns it into a row of the quarantine
        ("etl.sources.pbx.ami_headers", "Refusal"),
        ("etl.sources.clouds.json_fields", "FieldError"),
        ("etl.sources.desks.liveagent_records", "RefusedError"),
        # why one day is not compared: the outcome of its night
        ("etl.reread", "NotComparableError"),
        # why nobody was let in: a sentence on the sign-in page
        ("dashboard.door.identity_provider", "ProviderError"),
        # why one start does nothing: another loader has its slot
        ("etl.schedule.slots", "SlotTaken"),
    }
    for module, name in floorboard.KNOWN_ERRORS:
        assert issubclass(getattr(importlib.import_module(module), name), Exception)
    for room in ("sql", "etl", "dashboard"):
        for path in (ROOT / room).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
                    is_error = any(base.endswith(("Error", "Exception")) for base in bases)
                    if is_error and not node.name.startswith("_") and not is_known_kind(module, node.name):
                        assert (module, node.name) in floorboard.KNOWN_ERRORS | left_out


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that root's database server can reach, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory(prefix="floorboard-home-") as folder:
        yield Path(folder).resolve()


def test_without_settings_a_command_means_the_demo_unless_a_site_is_there(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "FLOORBOARD_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FLOORBOARD_HOME", str(home))
    monkeypatch.chdir(tmp_path)

    def meant() -> Path:
        monkeypatch.setenv("FLOORBOARD_HOME", str(home))
        enter_home_in_use()
        return demo_home() if os.environ["FLOORBOARD_HOME"] != str(home) else home

    def make_warehouse(folder: Path) -> None:
        (folder / "postgres-18" / "global").mkdir(parents=True)
        (folder / "postgres-18" / "global" / "pg_control").touch()

    assert meant() == home
    enter_demo_home()
    assert demo_home() == home / "demo"  # from its first start on
    assert meant() == home  # which has no warehouse yet
    make_warehouse(home / "demo")
    assert meant() == home / "demo"
    enter_demo_home()
    assert os.environ["FLOORBOARD_HOME"] == str(home / "demo")  # there is no demo in the demo
    (tmp_path / "floorboard.toml").touch()
    assert meant() == home
    (tmp_path / "floorboard.toml").unlink()
    monkeypatch.setenv("DATABASE_URL", "postgresql://x@y/z")
    assert meant() == home
    monkeypatch.delenv("DATABASE_URL")
    make_warehouse(home)
    assert meant() == home


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "live_queues", "--as-of", "0001-01-01T00:00:00+14:00"], "expected 1990 to 2099"),
        (["ask", "queue_totals", "--window-start", "x", "--from", "2026-11-22T00:00:00Z"], "--from twice"),
        (["ask", "live_queues", "--question", "x"], "does not take --question"),
        (
            ["etl", "backfill", "--from", "2026-11-23T00:00:00Z", "--to", "2026-11-22T00:00:00Z"],
            "is not before",
        ),
        (["dashboard", "--host", ""], "The host is empty, expected an address"),
        (["demo", "--host", " "], "The host is empty, expected an address"),
    ],
)
def test_nonsense_is_one_sentence_and_exit_code_1(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = run(*arguments, cwd=tmp_path, PATH=os.environ["PATH"])
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_help_loads_neither_the_dashboard_nor_the_warehouse(tmp_path: Path) -> None:
    code = (
        "import sys, floorboard\n"
        "sys.argv = ['floorboard', '--help']\n"
        "try:\n    floorboard.main()\n"
        "except SystemExit as end:\n    assert end.code == 0, end.code\n"
        "heavy = {'streamlit', 'polars', 'sqlalchemy', 'altair'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout


def test_a_missing_settings_file_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    for way in (run, started):  # in a process of its own it says the same
        done = way("etl", "run", "--once", "--json", cwd=tmp_path)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "the settings file was not found" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_wrong_address_of_the_warehouse_never_shows_its_password(tmp_path: Path) -> None:
    address = "postgresql://me:top-secret@127.0.0.1:1/nowhere"
    for arguments in (["ask", "live_queues", "--json"], ["db", "migrate"], ["db", "check"]):
        done = run(*arguments, cwd=tmp_path, DATABASE_URL=address)
        assert done.returncode == 1
        assert done.stdout == ""
        assert "top-secret" not in done.stderr
        assert "Traceback" not in done.stderr


def test_doctor_says_what_to_do_and_its_json_stands_alone(tmp_path: Path) -> None:
    (tmp_path / "floorboard.toml").write_text(
        '[site]\nname = "T"\ntime_zone = "Europe/Tallinn"\n[[sources]]\nname = "pbx"\n'
        'kind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 5\n'
    )
    done = run("doctor", "--json", cwd=tmp_path)
    findings = {finding["subject_name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1  # the log is not there
    assert findings["Source pbx"]["state_name"] == "wrong"
    assert str(tmp_path / "queue_log") in findings["Source pbx"]["found_text"]
    assert findings["Python"]["state_name"] == "good"
    assert findings["Warehouse"]["state_name"] == "advice"


def test_doctor_goes_on_where_the_home_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run("doctor", "--json", cwd=tmp_path, FLOORBOARD_HOME=str(tmp_path / "file" / "home"))
    findings = {finding["subject_name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1, done.stderr
    assert findings["Demo"]["state_name"] == findings["Warehouse"]["state_name"] == "wrong"
    assert "FLOORBOARD_HOME" in findings["Warehouse"]["found_text"]
    assert "Port 8501" in findings


@pytest.mark.parametrize("owner", ["site", "demo"])
def test_doctor_finds_a_destroyed_data_folder(home: Path, tmp_path: Path, owner: str) -> None:
    folder = home if owner == "site" else home / "demo"
    (folder / "postgres-18" / "global").mkdir(parents=True)
    (folder / "demo.lock").touch()
    done = run("doctor", "--json", cwd=tmp_path, FLOORBOARD_HOME=str(home))
    findings = {finding["subject_name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1, done.stderr
    assert findings["Warehouse"]["state_name"] == "wrong"
    assert f"the {owner}'s own" in findings["Warehouse"]["found_text"]
    assert f"{folder / 'postgres-18'} is no whole database" in findings["Warehouse"]["found_text"]
    assert "global/pg_control" in findings["Warehouse"]["found_text"]


def test_doctor_and_load_say_that_the_named_settings_cannot_be(tmp_path: Path) -> None:
    for arguments in (["doctor"], ["etl", "run", "--once"]):
        done = run(*arguments, cwd=tmp_path, FLOORBOARD_CONFIG="~nosuch/x")
        assert done.returncode == 1
        assert 'FLOORBOARD_CONFIG is "~nosuch/x"' in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def commands_in(text: str) -> Iterator[list[str]]:
    """Every `floorboard ...` of a document: in code marks, and at the start of a line of a code block."""
    for found in re.finditer(r"`(?:\.venv/bin/)?floorboard ([^`]+)`", text):
        yield found.group(1).split()
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        for line in block.splitlines():
            words = line.partition("#")[0].split()
            if words and words[0].rpartition("/")[2] == "floorboard":
                yield words[1:]


def resolve(words: list[str]) -> str | None:
    """What is wrong with a command line as it is written in a document; None when nothing is."""
    command: Any = typer.main.get_command(floorboard.app)
    rest = list(words)
    while rest and hasattr(command, "commands"):
        name = rest.pop(0)
        if name not in command.commands:
            return f"there is no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    options = set(re.findall(r"--[a-z-]+", " ".join(rest)))
    return f"{sorted(options - known)} unknown" if options - known - {"--help"} else None


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_the_documents_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    wrong = {" ".join(words): fault for words in commands_in(text) if (fault := resolve(words))}
    assert wrong == {}


def test_every_command_stands_in_the_readme() -> None:
    written = {" ".join(words) for words in commands_in((ROOT / "README.md").read_text(encoding="utf-8"))}
    application: Any = typer.main.get_command(floorboard.app)
    for name, command in application.commands.items():
        within = {f"{name} {sub}": one for sub, one in getattr(command, "commands", {}).items()}
        for path, one in (within or {name: command}).items():
            assert one.hidden or any(text.startswith(path) for text in written), path


def test_every_make_target_of_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        written = set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.M))
        assert written <= targets, (document, written - targets)


def test_the_first_command_of_the_readme_stands_in_its_first_twenty_lines() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:20]
    assert "make demo" in lines
