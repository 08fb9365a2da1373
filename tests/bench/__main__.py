"""Measures reading and loading at one million rows, and what the floor sees, each against a peer or a limit of the same run.

`make bench` prints the table; `make bench ARGS="--write docs/bench.md"` keeps it; `--rows 200000` is a shorter run,
`--only load`, `--only walls`, `--only boards` and `--only game` are its parts, `--crowd 0.2` lets a fifth of the site look.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
import polars as pl
import sqlalchemy as sa

from etl import load
from etl import merge as merge_module
from etl.config import Settings
from etl.shapes import CALLS, INSTANT
from etl.simulation.floor_log import write_floor
from etl.sources.asterisk_queue_log import QueueLog
from etl.sources.pbx.queue_events import Rules
from sql import embedded, migrate, rights, warehouse
from tests.bench import boards, ledger, walls
from tests.conftest import with_every_figure

QUEUES, AGENTS, DAYS = 20, 200, 60
TICK_ROWS = 2000
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "insert into access.accounts (login_name, role_name, agent_id) values (:role, :role, 1)"
SESSION = (
    "insert into access.sessions (token_sha256, account_id, ends_at) "
    "select :hash, a.account_id, now() + interval '1 day' from access.accounts as a where a.login_name = :role"
)
BY_AGENT = (
    "select agent_id, count(*), sum(talk_seconds) from warehouse.calls "
    "where offered_at >= :start and offered_at < cast(:start as timestamptz) + interval '30 days' group by agent_id"
)


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, the peer or limit, and whether it holds."""

    name: str
    measured: str
    limit: str
    is_met: bool


def call_rows(rows: int) -> pl.DataFrame:
    """Stays as a reader hands them over: 20 queues, 200 agents, 60 days from 6 to 18 o'clock."""
    chance = np.random.default_rng(1)
    second = (
        FIRST_DAY.timestamp()
        + chance.integers(0, DAYS, rows) * 86400
        + chance.integers(6 * 3600, 18 * 3600, rows)
    )
    offered = pl.Series("offered", np.sort(second).astype(np.int64))
    base = pl.DataFrame({
        "offered": offered,
        "wait_seconds": chance.exponential(20, rows).astype(np.int32),
        "talk_seconds": chance.lognormal(5, 0.6, rows).astype(np.int32),
        "is_answered": chance.random(rows) > 0.06,
        "queue_id": chance.integers(1, QUEUES + 1, rows).astype(np.int32),
        "agent_id": chance.integers(1, AGENTS + 1, rows).astype(np.int32),
        "customer_key": chance.integers(0, 2**62, rows),
    })  # fmt: skip
    answered, wait = pl.col("is_answered"), pl.col("wait_seconds")
    seconds = {
        "offered_at": pl.col("offered"),
        "answered_at": pl.when(answered).then(pl.col("offered") + wait),
        "ended_at": pl.col("offered") + wait + pl.when(answered).then("talk_seconds").otherwise(0),
    }
    text = {
        "outcome_name": pl.when(answered).then(pl.lit("answered")).otherwise(pl.lit("abandoned")),
        "ended_by_name": pl.lit("caller"),
        "channel_name": pl.lit("call"),
        "direction_name": pl.lit("inbound"),
    }
    frame = base.with_columns(
        *((value * 1_000_000).cast(INSTANT).alias(name) for name, value in seconds.items()),
        *(pl.when(answered).then(name).alias(name) for name in ("agent_id", "talk_seconds")),
        **text,
        call_id=pl.format("{}.{}", "offered", pl.int_range(pl.len())),
        customer_key=pl.col("customer_key").cast(pl.String),
        version_number=pl.lit(3, pl.Int64),
        new_rows=pl.lit(3, pl.Int64),
        stay_number=pl.lit(1, pl.Int32),
        ring_seconds=pl.when(answered).then(pl.lit(3, pl.Int32)),
    ).with_columns(contact_id="call_id")
    missing = {name: dtype for name, dtype in CALLS.columns.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in missing.items()).select(
        CALLS.columns.keys()
    )


def fresh(engine: sa.Engine, rows: pl.DataFrame | None = None) -> None:
    """An empty warehouse with the queues, agents and months that the rows need."""
    with engine.begin() as connection:
        for schema in ("warehouse", "ops", "game", "access", "released"):
            connection.execute(sa.schema.DropSchema(schema, cascade=True, if_exists=True))
    migrate.migrate(engine)
    with_every_figure(engine)
    if rows is None:
        return
    with engine.begin() as connection:
        names = [f"queue {number}" for number in range(1, QUEUES + 1)]
        keys = [f"agent {number:03}" for number in range(1, AGENTS + 1)]
        given = {"source_name": "bench"}
        queues = {"source_keys": names, "display_names": [None] * QUEUES, "time_zone_name": "UTC"}
        agents = {"source_keys": keys, "display_names": [None] * AGENTS, "site_name": "bench"}
        warehouse.execute(connection, "merge/queues", **given, **queues)
        warehouse.execute(connection, "merge/sites", site_name="bench", time_zone_name="UTC")
        warehouse.execute(connection, "merge/agents", **given, **agents)
        merge_module.make_months(connection, rows)


def psql_copy(url: str, rows: pl.DataFrame, folder: Path) -> float:
    """Seconds of `psql \\copy` of the same rows as CSV into the same indexed, partitioned table, without rollups."""
    path = folder / "calls.csv"
    columns = [name for name in rows.columns if name != "new_rows"]
    given = rows.select(columns).with_columns(run_id=pl.lit(1), source_name=pl.lit("bench"))
    given.write_csv(path, include_header=False, null_value="\\N", quote_style="non_numeric")
    programs = embedded.status().bin_folder
    psql = (
        (programs / "psql")
        if programs and (programs / "psql").exists()
        else Path(shutil.which("psql") or "psql")
    )
    command = f"\\copy warehouse.calls ({', '.join(given.columns)}) from '{path}' (format csv, null '\\N')"
    begin = time.perf_counter()
    subprocess.run([psql, url, "-qc", command], check=True)
    return time.perf_counter() - begin


def merge(engine: sa.Engine, rows: pl.DataFrame, *, rows_a_batch: int) -> float:
    """Seconds from a frame to committed, deduplicated, rolled-up facts, in batches as a long log gives them."""
    begin = time.perf_counter()
    for part in rows.iter_slices(rows_a_batch):
        with engine.begin() as connection:
            connection.exec_driver_sql(warehouse.statement("merge/stage"))
            merge_module.merge_facts(connection, part, CALLS, run={"source_name": "bench", "run_id": 1})
            merge_module.roll_up(connection)
    return time.perf_counter() - begin


def tick(engine: sa.Engine, rows: pl.DataFrame) -> float:
    """Median seconds of a tick that changes the newest 2,000 rows."""
    took = []
    for number in range(7):
        part = rows.tail(TICK_ROWS).with_columns(
            version_number=pl.lit(4 + number, pl.Int64), talk_seconds=pl.col("talk_seconds") + number + 1
        )
        took.append(merge(engine, part, rows_a_batch=TICK_ROWS))
    return median(took)


def reading(path: Path) -> tuple[int, float]:
    """Lines and seconds of parsing and sessionising a whole log, nothing loaded."""
    begin = time.perf_counter()
    lines = sum(
        batch.read_rows
        for batch in QueueLog(path, Rules(), b"a key for the bench").read("", "", now=datetime.now(UTC))
    )
    return lines, time.perf_counter() - begin


def reading_peak(path: Path) -> float:
    """Peak memory in MB of a process that reads the log."""
    code = "import sys, resource; from pathlib import Path; from tests.bench.__main__ import reading; "
    code += "reading(Path(sys.argv[1])); print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True)
    return int(done.stdout) / (1024**2 if sys.platform == "darwin" else 1024)


def measure(given: argparse.Namespace, folder: Path) -> list[Figure]:
    """All figures; each prints as it is ready."""
    figures: list[Figure] = []

    def note(name: str, measured: str, limit: str, *, is_met: bool) -> None:
        figures.append(Figure(name, measured, limit, is_met))
        print(f"  {name}: {measured} ({limit}) {'met' if is_met else 'NOT MET'}", flush=True)

    if given.only in (None, "load"):
        measure_load(given.rows, folder, note)
    if given.only in (None, "walls"):
        walls.figures(folder, note, calls=given.calls, crowd_seconds=given.seconds, share=given.crowd)
    if given.only in (None, "boards"):
        with embedded.attached() as url:
            boards.figures(warehouse.open_engine(url), note)
    if given.only in (None, "game"):
        with embedded.attached() as url:
            engine = warehouse.open_engine(url)
            fresh(engine)
            ledger.figures(engine, note)
            engine.dispose()
    return figures


def measure_load(rows: int, folder: Path, note: walls.Note) -> None:
    """Reading a log, and targets 1 to 4 of the load."""
    log, half = folder / "queue_log", folder / "half" / "queue_log"
    half.parent.mkdir()
    days = max(10, rows // 5000)
    write_floor(log, seed=1, days=days, until=FIRST_DAY)
    with log.open("rb") as whole, half.open("wb") as part:
        part.write(b"".join(whole.readlines(log.stat().st_size // 2)))
    lines, seconds = reading(log)
    limit = 10 * lines / 1_000_000
    note(
        "Reading a queue_log",
        f"{lines:,} lines in {seconds:.1f} s",
        f"under {limit:.0f} s",
        is_met=seconds < limit,
    )
    peaks = reading_peak(half), reading_peak(log)
    ratio = peaks[1] / peaks[0]
    note(
        "Memory, whole log against half of it",
        f"{peaks[1]:.0f} MB, ratio {ratio:.2f}",
        "at most 1.2",
        is_met=ratio <= 1.2,
    )
    with embedded.attached() as url:
        engine = warehouse.open_engine(url)
        figures_of_load(engine, url, rows, log, folder, note)
        engine.dispose()


def figures_of_load(
    engine: sa.Engine, url: str, rows: int, log: Path, folder: Path, note: walls.Note
) -> None:
    """Targets 1 to 3 of the load."""
    frame = call_rows(rows)
    fresh(engine, frame)
    small = merge(engine, frame.head(rows // 10), rows_a_batch=50_000)
    load.analyze(engine)
    tick_small = tick(engine, frame.head(rows // 10))
    fresh(engine, frame)
    peer = psql_copy(url, frame, folder)
    fresh(engine, frame)
    ours = merge(engine, frame, rows_a_batch=50_000)
    load.analyze(engine)
    tick_large = tick(engine, frame)
    note(
        "1. Frame to rolled-up facts against psql \\copy csv (which rolls nothing up)",
        f"{rows / ours:,.0f} against {rows / peer:,.0f} rows/s, ratio {peer / ours:.2f}; "
        f"the first tenth at {rows / 10 / small:,.0f} rows/s",
        "at least 1.00",
        is_met=ours <= peer,
    )
    costs = rights_cost(engine)
    note(
        "4. A count of the calls of a month by agent, as an administrator and as an agent, against the owner's",
        f"ratios {costs['administrator']:.2f} and {costs['agent']:.2f}",
        "at most 1.30 each",
        is_met=max(costs.values()) <= 1.3,
    )
    fresh(engine)
    source = {"name": "pbx", "kind": "asterisk_queue_log", "path": str(log), "every_seconds": 2}
    settings = Settings.model_validate({"site": {"name": "bench", "time_zone": "UTC"}, "sources": [source]})
    begin = time.perf_counter()
    done = load.run_source(engine, settings, settings.sources[0], now=lambda: datetime.now(UTC))
    took = time.perf_counter() - begin
    with engine.connect() as connection:
        calls, states = (
            connection.execute(
                sa.select(sa.func.count()).select_from(sa.table(name, schema="warehouse"))
            ).scalar_one()
            for name in ("calls", "agent_states")
        )
    ratio = took / ((calls + states) * ours / rows)
    note(
        "2. queue_log to committed facts against target 1's time for as many rows",
        f"{done.read_rows:,} lines, {calls:,} calls, {states:,} states in {took:.1f} s, ratio {ratio:.2f}",
        "at most 2.00",
        is_met=ratio <= 2,
    )
    growth = tick_large / tick_small
    note(
        f"3. Tick of {TICK_ROWS:,} changed rows at {rows:,} rows of history",
        f"{tick_large * 1000:.0f} ms, ratio to a tenth of the history {growth:.2f}",
        "at most 250 ms and 1.15",
        is_met=tick_large <= 0.25 and growth <= 1.15,
    )


def rights_cost(engine: sa.Engine) -> dict[str, float]:
    """How many times as long as the owner a reader of each role waits for the same question, by policies and all."""
    rights.install(engine)
    tokens = {role: f"token of {role}" for role in ("administrator", "agent")}
    with engine.begin() as connection:
        for role, token in tokens.items():
            given = {"role": role, "hash": hashlib.sha256(token.encode()).digest()}
            connection.execute(sa.text(ACCOUNT), given)
            connection.execute(sa.text(SESSION), given)
    took: dict[str, list[float]] = {role: [] for role in ("owner", *tokens)}
    for role in [*took] * 7:  # by turns, so that a busy moment of the machine falls on all of them
        with warehouse.connected(engine, deadline_seconds=60) as connection:
            begin = time.perf_counter()
            if role in tokens:
                rights.enter(connection, tokens[role])
            connection.execute(sa.text(BY_AGENT), {"start": FIRST_DAY}).all()
            took[role].append(time.perf_counter() - begin)
    return {role: median(took[role]) / median(took["owner"]) for role in tokens}


def report(figures: list[Figure], rows: int) -> str:
    """The table as Markdown."""
    about = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    lines = ["# Measured by `make bench`", "", f"{about}, Polars {pl.__version__}, {rows:,} rows.", ""]
    lines += ["| What | Measured | Limit | |", "|---|---|---|---|"]
    lines += [
        f"| {f.name} | {f.measured} | {f.limit} | {'met' if f.is_met else 'not met'} |" for f in figures
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Runs the bench in a home of its own, which is removed at the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--only", choices=("load", "walls", "boards", "game"))
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--crowd", type=float, default=1.0)
    given = parser.parse_args()
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(prefix="floorboard-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["FLOORBOARD_HOME"] = str(folder / "home")
        print(f"Measuring at {given.rows:,} rows; a few minutes.", flush=True)
        figures = measure(given, folder)
    text = report(figures, given.rows)
    if given.write:
        given.write.parent.mkdir(parents=True, exist_ok=True)
        given.write.write_text(text)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\n{text}\nPeak memory of the bench itself: {peak // 1024} MB")


if __name__ == "__main__":
    main()
