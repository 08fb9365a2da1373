"""The commands on a real warehouse, as a person types them: what they load, answer, change and refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from etl.config import load_settings
from etl.simulation.floor_settings import DEMO_SITE_NAME
from etl.site import SiteError, refuse_mixing
from tests.typed import typed

ROOT = Path(__file__).parents[2]
Command = Callable[..., "subprocess.CompletedProcess[str]"]

# One call to sales: offered 10:00:00 UTC on 22 November 2026, answered after 5 s, ended after 60 s of talk.
LOG = """\
1795341600|1.1|sales|NONE|ENTERQUEUE||5551234|1
1795341605|1.1|sales|Mari|CONNECT|5|1.2|3
1795341665|1.1|sales|Mari|COMPLETECALLER|5|60|1
"""
SETTINGS = """\
[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 5
"""
WINDOW = ("--from", "2026-11-22T10:00:00Z", "--to", "2026-11-22T10:15:00Z")


@pytest.fixture
def command(tmp_path: Path, database_url: str) -> Command:
    (tmp_path / "floorboard.toml").write_text(SETTINGS)
    (tmp_path / "queue_log").write_text(LOG)

    def run(
        *arguments: str, url: str = database_url, alone: bool = False
    ) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "DATABASE_URL": url, "FLOORBOARD_CONFIG": "floorboard.toml"}
        if not alone:
            return typed(*arguments, cwd=tmp_path, variables=variables)
        return subprocess.run(
            [sys.executable, "-P", "-m", "floorboard", *arguments],
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_log_is_loaded_once_and_answered_by_question(command: Command) -> None:
    (first,) = rows(
        command("etl", "run", "--once", "--json", alone=True)
    )  # the others within this process: quicker
    assert (first["source_name"], first["read_rows"], first["rejected_rows"]) == ("pbx", 3, 0)
    (again,) = rows(command("etl", "run", "--once", "--json"))
    assert again["read_rows"] == 0

    (sales,) = rows(command("ask", "queue_totals", *WINDOW, "--json"))
    assert (sales["queue_name"], sales["offered_calls"], sales["answered_wait_seconds"]) == ("sales", 1, 5)

    (live,) = rows(command("ask", "live_queues", "--as-of", "2026-11-22T10:00:03Z", "--json"))
    assert (live["waiting_calls"], live["oldest_wait_seconds"]) == (1, 3)
    assert "sales" in command("ask", "live_queues", "--as-of", "2026-11-22T12:00:03+02:00").stdout


def test_a_source_read_from_its_start_counts_nothing_twice(command: Command) -> None:
    rows(command("etl", "run", "--once", "--json"))
    (again,) = rows(command("etl", "run", "--source", "pbx", "--from-start", "--once", "--json"))
    assert (again["read_rows"], again["loaded_rows"]) == (3, 0)
    (sales,) = rows(command("ask", "queue_totals", *WINDOW, "--json"))
    assert sales["offered_calls"] == 1


def test_a_source_that_fails_does_not_keep_the_others_from_loading(command: Command, tmp_path: Path) -> None:
    lost = SETTINGS.partition("[[sources]]")[2].replace('"pbx"', '"lost"').replace('"queue_log"', '"nowhere"')
    (tmp_path / "floorboard.toml").write_text(
        SETTINGS.replace("[[sources]]", f"[[sources]]{lost}\n[[sources]]")
    )
    done = command("etl", "run", "--once", "--json")
    assert done.returncode == 1
    assert [row["source_name"] for row in json.loads(done.stdout)] == ["pbx"]
    assert str(tmp_path / "nowhere") in done.stderr
    assert "Traceback" not in done.stderr
    (sales,) = rows(command("ask", "queue_totals", *WINDOW, "--json"))
    assert sales["offered_calls"] == 1


def test_a_queue_can_be_counted_another_way_for_its_past_too(command: Command) -> None:
    rows(command("etl", "run", "--once", "--json"))
    done = command("queue", "set", "sales", "--threshold-seconds", "4", "--formula", "strict")
    assert done.returncode == 0, done.stderr
    (sales,) = rows(command("ask", "queue_totals", *WINDOW, "--json"))
    assert (sales["answered_calls"], sales["answered_in_threshold_calls"]) == (
        1,
        0,
    )  # answered after 5 s > 4 s
    promised = command("queue", "set", "sales", "--callback-promise-seconds", "7200")
    assert promised.returncode == 0, promised.stderr
    (queue,) = rows(command("ask", "queues", "--json"))
    assert queue["callback_promise_seconds"] == 7200
    assert "save no. 2 in the history" in promised.stderr
    again = command("queue", "set", "sales", "--callback-promise-seconds", "7200")
    assert (again.returncode, "nothing was changed" in again.stderr) == (0, True)
    assert (
        'no queue "sale"; expected one of: sales.'
        in command("queue", "set", "sale", "--formula", "strict").stderr
    )


def test_an_empty_database_is_left_alone_by_everything_that_only_reads(
    command: Command, empty_database_url: str
) -> None:
    for words in (["ask", "live_queues"], ["etl", "status"], ["etl", "rejects"], ["queue", "list"]):
        done = command(*words, "--json", url=empty_database_url)
        assert (done.returncode, done.stdout) == (1, "")
        assert "none of Floorboard's tables" in done.stderr
        assert "run `floorboard db migrate`" in done.stderr
    with psycopg.connect(empty_database_url) as connection:
        schemas = connection.execute("select count(*) from pg_namespace where nspname !~ '^(pg_|inf|pub)'")
        assert schemas.fetchone() == (0,)
    assert command("db", "migrate", url=empty_database_url).returncode == 0
    assert rows(command("ask", "live_queues", "--json", url=empty_database_url)) == []


def test_a_load_is_told_in_a_sentence_and_names_are_shown_as_they_are(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "queue_log").write_text(LOG.replace("sales", "[/red]"))
    done = command("etl", "run", "--once")
    assert done.stdout == (
        "pbx: 3 rows read = 3 loaded + 0 unchanged + 0 refused; newest event 2026-11-22 10:01:05 UTC\n"
    )
    assert "[/red]" in command("queue", "list").stdout


def test_an_unknown_queue_is_refused(command: Command) -> None:
    rows(command("etl", "run", "--once", "--json"))
    window = ("--from", "2026-11-22T00:00:00Z", "--to", "2026-11-23T00:00:00Z")
    intervals = ("ask", "queue_intervals", *window, "--json")
    (queue,) = rows(command("queue", "list", "--json"))
    assert rows(command(*intervals, "--queue-id", str(queue["queue_id"])))
    assert "`floorboard queue list`" in command(*intervals, "--queue-id", "9999").stderr


def test_a_missing_as_of_is_the_floor_s_clock(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(command("etl", "run", "--once", "--json"))
    monkeypatch.setenv("FLOORBOARD_CLOCK", "2026-11-22T10:00:03+00:00;2026-01-01T00:00:00+00:00;0")
    (live,) = rows(command("ask", "live_queues", "--json"))
    assert (live["waiting_calls"], live["oldest_wait_seconds"]) == (1, 3)
    future = command("ask", "live_queues", "--as-of", "2026-11-22T10:02:00Z")
    assert "is in the future: the answer knows nothing after 2026-11-22T10:00:03+00:00" in future.stderr
    assert future.returncode == 0
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-11-22T10:00:02Z")
    (live,) = rows(command("ask", "live_queues", "--json"))
    assert live["oldest_wait_seconds"] == 2


def test_a_question_does_not_migrate_a_warehouse_that_is_in_use(command: Command, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text("delete from ops.migrations where number = (select max(number) from ops.migrations)")
        )
    done = command("ask", "live_queues", "--json")
    assert done.returncode == 1
    assert "run `floorboard db migrate`" in done.stderr


def test_simulated_and_real_calls_do_not_mix(command: Command, engine: sa.Engine, tmp_path: Path) -> None:
    real = load_settings(tmp_path / "floorboard.toml")
    (tmp_path / "demo.toml").write_text(SETTINGS.replace("Tallinn", DEMO_SITE_NAME, 1))
    demo = load_settings(tmp_path / "demo.toml")
    refuse_mixing(engine, demo)  # an empty warehouse takes either
    rows(command("etl", "run", "--once", "--json"))
    refuse_mixing(engine, real)
    with pytest.raises(SiteError, match='holds the site "Tallinn"'):
        refuse_mixing(engine, demo)


def test_doctor_sees_that_simulated_and_real_calls_would_mix(command: Command, tmp_path: Path) -> None:
    rows(command("etl", "run", "--once", "--json"))
    (tmp_path / "floorboard.toml").write_text(SETTINGS.replace("Tallinn", DEMO_SITE_NAME, 1))
    done = command("doctor", "--json")
    found = {finding["subject_name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 1
    assert 'holds the site "Tallinn"' in found["Warehouse"]["found_text"]
    assert "export FLOORBOARD_HOME=" in found["Warehouse"]["found_text"]


def test_doctor_knows_how_fresh_the_data_is(command: Command) -> None:
    rows(command("etl", "run", "--once", "--json"))
    done = command("doctor", "--json")
    found = {finding["subject_name"]: finding for finding in json.loads(done.stdout)}
    assert found["Warehouse"]["state_name"] == "good"
    assert found["Data of pbx"]["step_text"] or found["Data of pbx"]["state_name"] == "good"
    assert found["Load"]["found_text"] == "has never run on time"


CALLS_FILE = "\n".join(
    [
        "call id;queue;agent;offered at;answered at;ended at",
        *(
            f"a{number};Sales;Mari;2026-11-22 12:00:{number:02};2026-11-22 12:01:00;2026-11-22 12:02:00"
            for number in range(39)
        ),
        "a40;Sales;Mari;yesterday;;\n",
    ]
)


def test_a_file_is_previewed_added_to_the_settings_and_loaded(command: Command, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text(CALLS_FILE)
    told = rows(command("etl", "preview", "calls.csv", "--facts", "calls", "--json"))[0]
    assert (told["counts"]["read_rows"], told["counts"]["rejected_rows"]) == (40, 1)
    assert told["rejected"][0]["place_text"] == "calls.csv:41"
    assert (
        command("etl", "preview", "calls.csv", "--facts", "calls", "--name", "file", "--write").returncode
        == 0
    )
    done = {row["source_name"]: row for row in rows(command("etl", "run", "--once", "--json"))}
    assert (done["file"]["loaded_rows"], done["file"]["rejected_rows"]) == (39, 1)
    totals = {
        row["queue_name"]: row["offered_calls"]
        for row in rows(command("ask", "queue_totals", *WINDOW, "--json"))
    }
    assert totals == {"Sales": 39, "sales": 1}
    again = command("etl", "preview", "calls.csv", "--facts", "calls", "--name", "file", "--write")
    assert again.returncode == 1
    assert "a second time" in again.stderr
    assert (tmp_path / "floorboard.toml").read_text().count('name = "file"') == 1


def test_the_organisation_goes_out_as_files_and_comes_back(command: Command, tmp_path: Path) -> None:
    assert command("etl", "run", "--once").returncode == 0
    assert command("organisation", "export", "org.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "org.zip") as whole:
        agents = whole.read("agents.csv").decode("utf-8-sig")
    (tmp_path / "agents.csv").write_text(agents.replace("Mari", "Mari Tamm"), encoding="utf-8")
    [planned] = rows(command("organisation", "import", "agents.csv", "--dry-run", "--json"))
    assert (planned["changed_rows"], planned["faults"]) == (1, [])
    assert command("organisation", "import", "agents.csv").returncode == 0
    [now] = rows(command("organisation", "import", "agents.csv", "--dry-run", "--json"))
    assert now["changed_rows"] == 0
    (tmp_path / "agents.csv").write_text("agent_id,agent_name\n99,Nobody\n", encoding="utf-8")
    refused = command("organisation", "import", "agents.csv")
    assert refused.returncode == 1
    assert "line 2" in refused.stderr


def test_a_lost_call_is_found_by_reading_its_day_once_more(
    command: Command, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "queue_log").write_text(LOG.replace("17953416", "17950416"))  # the 18th, 22:40 in Tallinn
    rows(command("etl", "run", "--once", "--json"))
    with psycopg.connect(database_url) as connection:
        connection.execute("delete from warehouse.calls")
    day = ("--from", "2026-11-19", "--to", "2026-11-19", "--source", "pbx")
    (found,) = rows(command("etl", "reconcile", *day, "--json"))
    assert (found["outcome_name"], found["missing_rows"], found["mended_rows"]) == ("mended", 1, 1)
    assert found["reason_text"] == "Missing: 1 calls. All of it is loaded now."
    (kept,) = rows(command("ask", "reconciliations", "--as-of", "2026-11-20T12:00:00Z", "--json")) or [None]
    assert kept is None, "it was compared after that instant"

    (tmp_path / "queue_log").unlink()
    again = command("etl", "reconcile", *day)
    assert again.returncode == 1
    assert "1 comparisons of a day with its origin; 1 do not agree or could not be compared" in again.stderr
    wrong = command("etl", "reconcile", "--from", "yesterday")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert 'floorboard: --from is "yesterday", expected a day such as 2026-11-21.' in wrong.stderr


def test_a_wrong_figure_is_found_and_repaired_by_the_check(command: Command, database_url: str) -> None:
    rows(command("etl", "run", "--once", "--json"))
    done = command("db", "check")
    assert done.returncode == 0, done.stderr
    assert "The warehouse is fit for use, and every figure is what the facts say." in done.stderr
    with psycopg.connect(database_url) as connection:
        connection.execute("update warehouse.queue_intervals set offered_calls = 7")
    done = command("db", "check", "--json")
    assert done.returncode == 1
    (figure,) = json.loads(done.stdout)["figures"]
    assert (figure["of_name"], figure["place_text"], figure["column_name"], figure["kept_text"], figure["counted_text"]) == (
        "sales", "2026-11-22 10:00Z", "offered_calls", "7", "1",
    )  # fmt: skip
    assert "Run `floorboard db check --repair`" in done.stderr
    shown = command("db", "check", "--repair")
    assert shown.returncode == 0
    assert "sales" in shown.stdout
    assert "They are counted anew; everything else was left as it was." in shown.stderr
    assert command("db", "check").returncode == 0
