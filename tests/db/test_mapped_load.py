"""Any file through a mapping, on a real Postgres: the figures of another display, and nothing twice."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.config import Settings, load_settings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "sources" / "any-file.md"


@pytest.fixture
def recorded() -> Path:
    return Path(__file__).parents[1] / "data"


def documented(name: str) -> str:
    """The table of that name as docs/sources/any-file.md gives it."""
    for block in re.findall(r"```toml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.S):
        for table in re.split(r"^(?=\[\[sources\]\]$)", block, flags=re.M):
            if f'\nname = "{name}"\n' in table:
                return str(table)
    raise AssertionError(f"{DOCUMENT} has no source {name}")


def settings_of(toml: str, path: Path) -> Settings:
    """The settings with that table, of which the path is another."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "floorboard.toml"
        site = '[site]\nname = "Test floor"\ntime_zone = "Europe/Tallinn"\n\n'
        file.write_text(site + re.sub(r"^path = .*$", f'path = "{path}"', toml, flags=re.M), encoding="utf-8")
        return load_settings(file)


def run(engine: sa.Engine, settings: Settings) -> load.RunSummary:
    return load.run_source(engine, settings, settings.sources[0], now=lambda: NOW)


def run_anew(engine: sa.Engine, settings: Settings) -> load.RunSummary:
    assert load.reset_cursor(engine, settings.sources[0].name)
    return run(engine, settings)


def ask(engine: sa.Engine, text: str, **params: object) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text), params)]


def counts(summary: load.RunSummary) -> tuple[int, int, int, int]:
    return summary.read_rows, summary.loaded_rows, summary.unchanged_rows, summary.rejected_rows


def calls(engine: sa.Engine) -> pl.DataFrame:
    rows = ask(
        engine,
        "select offered_at, answered_at, ended_at, wait_seconds, talk_seconds, outcome_name from warehouse.calls",
    )
    names = ["offered_at", "answered_at", "ended_at", "wait", "talk", "outcome"]
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)


def the_figures_of_the_display(frame: pl.DataFrame, now: datetime) -> dict[str, object]:
    """The twelve figures as docs/sources/any-file.md says how they come from our calls."""
    left = pl.coalesce("answered_at", "ended_at")
    past = frame.filter(pl.col("offered_at") < now).with_columns(
        left=left, served=pl.col("outcome") == "answered"
    )
    queued = past.filter(pl.col("served") | ((pl.col("wait") > 0) & (pl.col("left") < now)))
    waiting = past.filter((pl.col("wait") > 0) & (pl.col("left") > now))
    since = waiting.select((pl.col("left") - pl.duration(seconds="wait")).min()).item()
    last = queued.sort("offered_at", maintain_order=True).tail(20)

    def percent(part: pl.Series) -> float:
        return round(100 * float(part.mean() or 0.0), 1)  # type: ignore[arg-type]

    return {
        "total_calls": past.height,
        "queued_or_served": queued.height,
        "q_percent": round(100 * queued.height / past.height, 1),
        "sla_300s_pct": percent(queued["wait"] <= 300),
        "served_pct": percent(queued["served"]),
        "avg_call_length_s": int(queued.filter(pl.col("talk") > 0).select(pl.col("talk").mean()).item()),
        "total_call_time_s": int(queued["talk"].sum()),
        "calls_waiting": waiting.height,
        "longest_waiting_s": int((now - since).total_seconds()),
        "last20": {
            "sla_pct": percent(last["wait"] <= 300),
            "served_pct": percent(last["served"]),
            "avg_wait_s": int(last.select(pl.col("wait").mean()).item()),
        },
    }


def test_the_twelve_figures_of_the_display_come_out_of_our_calls(engine: sa.Engine, recorded: Path) -> None:
    folder = recorded / "technion"
    settings = settings_of(documented("bank as displayed"), folder / "calls_one_day.csv.gz")
    assert counts(run(engine, settings)) == (2375, 2375, 0, 0)
    expected = json.loads((folder / "expected_at_17_08_28.json").read_text())
    at_17_08_28 = datetime(1999, 11, 9, 15, 8, 28, tzinfo=UTC)  # two hours behind the bank's clock
    figures = the_figures_of_the_display(calls(engine), at_17_08_28)
    assert figures == {name: expected[name] for name in figures}
    assert len(figures) + len(expected["last20"]) - 1 == 12


def test_who_never_queued_and_phantoms_are_no_calls_of_ours(engine: sa.Engine, recorded: Path) -> None:
    file = recorded / "technion" / "calls_one_day.csv.gz"
    rows = pl.read_csv(file, infer_schema=False)
    phantoms = rows.filter(pl.col("outcome") == "PHANTOM").height
    never = rows.filter((pl.col("outcome") == "HANG") & (pl.col("q_time") == "0")).height
    summary = run(engine, settings_of(documented("bank"), file))
    assert counts(summary) == (2375, 2375 - phantoms - never, phantoms + never, 0)
    told = dict(ask(engine, "select outcome_name, count(*) from warehouse.calls group by 1"))
    assert told == {"answered": 1511, "abandoned": 846 - never}
    assert ask(engine, "select agent_name from warehouse.agents where agent_name = 'NO_SERVER'") == []
    assert ask(engine, "select event_name, read_rows from ops.unused_events") == [
        ("row passed over by a filter", phantoms + never)
    ]


def test_loading_the_same_file_twice_changes_nothing(engine: sa.Engine, recorded: Path) -> None:
    settings = settings_of(documented("bank"), recorded / "technion" / "calls_one_day.csv.gz")
    first = run(engine, settings)
    assert counts(run(engine, settings)) == (0, 0, 0, 0)
    assert counts(run_anew(engine, settings)) == (2375, 0, 2375, 0)
    assert ask(engine, "select count(*) from warehouse.calls") == [(first.loaded_rows,)]


def test_a_file_without_ids_counts_rows_alike_as_often_as_they_stand_there(
    engine: sa.Engine, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv"
    toml = """[[sources]]
name = "plain"
kind = "file"
path = "x"
every_seconds = 60
facts = "calls"
[sources.fields]
queue_name = "queue"
offered_at = "at"
wait_seconds = { constant = 5 }
talk_seconds = "talk"
"""
    lines = [
        "queue,at,talk",
        "sales,2026-11-02 10:00:00,30",
        "sales,2026-11-02 10:00:00,30",
        "sales,2026-11-02 10:01:00,0",
    ]
    file.write_text("\n".join(lines) + "\n")
    settings = settings_of(toml, file)
    assert counts(run(engine, settings)) == (3, 3, 0, 0)
    file.write_text("\n".join([*lines, lines[1]]) + "\n")  # the third of its kind, written on
    assert counts(run(engine, settings)) == (1, 1, 0, 0)
    assert counts(run_anew(engine, settings)) == (4, 0, 4, 0)
    shutil.copy(file, tmp_path / "copy.csv")  # another export of the same rows
    assert counts(run(engine, settings_of(toml, tmp_path))) == (4, 0, 4, 0)
    outcomes = dict(ask(engine, "select outcome_name, count(*) from warehouse.calls group by 1"))
    assert outcomes == {"answered": 3, "abandoned": 1}


def test_an_older_version_never_replaces_a_newer_one(engine: sa.Engine, tmp_path: Path) -> None:
    toml = """[[sources]]
name = "versions"
kind = "file"
path = "x"
every_seconds = 60
facts = "calls"
[sources.fields]
call_id = "id"
queue_name = { constant = "q" }
offered_at = "at"
wait_seconds = { constant = 5 }
talk_seconds = "talk"
updated_at = "told"
"""
    file = tmp_path / "calls.csv"
    file.write_text("id,at,talk,told\n1,2026-11-02 10:00:00,30,2026-11-02 11:00:00\n")
    settings = settings_of(toml, file)
    run(engine, settings)
    file.write_text("id,at,talk,told\n1,2026-11-02 10:00:00,99,2026-11-02 10:59:00\n")  # older
    assert counts(run(engine, settings)) == (1, 0, 1, 0)
    assert ask(engine, "select talk_seconds from warehouse.calls") == [(30,)]
    file.write_text("id,at,talk,told\n1,2026-11-02 10:00:00,40,2026-11-02 12:00:00\n")
    assert counts(run(engine, settings)) == (1, 1, 0, 0)
    assert ask(engine, "select talk_seconds from warehouse.calls") == [(40,)]


def test_a_refused_row_is_kept_with_place_and_reason_and_taken_when_the_mapping_is_mended(
    engine: sa.Engine, tmp_path: Path
) -> None:
    toml = """[[sources]]
name = "mended"
kind = "file"
path = "x"
every_seconds = 60
facts = "calls"
[sources.fields]
call_id = "id"
queue_name = "queue"
offered_at = "at"
wait_seconds = { constant = 0 }
customer = "phone"
outcome_name = { column = "result", values = { OK = "answered" } }
"""
    file = tmp_path / "calls.csv"
    file.write_text(
        "id,queue,at,result,phone,note\n1,q,2026-11-02 10:00:00,OK,+372 5100001,hi\n"
        "2,q,2026-11-02 10:00:00,LOST,+372 5100002,secret\n3,q,01.11.2026 10:00,OK,,\n"
    )
    settings = settings_of(toml, file)
    assert counts(run(engine, settings)) == (3, 1, 0, 2)
    kept = ask(engine, "select place_text, reason_text, raw_text from ops.rejects order by place_text")
    assert [row[0] for row in kept] == ["calls.csv:3", "calls.csv:4"]
    assert "column 'result' is 'LOST'; expected a word of its `values`" in str(kept[0][1])
    assert "offered_at: column 'at' is '01.11.2026 10:00'; expected 2026-01-31T23:59:59" in str(kept[1][1])
    assert "5100002" not in str(kept)
    assert "secret" not in str(kept)
    mended = settings_of(toml.replace('OK = "answered"', 'OK = "answered", LOST = "abandoned"'), file)
    replayed = load.replay_rejects(engine, mended, "mended", now=lambda: NOW)
    assert (replayed.read_rows, replayed.loaded_rows) == (1, 1)
    keys = ask(
        engine, "select count(distinct customer_key) from warehouse.calls where customer_key is not null"
    )
    assert keys == [(2,)]
    assert counts(run_anew(engine, mended)) == (3, 0, 2, 1)  # refused again, and kept once
    assert ask(engine, "select count(*) from ops.rejects") == [(2,)]


def test_every_change_of_an_incident_is_taken_once(engine: sa.Engine, recorded: Path) -> None:
    file = recorded / "tickets" / "incident_event_log.csv.gz"
    settings = settings_of(documented("incident changes"), file)
    summary = run(engine, settings)
    assert counts(summary)[0] == 5998
    assert summary.rejected_rows == 0
    assert ask(engine, "select count(*) from warehouse.tickets") == [(890,)]
    rows = pl.read_csv(file, infer_schema=False)
    last = rows.group_by("number", maintain_order=True).last()
    closed = last.filter(pl.col("incident_state") == "Closed").height
    assert ask(engine, "select count(*) from warehouse.tickets where status_name = 'closed'") == [(closed,)]
    before = ask(engine, "select count(*), sum(event_number) from warehouse.ticket_events")
    assert counts(run_anew(engine, settings)) == (5998, 0, 5998, 0)
    assert ask(engine, "select count(*), sum(event_number) from warehouse.ticket_events") == before


def test_incidents_told_as_they_ended_load_without_a_refusal(engine: sa.Engine, recorded: Path) -> None:
    settings = settings_of(documented("incidents"), recorded / "tickets" / "itsm_incidents.csv")
    assert counts(run(engine, settings)) == (40, 40, 0, 0)
    assert (
        ask(engine, "select count(*), count(closed_at), sum(reopen_count) from warehouse.tickets") is not None
    )
    told = ask(
        engine,
        "select created_at, closed_at, status_name from warehouse.tickets where ticket_id = 'IM0000004'",
    )
    # 05/02/2012 13:32 to 04/11/2013 13:51 in Amsterdam, which is an hour ahead of UTC on both days
    assert told == [
        (datetime(2012, 2, 5, 12, 32, tzinfo=UTC), datetime(2013, 11, 4, 12, 51, tzinfo=UTC), "closed")
    ]


def test_a_broken_file_does_not_hold_up_the_others(engine: sa.Engine, tmp_path: Path) -> None:
    toml = documented("sales")
    (tmp_path / "a.csv").write_text(
        "Order,Paid at,Net,Currency,Seller\n1,2026-11-01T10:00:00Z,12.50,EUR,Ann\n"
    )
    (tmp_path / "b.csv").write_text("Order;Net\n2;3\n")
    (tmp_path / "c.csv").write_text(
        "Order,Paid at,Net,Currency,Seller\n3,2026-11-01T11:00:00Z,7.50,EUR,Ben\n"
    )
    settings = settings_of(toml, tmp_path)
    with pytest.raises(LoadError, match="there is no column 'Paid at'; found Order, Net"):
        run(engine, settings)
    assert ask(engine, "select sum(amount)::text, count(*) from warehouse.revenues") == [("20.00", 2)]


def test_a_folder_of_sales_wages_and_states_fills_its_tables(engine: sa.Engine, tmp_path: Path) -> None:
    wages = tmp_path / "wages.csv"
    wages.write_text("Month;Account;Total;Team\n2026-10-01;wages;1 234,50;North\n2026-10-01;rent;99,90;\n")
    assert counts(run(engine, settings_of(documented("wages"), wages))) == (2, 2, 0, 0)
    start = datetime(2026, 9, 30, 21, tzinfo=UTC)  # midnight in Tallinn, summer time
    assert ask(
        engine, "select started_at, ended_at, amount::float from warehouse.costs order by amount desc"
    ) == [
        (start, start + timedelta(days=31, hours=1), 1234.5),  # the month in which the clock is put back
        (start, start + timedelta(days=31, hours=1), 99.9),
    ]
    states = tmp_path / "states.parquet"
    pl.DataFrame(
        {
            "user": [{"id": "u1", "name": "Ann"}, {"id": "u1", "name": "Ann"}, {"id": "u2", "name": "Ben"}],
            "startTime": [1_790_000_000_000, 1_790_000_060_000, 1_790_000_000_000],
            "durationMs": [60_000, 0, None],
            "status": ["Available", "Busy", "Meal"],
        }
    ).write_parquet(states)
    assert counts(run(engine, settings_of(documented("agent states"), states))) == (3, 2, 1, 0)
    told = ask(
        engine,
        "select agent_name, state_name, reason_name, extract(epoch from ended_at - started_at)::int "
        "from warehouse.agent_states join warehouse.agents using (agent_id) order by agent_name",
    )
    assert told == [("Ann", "available", None, 60), ("Ben", "paused", "meal", None)]


def test_files_whose_names_are_not_utf8_load_with_a_place_and_a_refusal_of_their_own(
    engine: sa.Engine, tmp_path: Path
) -> None:
    head = "call_id,queue,started,wait,talk,result\n"
    good, long = "{},sales,2026-11-20T10:00:00Z,5,60,answered\n", "{},sales,soon {},5,60,answered\n"
    for number, name in enumerate((b"caf\xe8.csv", b"caf\xe9.csv", b"z.csv")):
        text = head + good.format(number) + long.format(f"r{number}", "x" * 50_000)
        (tmp_path / os.fsdecode(name)).write_text(text)
    toml = (
        '[[sources]]\nname = "odd"\nkind = "file"\npath = "x"\nevery_seconds = 60\nfacts = "calls"\n\n[sources.fields]\n'
        'call_id = "call_id"\nqueue_name = "queue"\noffered_at = "started"\nwait_seconds = "wait"\n'
        'talk_seconds = "talk"\noutcome_name = "result"\n'
    )
    settings = settings_of(toml, tmp_path)
    assert counts(run(engine, settings)) == (6, 3, 0, 3)
    kept = ask(engine, "select place_text, length(raw_text) from ops.rejects order by place_text")
    assert [place for place, _ in kept] == ["caf\ufffd.csv:3", "caf\ufffd.csv:3", "z.csv:3"]
    assert all(isinstance(length, int) and 20_000 <= length <= 20_100 for _, length in kept)
    assert counts(run(engine, settings)) == (0, 0, 0, 0)
