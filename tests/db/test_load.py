"""The load on a real Postgres: the same numbers as the PBX, whole or not at all, and nothing twice."""

from __future__ import annotations

import random
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from etl import LoadError, load
from etl.backfill import backfill
from sql import warehouse
from tests.laws import examples
from tests.torture.kills import append, now, settings_for

T0 = 1_795_309_870
FACTS = {
    "calls": "select to_jsonb(f) - 'run_id' - 'place_text' - 'queue_id' - 'agent_id', queue_name, agent_name "
    "from warehouse.calls as f left join warehouse.queues using (queue_id) left join warehouse.agents using (agent_id)",
    "agent_states": "select to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id', queue_name, agent_name "
    "from warehouse.agent_states as f left join warehouse.queues using (queue_id) join warehouse.agents using (agent_id)",
    "queue_members": "select to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id', queue_name, agent_name "
    "from warehouse.queue_members as f join warehouse.queues using (queue_id) join warehouse.agents using (agent_id)",
    "queue_intervals": "select to_jsonb(f) - 'queue_id', queue_name "
    "from warehouse.queue_intervals as f join warehouse.queues using (queue_id)",
    "agent_intervals": "select to_jsonb(f) - 'agent_id', agent_name "
    "from warehouse.agent_intervals as f join warehouse.agents using (agent_id)",
}


def run(engine: sa.Engine, path: Path, **source: object) -> load.RunSummary:
    settings = settings_for(path, **source)
    return load.run_source(engine, settings, settings.sources[0], now=now)


def ask(engine: sa.Engine, text: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def facts(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every fact and rollup with names for ids (they depend on the order of arrival), without the number of its run."""
    return {
        table: sorted((_named(row) for row in ask(engine, text)), key=str) for table, text in FACTS.items()
    }


def _named(row: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(str(value) for value in row)


@pytest.fixture
def pbx(shared_data: Path) -> Path:
    return shared_data / "asterisk_pbx"


def expected_of_asterisk(pbx: Path) -> tuple[dict[str, tuple[int, int, float]], dict[str, int]]:
    """Asterisk's own counters at its end: per queue completed, abandoned, service level; per member calls taken."""
    text = (pbx / "queue_show.txt").read_text()
    queues = {
        name: (int(completed), int(abandoned), float(level))
        for name, completed, abandoned, level in re.findall(
            r"^(\w+) has .*? C:(\d+), A:(\d+), SL:([\d.]+)%.* within 10s", text, flags=re.M
        )
    }
    members: dict[str, int] = {}
    for name, taken in re.findall(r"^ +(Agent \d+) \(.*has taken (\d+) calls", text, flags=re.M):
        members[name] = members.get(name, 0) + int(taken)
    return queues, members


def expect_the_numbers_of_asterisk(engine: sa.Engine, pbx: Path) -> None:
    queues, members = expected_of_asterisk(pbx)
    assert len(queues) == 3
    assert len(members) == 30
    window = {
        "window_start": datetime(2026, 11, 22, 1, tzinfo=UTC),
        "window_end": datetime(2026, 11, 22, 2, tzinfo=UTC),
    }
    with warehouse.connected(engine) as connection:
        totals = call_queries.queue_totals(connection, **window, threshold_seconds=10)
        by_rollups = call_queries.queue_totals(connection, **window)
        live = call_queries.live_queues(connection, as_of=datetime.fromtimestamp(1_795_311_202, UTC))
    ours = {
        row["queue_name"]: (
            row["handled_calls"],
            row["abandoned_calls"] + row["timed_out_calls"] + row["withdrawn_calls"],
            round(row["service_level_answered_ratio"] * 100, 1),
        )
        for row in totals.iter_rows(named=True)
    }
    assert ours == queues
    for name in ("offered_calls", "answered_calls", "abandoned_calls", "timed_out_calls"):
        assert by_rollups[name].to_list() == totals[name].to_list()
    assert live["waiting_calls"].sum() == 0
    assert live["in_progress_calls"].sum() == 0
    taken = ask(
        engine,
        "select agent_name, count(*) from warehouse.calls join warehouse.agents using (agent_id) "
        "where answered_at is not null group by agent_name",
    )
    assert dict(taken) == members


def test_the_same_numbers_as_the_pbx_at_once(engine: sa.Engine, pbx: Path) -> None:
    summary = run(engine, pbx / "queue_log")
    assert (summary.read_rows, summary.rejected_rows) == (5029, 0)
    expect_the_numbers_of_asterisk(engine, pbx)


@pytest.mark.by_turns(1)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_facts_in_random_chunks_cut_anywhere(
    engine: sa.Engine, database_url: str, pbx: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    path, data, place = tmp_path / "queue_log", (pbx / "queue_log").read_bytes(), 0
    path.write_bytes(b"")
    most = 34_000 if examples(1, long=2) == 1 else 12_000  # each chunk is a load
    while place < len(data):
        size = chance.randint(1, most)  # bytes: lines are cut anywhere
        append(path, data[place : place + size])
        place += size
        run(engine, path)
    expect_the_numbers_of_asterisk(engine, pbx)
    in_chunks = facts(engine)
    load.reset_cursor(engine, "pbx")
    again = run(engine, path)
    assert (again.read_rows, again.loaded_rows) == (5029, 0)
    assert facts(engine) == in_chunks


@pytest.mark.law
@pytest.mark.timeout(3600)
def test_the_same_facts_line_by_line(engine: sa.Engine, pbx: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    lines = (pbx / "queue_log").read_bytes().splitlines(keepends=True)
    one_by_one = examples(30, long=len(lines) - 40)  # each is a load
    first = max(40, 120 - one_by_one)
    path.write_bytes(b"".join(lines[:first]))
    run(engine, path)
    for line in lines[first : first + one_by_one]:
        append(path, line)
        run(engine, path)
    entered = sum(b"|ENTERQUEUE|" in line for line in lines[: first + one_by_one])
    assert len(facts(engine)["calls"]) == entered > 20
    append(path, b"".join(lines[first + one_by_one :]))
    run(engine, path)
    expect_the_numbers_of_asterisk(engine, pbx)
    told = facts(engine)
    load.reset_cursor(engine, "pbx")
    assert run(engine, path).loaded_rows == 0
    assert facts(engine) == told


def test_loading_the_same_log_twice_changes_nothing(engine: sa.Engine, pbx: Path) -> None:
    run(engine, pbx / "queue_log")
    before = ask(engine, "select xmin::text, ctid::text from warehouse.calls order by 2")
    told = facts(engine)
    assert run(engine, pbx / "queue_log").read_rows == 0
    load.reset_cursor(engine, "pbx")
    again = run(engine, pbx / "queue_log")
    assert (again.read_rows, again.loaded_rows, again.unchanged_rows) == (5029, 0, 5029)
    assert facts(engine) == told
    assert ask(engine, "select xmin::text, ctid::text from warehouse.calls order by 2") == before


def test_an_old_copy_put_back_does_not_count_twice(engine: sa.Engine, pbx: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes((pbx / "queue_log").read_bytes())
    run(engine, path)
    told = facts(engine)
    path.unlink()
    path.write_bytes(b"".join((pbx / "queue_log").read_bytes().splitlines(keepends=True)[:3000]))
    summary = run(engine, path)
    assert summary.loaded_rows == 0
    assert "begins before what was already read" in summary.notices[0]
    assert facts(engine) == told


def test_backfill_makes_the_same_rollups_again(engine: sa.Engine, pbx: Path) -> None:
    run(engine, pbx / "queue_log")
    told = facts(engine)
    assert backfill(engine) == len(told["queue_intervals"]) + len(told["agent_intervals"])
    assert facts(engine) == told
    with engine.begin() as connection:
        connection.execute(
            sa.text("update warehouse.queue_intervals set offered_calls = 0, answered_calls = 7")
        )
        connection.execute(sa.text("delete from warehouse.agent_intervals"))
    assert facts(engine) != told
    backfill(engine)
    assert facts(engine) == told


def test_a_backfill_waits_for_a_load_that_holds_its_rows_and_is_whole(
    engine: sa.Engine, database_url: str, tmp_path: Path
) -> None:
    """Two calls, forty days apart: every interval between is in one of its pieces, none of which is long."""
    log = b"".join(
        b"%d|%s|sales|NONE|ENTERQUEUE||1234|1\n%d|%s|sales|NONE|ABANDON|1|1|9\n" % (at, name, at + 9, name)
        for at, name in ((T0, b"c1"), (T0 + 40 * 86_400, b"c2"))
    )
    append(tmp_path / "queue_log", log)
    load.run_source(
        engine,
        settings_for(tmp_path / "queue_log"),
        settings_for(tmp_path / "queue_log").sources[0],
        now=lambda: datetime.fromtimestamp(T0 + 41 * 86_400, UTC),
    )
    told = facts(engine)
    assert len(told["queue_intervals"]) == 2
    room = replace(warehouse.LOADER, settings=("statement_timeout=300000", "lock_timeout=200"))
    hurried = warehouse.open_engine(database_url, room=room)
    pieces: list[str] = []
    with engine.connect() as loading:
        loading.exec_driver_sql("select from warehouse.queue_intervals for update")
        release = threading.Timer(1.0, loading.rollback)
        release.start()
        assert backfill(hurried, on_progress=pieces.append) == 2
        release.join()
    hurried.dispose()
    assert len(pieces) == 4  # the rest of November by weeks, December as one, and the day of January
    assert facts(engine) == told


def test_a_changed_threshold_reaches_the_rollups_by_backfill(engine: sa.Engine, pbx: Path) -> None:
    run(engine, pbx / "queue_log")
    with engine.begin() as connection:
        connection.execute(sa.text("update warehouse.queues set service_level_threshold_seconds = 10"))
    backfill(engine)
    queues, _ = expected_of_asterisk(pbx)
    levels = ask(
        engine,
        "select queue_name, round(100.0 * sum(answered_in_threshold_calls) / sum(answered_calls), 1)::float "
        "from warehouse.queue_intervals join warehouse.queues using (queue_id) group by queue_name",
    )
    assert dict(levels) == {name: level for name, (_, _, level) in queues.items()}


def test_the_histogram_gives_any_of_its_thresholds_exactly(engine: sa.Engine, pbx: Path) -> None:
    run(engine, pbx / "queue_log")
    [(by_histogram, by_facts)] = ask(
        engine,
        "select (select sum((select sum(n) from unnest(answered_wait_histogram_calls[1:5]) as n)) "
        "from warehouse.queue_intervals), (select count(*) from warehouse.calls "
        "where answered_at is not null and wait_seconds <= 20)",
    )
    assert by_histogram == by_facts


def test_every_interval_accounts_for_every_call(engine: sa.Engine, pbx: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(b"".join((pbx / "queue_log").read_bytes().splitlines(keepends=True)[:2500]))
    run(engine, path)
    wrong = ask(
        engine,
        "select * from warehouse.queue_intervals where offered_calls <> answered_calls + abandoned_calls "
        "+ flowed_out_calls + interrupted_calls + waiting_calls",
    )
    assert wrong == []
    assert ask(
        engine, "select sum(waiting_calls) > 0, sum(in_progress_calls) > 0 from warehouse.queue_intervals"
    ) == [(True, True)]


def test_agents_time_is_split_at_the_borders_and_adds_up(engine: sa.Engine, pbx: Path) -> None:
    run(engine, pbx / "queue_log")
    [(by_intervals,)] = ask(engine, "select sum(signed_in_seconds) from warehouse.agent_intervals")
    [(by_states,)] = ask(
        engine,
        "select sum(extract(epoch from ended_at - started_at))::bigint "
        "from warehouse.agent_states where state_name <> 'signed_out'",
    )
    assert by_intervals == by_states
    assert ask(engine, "select * from warehouse.agent_intervals where signed_in_seconds > 900") == []
    gaps = ask(
        engine,
        "select * from (select ended_at, lead(started_at) over (partition by agent_id order by started_at) as next_at "
        "from warehouse.agent_states) as s where ended_at is distinct from next_at",
    )
    assert gaps == []


def test_a_refused_row_is_kept_whole_and_the_rest_is_loaded(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    good = "".join(f"{T0 + n}|c{n}|sales|NONE|ENTERQUEUE||123{n}|1\n" for n in range(500))
    path.write_text(
        good
        + "tomorrow|c1|sales|A|CONNECT|1|x|1\n"
        + f"{T0}|c9999|sales|A|CONNECT|1|x|1\n{T0}|a|b|c|FUTURE|1\n"
    )
    summary = run(engine, path)
    assert (summary.read_rows, summary.loaded_rows, summary.unchanged_rows, summary.rejected_rows) == (
        503,
        500,
        1,
        2,
    )
    kept = ask(engine, "select place_text, raw_text from ops.rejects order by reject_id")
    assert kept == [
        ("queue_log:501", "tomorrow|c1|sales|A|CONNECT|1|x|1"),
        ("queue_log:502", f"{T0}|c9999|sales|A|CONNECT|1|x|1"),
    ]
    assert ask(engine, "select event_name, is_known, read_rows from ops.unused_events") == [
        ("FUTURE", False, 1)
    ]
    load.reset_cursor(engine, "pbx")
    again = run(engine, path)
    assert (again.loaded_rows, again.unchanged_rows, again.rejected_rows) == (0, 501, 2)
    assert len(ask(engine, "select * from ops.rejects")) == 2


def test_a_row_that_the_warehouse_refuses_is_found_and_kept_and_the_rest_is_loaded(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    names = [f"c{n}" if n not in (137, 138, 400) else f"poison{n}" for n in range(500)]
    path.write_text(
        "".join(f"{T0 + n}|{name}|sales|NONE|ENTERQUEUE||123{n}|1\n" for n, name in enumerate(names))
    )
    with engine.begin() as connection:
        connection.execute(sa.text("alter table warehouse.calls add check (call_id !~ '^poison')"))
    summary = run(engine, path)
    assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (500, 497, 3)
    kept = ask(
        engine,
        "select place_text, reason_text ~ 'could not answer .23514' from ops.rejects order by reject_id",
    )
    assert kept == [("queue_log:138", True), ("queue_log:139", True), ("queue_log:401", True)]
    assert len(ask(engine, "select * from warehouse.calls")) == 497


def test_a_refused_row_is_taken_once_when_it_can_be(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{T0 + 5}|c1|sales|A|CONNECT|5|x|1\n{T0 + 9}|c1|sales|A|COMPLETEAGENT|5|4|1\n")
    run(engine, path)
    append(path, f"{T0}|c1|sales|NONE|ENTERQUEUE||1234|1\n".encode())
    run(engine, path)
    settings = settings_for(path)
    replayed = load.replay_rejects(engine, settings, "pbx", now=now)
    assert (replayed.read_rows, replayed.loaded_rows) == (2, 2)
    assert ask(engine, "select outcome_name, talk_seconds from warehouse.calls") == [("answered", 4)]
    assert ask(engine, "select count(*) from ops.rejects where replayed_at is null") == [(0,)]
    assert load.replay_rejects(engine, settings, "pbx", now=now).read_rows == 0


def test_a_restart_alone_in_its_batch_reaches_the_rollups(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(
        f"{T0}|MANAGER|sales|A|ADDMEMBER|\n{T0 + 1}|c1|sales|NONE|ENTERQUEUE||1234|1\n{T0 + 3}|c1|sales|A|CONNECT|2|x|1\n"
        f"{T0 + 4}|c2|sales|NONE|ENTERQUEUE||1234|1\n"
    )
    run(engine, path)
    append(path, f"{T0 + 10}|NONE|NONE|NONE|QUEUESTART|\n".encode())
    run(engine, path)
    told = facts(engine)
    assert ask(
        engine, "select waiting_calls, in_progress_calls, interrupted_calls from warehouse.queue_intervals"
    ) == [(0, 0, 1)]
    assert ask(engine, "select on_contact_seconds from warehouse.agent_intervals") == [(10 - 3,)]
    backfill(engine)
    assert facts(engine) == told


@pytest.mark.parametrize(
    "lines",
    [
        # the same call at the same instants again: a clock that was set back by an hour
        [f"{T0 + second}|c1|sales|NONE|ENTERQUEUE||1234|1" for second in (0, 3700, 0, 3700)],
        # an agent who is added in January 2016 and removed in November 2026
        ["1451606400|M|sales|A|ADDMEMBER|", f"{T0}|M|sales|A|REMOVEMEMBER|"],
        # 900 forged durations in one interval
        [
            f"{T0 + 1}|c{n}|sales|{who}"
            for n in range(900)
            for who in ("NONE|ENTERQUEUE||1|1", f"A{n}|CONNECT|1|x|1", f"A{n}|COMPLETEAGENT|1|2678400|1")
        ],
    ],
    ids=["same key twice", "a state of eleven years", "forged durations"],
)
def test_lines_of_a_broken_clock_or_hand_do_not_stop_the_load(
    engine: sa.Engine, tmp_path: Path, lines: list[str]
) -> None:
    path = tmp_path / "queue_log"
    path.write_text("\n".join(lines) + "\n")
    assert run(engine, path).read_rows == len(lines)
    told = facts(engine)
    assert ask(engine, "select count(*) < 24 from pg_class where relispartition and relkind = 'r'") == [
        (True,)
    ]
    backfill(engine)
    assert facts(engine) == told


def test_a_reject_at_the_same_place_of_another_file_is_kept_too(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    for day in range(2):
        path.write_text(f"{T0 + day}|c{day}|sales|NONE|ENTERQUEUE||1234|1\n\n")
        assert run(engine, path).rejected_rows == 1
        path.rename(tmp_path / f"queue_log.{2 - day}")
    assert ask(engine, "select place_text from ops.rejects") == [("queue_log:2",), ("queue_log:2",)]


def test_a_corrected_site_reaches_its_queues_and_leaves_no_second_site(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{T0}|c1|sales|NONE|ENTERQUEUE||1234|1\n")
    run(engine, path)
    settings = settings_for(path)
    corrected = settings.model_copy(
        update={"site": settings.site.model_copy(update={"name": "Harbour", "time_zone": "Asia/Tokyo"})}
    )
    load.run_source(engine, corrected, corrected.sources[0], now=now)
    load.run_source(engine, corrected, corrected.sources[0], now=now)
    assert ask(engine, "select site_name, time_zone_name from warehouse.sites") == [("Harbour", "Asia/Tokyo")]
    assert ask(engine, "select time_zone_name from warehouse.queues") == [("Asia/Tokyo",)]


@pytest.mark.parametrize("is_ledger_full", [False, True])
def test_a_failure_knows_whether_it_stands_in_the_ledger(
    engine: sa.Engine, tmp_path: Path, is_ledger_full: bool
) -> None:
    """On a full disk the ledger takes no row either: whoever started the load keeps it until there is room."""
    tables = ["ops.cursors", *(["ops.runs"] if is_ledger_full else [])]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create function ops.disk_full() returns trigger language plpgsql as $$ begin "
            "raise 'no space left on device' using errcode = '53100'; end $$"
        )
        for table in tables:
            connection.exec_driver_sql(
                f"create trigger disk_full before insert on {table} for each row execute function ops.disk_full()"
            )
    append(tmp_path / "queue_log", b"1795309870|NONE|NONE|NONE|QUEUESTART|\n")
    with pytest.raises(LoadError, match="disk is full") as failed:
        run(engine, tmp_path / "queue_log")
    assert failed.value.is_noted is not is_ledger_full
    noted = ask(engine, "select count(*) from ops.runs where outcome_name = 'failed'")
    assert noted == [(0 if is_ledger_full else 1,)]


def test_a_load_that_fails_is_in_the_ledger_with_its_reason(engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="there is no such file"):
        run(engine, tmp_path / "queue_log")
    [(outcome, error, read)] = ask(engine, "select outcome_name, error_text, read_rows from ops.runs")
    assert (outcome, read) == ("failed", 0)
    assert "there is no such file" in str(error)


@pytest.mark.parametrize("column", ["position_text", "carry_text"])
def test_a_broken_cursor_stops_the_load_and_says_so(engine: sa.Engine, tmp_path: Path, column: str) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{T0}|c1|sales|NONE|ENTERQUEUE||1234|1\n")
    run(engine, path)
    with engine.begin() as connection:
        connection.execute(sa.text(f"update ops.cursors set {column} = '{{\"version\": 99}}'"))  # noqa: S608
    with pytest.raises(LoadError, match=r"the stored cursor is not usable, its version is 99.*--from-start"):
        run(engine, path)
    load.reset_cursor(engine, "pbx")
    assert run(engine, path).unchanged_rows == 1


def test_two_loaders_of_one_source_share_the_work(engine: sa.Engine, pbx: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes((pbx / "queue_log").read_bytes())
    settings = settings_for(path)
    other = settings.sources[0].reader(settings.site.site, b"x" * 32)
    batch = next(iter(other.read("", "", now=now())))
    run(engine, path)
    with pytest.raises(load._CursorMovedError), engine.begin() as connection:
        load.load_batch(connection, settings, settings.sources[0], batch, follows=("", ""), now=now)
    expect_the_numbers_of_asterisk(engine, pbx)


def test_live_is_the_same_when_asked_afterwards(engine: sa.Engine, pbx: Path, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    lines = (pbx / "queue_log").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"")
    asked: dict[datetime, list[object]] = {}
    place = 0
    for second in range(T0 + 20, T0 + 1340, 132):
        part = []
        while place < len(lines) and int(lines[place].split(b"|")[0]) <= second:
            part.append(lines[place])
            place += 1
        append(path, b"".join(part))
        run(engine, path)
        instant = datetime.fromtimestamp(second, UTC)
        asked[instant] = live_at(engine, instant)
    append(path, b"".join(lines[place:]))
    run(engine, path)
    assert len(asked) == 10
    for instant, answer in asked.items():
        assert live_at(engine, instant) == answer


def live_at(engine: sa.Engine, instant: datetime) -> list[object]:
    with warehouse.connected(engine) as connection:
        return [
            frame.rows()
            for frame in (
                call_queries.live_queues(connection, as_of=instant).select(pl.exclude("queue_id")),
                call_queries.live_totals(connection, as_of=instant),
                call_queries.live_agents(connection, as_of=instant).select(pl.exclude("agent_id")),
            )
        ]


def test_live_counts_by_the_event_rule(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(
        f"{T0}|c1|sales|NONE|ENTERQUEUE||1|1\n{T0 + 5}|c1|sales|A|CONNECT|5|x|1\n{T0 + 10}|c2|sales|NONE|ENTERQUEUE||1|1\n"
        f"{T0 + 40}|c3|sales|NONE|ENTERQUEUE||1|1\n{T0 + 43}|c3|sales|NONE|ABANDON|1|1|3\n"
    )
    run(engine, path)
    # second, waiting, oldest wait, decided, service level of offered without short abandons within 20 s
    expected = [
        (4, 1, 4, 0, None),
        (5, 0, None, 1, 1 / 1),
        (30, 1, 20, 1, 1 / 1),
        (31, 1, 21, 2, 1 / 2),
        (42, 2, 32, 2, 1 / 2),
        (43, 1, 33, 2, 1 / 2),  # c3 left after 3 s: a short abandon counts on neither side
    ]
    for second, *figures in expected:
        with warehouse.connected(engine) as connection:
            live = call_queries.live_queues(connection, as_of=datetime.fromtimestamp(T0 + second, UTC))
        columns = ("waiting_calls", "oldest_wait_seconds", "decided_calls", "service_level_ratio")
        assert list(live.select(columns).row(0)) == figures
