"""The front door: the console command `floorboard`, the one place that knows both the load and the dashboard.

In: what a person types. Out: tables for people, JSON for programs (alone on standard output); when something
is wrong, one sentence on standard error and exit code 1.
Rule: libraries are imported where they are used: help and questions do not wait for the dashboard's.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl
    from sqlalchemy import Engine

app = typer.Typer(
    help="Live queues, service level and agents of a contact centre, from the phone system's own records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
etl_app = typer.Typer(
    help="Bring records into the warehouse, and see what became of them.", no_args_is_help=True
)
db_app = typer.Typer(help="The warehouse: its address, its migrations, its state.", no_args_is_help=True)
organisation_app = typer.Typer(
    help="Teams, agents, queues, hours and promises as files.", no_args_is_help=True
)
queue_app = typer.Typer(help="The queues, and how their service level is counted.", no_args_is_help=True)
customer_app = typer.Typer(help="Callers, known by a keyed hash alone.", no_args_is_help=True)
agent_app = typer.Typer(help="The agents, and those who have left.", no_args_is_help=True)
app.add_typer(etl_app, name="etl")
app.add_typer(customer_app, name="customer")
app.add_typer(agent_app, name="agent")
app.add_typer(db_app, name="db")
app.add_typer(organisation_app, name="organisation")
app.add_typer(queue_app, name="queue")

AsJson = Annotated[bool, typer.Option("--json", help="JSON, alone on standard output.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
From = Annotated[str | None, typer.Option("--from", help="Start of the window: ISO 8601 with its zone.")]
To = Annotated[
    str | None, typer.Option("--to", help="End of the window, not part of it: ISO 8601 with its zone.")
]
AsOf = Annotated[
    str | None, typer.Option(help="The instant asked about, now when left out: ISO 8601 with its zone.")
]

KNOWN_ERRORS = frozenset(
    {
        ("dashboard.asking", "AskError"),
        ("dashboard.loading.loader_requests", "RequestError"),
        ("dashboard.organisation.organisation_rows", "OrganisationError"),
        ("dashboard.server", "ServerError"),
        ("dashboard.loading.upload_check", "UploadError"),
        ("dashboard.words", "WordsError"),
        ("etl.config", "ConfigError"),
        ("etl.demo", "DemoError"),
        ("etl", "LoadError"),
        ("etl.supervise", "SuperviseError"),
        ("sql.metrics", "MetricError"),
        ("sql.warehouse", "WarehouseError"),
    }
)
DASH = "–"
# What moves the cursor, colours the terminal or turns the order of a line around; never shown as it is.
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
WIDEST_TABLE = 8
ROWS_SIDE_BY_SIDE = 4


class FrontDoorError(Exception):
    """What was typed cannot be done; the message says what was found, what was expected and what to do."""


def main() -> None:
    """Runs the command; a known error is one sentence and exit code 1, never a traceback."""
    from etl.supervise import Stopping, stay_with_parent

    stay_with_parent()
    try:
        app(prog_name="floorboard")
    except Stopping:
        tell("Stopped as asked; what was not read yet is read next time.")
        sys.exit(1)
    except Exception as error:
        kinds = {(kind.__module__, kind.__name__) for kind in type(error).__mro__}
        if not isinstance(error, FrontDoorError) and not kinds & KNOWN_ERRORS:
            raise
        tell(f"floorboard: {error}")
        sys.exit(1)


def tell(text: str) -> None:
    """A line for the person at the terminal; never on standard output, which belongs to the answer."""
    print(shown(text), file=sys.stderr, flush=True)


def shown(text: str, *, line_break: str = "\n") -> str:
    """The text as a terminal may show it: every control character is replaced."""
    return UNSHOWN.sub("\ufffd", text).replace("\n", line_break)


class Steps:
    """Tells how far a start has come: lasting lines, and passing ones where a terminal takes them back."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._passing = False

    def say(self, text: str) -> None:
        """A line that stays."""
        self._wipe()
        self._console.print(shown(text), markup=False)

    def passing(self, text: str) -> None:
        """A line that the next one replaces; left out where the output is no terminal."""
        if self._console.is_terminal:
            self._wipe()
            self._console.print(shown(text), markup=False, end="\r", style="dim")
            self._passing = True

    def _wipe(self) -> None:
        if self._passing:
            self._console.file.write("\x1b[2K\r")
            self._passing = False


@app.command()
def demo(
    days: Annotated[int, typer.Option(min=1, max=400, help="Days of history at the first start.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same floor.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, max=600, help="Seconds of the floor per second.")] = 1.0,
    port: Port = 8501,
    host: Host = "127.0.0.1",
) -> None:
    """A simulated contact centre through the real pipeline: log, load, warehouse and dashboard."""
    from etl.demo import DemoOptions, run_demo

    options = DemoOptions(days=days, seed=seed, speed=speed, host=host, port=port)
    run_demo(options, command=own_command(), steps=Steps())


@app.command()
def up(port: Port = 8501, host: Host = "127.0.0.1") -> None:
    """A real site: loads its sources on time and serves the dashboard."""
    from etl.demo import run_site

    run_site(host=host, port=port, command=own_command(), steps=Steps())


@app.command()
def dashboard(port: Port = 8501, host: Host = "127.0.0.1") -> None:
    """The dashboard alone; the load runs elsewhere."""
    from etl.demo import enter_home_in_use
    from etl.supervise import refuse_taken_port, warn_of_open_host
    from sql.embedded import attached

    refuse_taken_port(host, port)
    warn_of_open_host(host, port, tell)
    enter_home_in_use()
    with attached() as url:
        os.environ["DATABASE_URL"] = url
        from dashboard.server import serve

        serve(host=host, port=port)


@app.command(hidden=True)
def floor(path: Path, seed: int = 1, speed: float = 1.0) -> None:
    """Goes on writing the log of the simulated floor; a part of the demo."""
    from etl.demo import follow

    follow(path, seed=seed, speed=speed)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The question's name, such as live_queues.")],
    from_: From = None,
    to: To = None,
    as_of: AsOf = None,
    day: Annotated[str | None, typer.Option(help="A local day, such as 2026-11-22.")] = None,
    as_json: AsJson = False,
) -> None:
    """The very questions that the pages ask, with the same answers. Further parameters as --name value."""
    given = {"window_start": from_, "window_end": to, "as_of": as_of, "day_date": day}
    named = {name: text for name, text in given.items() if text is not None}
    from dashboard.asking import from_arguments

    named |= from_arguments(context.args, taken=named)
    show(answer(question, named), title=question, as_json=as_json)


@etl_app.command("run")
def etl_run(
    source: Annotated[str | None, typer.Option(help="One source only, by its name in the settings.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is new, then end.")] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Read the source anew; what is loaded counts once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Load what is new: on time until it is stopped, or once."""
    from etl.config import load_settings
    from etl.demo import refuse_mixing
    from etl.erasure import reapply
    from etl.jobs import end_at_once, serve
    from etl.load import reset_cursor
    from etl.schedule.clock import environment_clock
    from etl.schedule.once import run_once
    from etl.supervise import stop_on_signals

    settings = load_settings()
    if source is not None:
        settings.source(source)
    if as_json and not once:
        raise FrontDoorError("Found --json without --once; a load without end has no result. Add --once.")
    if from_start and source is None:
        raise FrontDoorError("Found --from-start without --source; add the source to read anew.")
    with stop_on_signals(end_at_once) as request, warehouse(migrating=True) as engine:
        refuse_mixing(engine, settings)
        if erased := reapply(engine, settings, now=environment_clock()):
            tell(f"{erased} erasures that the warehouse did not know were applied again.")
        if from_start:
            reset_cursor(engine, str(source))
        if once:
            rows, failures = run_once(
                engine, settings, only=source, now=environment_clock(), tell=tell, check=request.check
            )
            if as_json:
                show(rows, title="", as_json=True)
            for row in () if as_json else rows:
                typer.echo(shown(loaded(row), line_break=" "))
            for failure in failures[:-1]:
                tell(str(failure))
            if failures:
                raise failures[-1]
        else:
            logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
            serve(engine, settings, only=source, stop=request.event, now=environment_clock())


def loaded(row: Mapping[str, Any]) -> str:
    """What a load of one source did, as a sentence: every row that was read is accounted for."""
    newest = row["newest_event_at"]
    event = f"newest event {newest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if newest else "no new event"
    return (
        f"{row['source_name']}: {row['read_rows']:,} rows read = {row['loaded_rows']:,} loaded + "
        f"{row['unchanged_rows']:,} unchanged + {row['rejected_rows']:,} refused; {event}"
    )


@etl_app.command("backfill")
def etl_backfill(from_: From = None, to: To = None) -> None:
    """Count the rollups anew from the calls and states that are there."""
    from dashboard.asking import instant, refuse_empty_window
    from etl.backfill import backfill

    start = instant(from_, option="--from") if from_ else None
    end = instant(to, option="--to") if to else None
    refuse_empty_window(start, end)
    with warehouse(migrating=False) as engine:
        rows = backfill(engine, window_start=start, window_end=end)
    tell(f"{rows} rollup rows counted anew.")


@etl_app.command("reconcile")
def etl_reconcile(
    source: Annotated[str | None, typer.Option(help="Only this source of the settings.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First local day, such as 2026-11-21.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last local day, itself part of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read days that are over once more, load what was lost on the way, and say what does not agree."""
    from etl.demo import clock_in_use, settings_in_use
    from etl.reconcile import reconcile

    first, last = day(from_, option="--from"), day(to, option="--to")
    steps = Steps()
    with warehouse(migrating=False) as engine:
        done = reconcile(
            engine, settings_in_use(), only=source, first_date=first, last_date=last, now=clock_in_use(),
            on_day=lambda one: steps.passing(f"{one.source_name}, {one.day_date}: {one.outcome_name}"),
        )  # fmt: skip
    bad = sum(not one.is_good for one in done)
    steps.say(
        f"{len(done)} comparisons of a day with its origin"
        + (
            f"; {bad} do not agree or could not be compared, reason_text says why."
            if bad
            else ", all of them agree."
        )
    )
    show([one.row() for one in done], title="Reconciliation", as_json=as_json)
    if bad:
        sys.exit(1)


def day(text: str | None, *, option: str) -> date | None:
    """The day that an option names, None where it was left out; FrontDoorError for what is no day."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise FrontDoorError(f'{option} is "{text}", expected a day such as 2026-11-21.') from None


@etl_app.command("status")
def etl_status(
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit code 1 when a source is stale, failing or not read.")
    ] = False,
) -> None:
    """Each source: lag, last success and failure, next run, rows of the last day, reconciliation."""
    from dashboard.standing import reasons, statuses

    health = answer("source_health")
    show(statuses(health), title="Sources", as_json=as_json)
    faults = reasons(health, answer("loader")) if check else []
    for fault in faults:
        tell(fault)
    if faults:
        sys.exit(1)


@etl_app.command("rejects")
def etl_rejects(as_json: AsJson = False) -> None:
    """The newest 200 rows that were refused, each with its place and reason."""
    show(answer("recent_rejects"), title="Refused rows, the newest 200", as_json=as_json)
    kept, shown_rows = (
        int(answer("reject_reasons")["reject_rows"].sum() or 0),
        answer("recent_rejects").height,
    )
    if kept > shown_rows:
        tell(f"{kept - shown_rows:,} more stand refused; Data health shows them by their reason.")


@etl_app.command("replay")
def etl_replay(source: Annotated[str, typer.Option(help="The source's name in the settings.")]) -> None:
    """Try the refused rows of a source again, after what refused them was put right."""
    from etl.demo import clock_in_use, settings_in_use
    from etl.on_request.replays import replay

    with warehouse(migrating=False) as engine:
        summary = replay(engine, settings_in_use(), source, now=clock_in_use())
    tell(f"{summary.read_rows} refused rows taken now; `floorboard etl rejects` shows what is still refused.")


@etl_app.command("preview")
def etl_preview(
    file: Annotated[Path, typer.Argument(help="A CSV, TSV, XLSX, Parquet or JSON-lines file.")],
    facts: Annotated[str | None, typer.Option(help="What its rows are, such as calls or tickets.")] = None,
    name: Annotated[str | None, typer.Option(help="The new source's name.")] = None,
    rows: Annotated[int, typer.Option(min=1, max=1000, help="Rows shown.")] = 10,
    write: Annotated[bool, typer.Option("--write", help="Add the source to the settings file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Guess what a file holds: its first rows mapped, what would be refused, and the lines for floorboard.toml."""
    from etl.config import add_source, load_settings, settings_path
    from etl.mappings.guess import guess, preview
    from etl.mappings.mapping_words import FACTS_NAMES
    from etl.schedule.clock import environment_clock
    from etl.sources import Site

    if facts is not None and facts not in FACTS_NAMES:
        raise FrontDoorError(f"Found --facts {facts}; expected one of {', '.join(FACTS_NAMES)}.")
    site = load_settings().site.site if settings_path().exists() else Site("Here", "UTC")
    found = preview(file, guess(file, facts=facts, name=name), site, now=environment_clock()(), rows=rows)
    missing = found.guess.missing if found.guess else ()
    if as_json:
        told = {
            "toml_text": found.toml_text,
            "counts": found.counts,
            "warnings": found.warnings,
            "missing": missing,
        }
        frames = {"mapped": found.mapped, "rejected": found.rejected}
        show(
            [{**told, **{key: frame.rows(named=True) for key, frame in frames.items()}}],
            title="",
            as_json=True,
        )
    else:
        show(found.mapped, title=f"{file.name}: the first rows as they would be loaded", as_json=False)
        if found.rejected.height:
            show(found.rejected.head(rows), title="Rows that would be refused", as_json=False)
        for line in (*found.warnings, ", ".join(f"{key} {count:,}" for key, count in found.counts.items())):
            tell(line)
        typer.echo(found.toml_text)
    if missing:
        raise FrontDoorError(
            f"{file}: found no column for {', '.join(missing)}; name it in [sources.fields] above, or give --facts."
        )
    if write:
        tell(f"{add_source(found.toml_text)}: the source was added; `floorboard etl run` reads it.")


@db_app.command("url")
def db_url() -> None:
    """The address of the warehouse, for psql; one of our own runs on until `floorboard db stop`."""
    from etl.demo import enter_home_in_use
    from sql.embedded import keep, url

    enter_home_in_use()
    typer.echo(url() or keep())


@db_app.command("migrate")
def db_migrate() -> None:
    """Bring the warehouse's tables up to this version."""
    with warehouse(migrating=True):
        tell("The warehouse is up to date.")


@db_app.command("check")
def db_check(
    from_: From = None,
    to: To = None,
    repair: Annotated[bool, typer.Option("--repair", help="Count anew what differs, and only that.")] = False,
    as_json: AsJson = False,
) -> None:
    """Is the warehouse fit for use, and is every figure kept for the boards what the facts say?"""
    from dashboard.asking import instant, refuse_empty_window
    from etl.prove import prove
    from sql.migrate import check

    start = instant(from_, option="--from") if from_ else None
    end = instant(to, option="--to") if to else None
    refuse_empty_window(start, end)
    steps = Steps()
    with warehouse(migrating=None) as engine:
        if faults := check(engine):
            raise FrontDoorError(" ".join(faults))
        proof = prove(engine, window_start=start, window_end=end, is_repair=repair, on_progress=steps.passing)
    for sentence in proof.sentences():
        steps.say(sentence)
    if as_json:
        typer.echo(json.dumps(proof.to_dict(), ensure_ascii=False))
    elif not proof.is_proven:
        show([vars(figure) for figure in proof.figures], title="Not what the facts say", as_json=False)
    if not proof.is_proven and not repair:
        sys.exit(1)


@db_app.command("stop")
def db_stop() -> None:
    """Stop the warehouse that Floorboard brought itself."""
    from etl.demo import enter_home_in_use
    from sql.embedded import stop

    enter_home_in_use()
    tell("The warehouse is stopped." if stop() else "No warehouse of our own was running.")


@db_app.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Keep the whole warehouse in one file, as it stands now; loads and questions go on meanwhile."""
    from etl.backup import backup

    steps = Steps()
    with warehouse(migrating=None) as engine:
        kept = backup(address_of(engine), file, replacing=force, tell=steps.passing)
    steps.say(
        f"{file}: {kept.file_bytes:,} bytes of Postgres {kept.server_text}, read once more and found whole."
    )
    beside = ", ".join(str(path) for path in kept.beside) or "no file yet"
    tell(f"Keep beside it: {beside}. Without the customers' key the same caller is not known again.")


@db_app.command("restore")
def db_restore(
    file: Annotated[Path, typer.Argument(help="A file that `floorboard db backup` wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Give up what the warehouse holds now.")] = False,
) -> None:
    """Bring the warehouse back from a backup: whole, or not at all."""
    from etl.backup import restore
    from etl.config import load_settings, settings_path
    from etl.schedule.clock import environment_clock

    settings = load_settings() if settings_path().exists() else None
    steps = Steps()
    with warehouse(migrating=None) as engine:
        done = restore(
            engine, address_of(engine), file, settings,
            replacing=replace, now=environment_clock(), tell=steps.passing,
        )  # fmt: skip
    newest = done.newest_event_at
    steps.say(
        f"The warehouse is back as {file} holds it"
        + (f", up to {newest:%Y-%m-%d %H:%M:%S} UTC." if newest else ".")
    )
    if done.migrations:
        tell(f"{len(done.migrations)} migrations were applied: the backup was made by an older version.")
    if done.erasures_count:
        tell(f"{done.erasures_count} erasures were applied again.")
    if done.missing_roles:
        tell(
            f"What was granted to {', '.join(done.missing_roles)} is left out: this server has no such role. "
            "Create it and grant it again what it may read."
        )
    if done.is_key_missing:
        tell(
            "The customers' key is not here: put customer.key back into FLOORBOARD_HOME before the next load."
        )
    tell(
        "Next: `floorboard etl run --once` (or `floorboard up`) catches up from the sources, from where the backup stood."
    )


def address_of(engine: Engine) -> str:
    """The address of an open warehouse, with its password; never shown."""
    return engine.url.render_as_string(hide_password=False)


@customer_app.command("erase")
def customer_erase(
    value: Annotated[
        str | None, typer.Argument(help="Telephone number or e-mail address; asked for when left out.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Forget a caller: in every table, in what old records tell, and in backups when they are restored."""
    from etl.demo import clock_in_use, settings_in_use
    from etl.erasure import erase_customer

    settings = settings_in_use()
    told = value or typer.prompt("Telephone number or e-mail address")
    confirm("This caller is forgotten for ever. Calls and tickets stay as nobody's", is_sure=yes)
    with warehouse(migrating=False) as engine:
        found = erase_customer(engine, settings, told, now=clock_in_use())
    tell(
        f"Erased: {found.calls:,} calls and {found.tickets:,} tickets are nobody's now; every figure stays as it was."
    )
    tell_discarded(found.discarded_file_names)


@agent_app.command("erase")
def agent_erase(
    name: Annotated[str, typer.Argument(help="The agent's name, as the pages show it.")],
    id_: Annotated[
        list[int] | None, typer.Option("--id", help="The agent's number, where several are called so.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Give a former agent an alias, in every table and in what old records tell; the figures stay."""
    from etl.demo import clock_in_use, settings_in_use
    from etl.erasure import erase_agent

    settings = settings_in_use()
    confirm(f'The name "{name}" is forgotten for ever', is_sure=yes)
    with warehouse(migrating=False) as engine:
        found = erase_agent(engine, settings, name, agent_ids=id_ or (), now=clock_in_use())
    tell(f"Erased: the agent is called {found.alias_name} from now on; every figure stays as it was.")
    tell_discarded(found.discarded_file_names)


def confirm(sentence: str, *, is_sure: bool) -> None:
    """Asks before what cannot be taken back; FrontDoorError when the answer is no."""
    if not is_sure and not typer.confirm(f"{sentence}. Go on?", err=True):
        raise FrontDoorError("Nothing was changed.")


def tell_discarded(file_names: Sequence[str]) -> None:
    """Names uploaded files that had to go with somebody."""
    if file_names:
        tell(
            f"Uploaded files that were not loaded yet were discarded: {', '.join(file_names)}. Upload them again without."
        )


@organisation_app.command("export")
def organisation_export(file: Annotated[Path, typer.Argument(help="The ZIP to write.")]) -> None:
    """Teams, agents, queues, keys, hours and promises as CSV files in one ZIP."""
    from dashboard.organisation.organisation_files import export_zip
    from sql.warehouse import connected

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        data = export_zip(connection)
    try:
        file.write_bytes(data)
    except OSError as error:
        raise FrontDoorError(f"{file}: cannot be written ({error.strerror}); name another file.") from None
    tell(f"{file}: the organisation was written ({len(data):,} bytes).")


@organisation_app.command("import")
def organisation_import(
    file: Annotated[Path, typer.Argument(help="A CSV file of one sheet, or the whole ZIP.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring changed CSV files back: whole or not at all; what they do not name stays as it is."""
    from dashboard.organisation.organisation_files import import_file, plan_import
    from etl.schedule.clock import environment_clock
    from sql.warehouse import connected

    try:
        data = file.read_bytes()
    except OSError as error:
        raise FrontDoorError(
            f"{file}: cannot be read ({error.strerror}); expected a CSV file or a ZIP."
        ) from None
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        plan = plan_import(connection, file.name, data)
        if not plan.faults and not dry_run:
            plan, _ = import_file(
                connection, file.name, data, viewer_name="console", now=environment_clock()()
            )
    faults = [f"{fault.place_text}, {fault.column_name}: {fault.sentence}" for fault in plan.faults]
    told = {
        "changed_rows": len(plan.changes),
        "unchanged_rows": plan.unchanged_rows,
        "faults": faults,
    }
    if as_json:
        show([told], title="", as_json=True)
    for fault in () if as_json else faults:
        tell(fault)
    if faults:
        raise FrontDoorError(
            f"{file}: {len(faults)} faults, nothing was changed; correct them and try again."
        )
    verb = "would change" if dry_run else "changed"
    tell(f"{len(plan.changes):,} rows {verb}, {plan.unchanged_rows:,} stay as they are.")


@queue_app.command("list")
def queue_list(as_json: AsJson = False) -> None:
    """The queues with their thresholds, targets and formulas."""
    show(answer("queues"), title="Queues", as_json=as_json)


@queue_app.command("set")
def queue_set(
    name: str,
    threshold_seconds: Annotated[int | None, typer.Option(min=0, max=86400)] = None,
    target_ratio: Annotated[float | None, typer.Option(min=0, max=1)] = None,
    formula: Annotated[str | None, typer.Option(help="Name of the service level's formula.")] = None,
    short_abandon_seconds: Annotated[int | None, typer.Option(min=0, max=86400)] = None,
) -> None:
    """Change how a queue's service level is counted, for past and future."""
    changes = {
        "threshold_seconds": threshold_seconds,
        "target_ratio": target_ratio,
        "formula_name": formula,
        "short_abandon_seconds": short_abandon_seconds,
    }
    if all(value is None for value in changes.values()):
        raise FrontDoorError(
            "Found nothing to change, expected an option; see `floorboard queue set --help`."
        )
    from etl.backfill import backfill
    from sql.metrics import metrics
    from sql.warehouse import connected, execute, frame

    formulas = [
        each.name[14:-6] for each in metrics() if each.name.startswith("service_level_") and each.name[14:-6]
    ]
    if formula is not None and formula not in formulas:
        raise FrontDoorError(
            f'There is no formula "{formula}"; expected one of: {", ".join(sorted(formulas))}.'
        )
    with warehouse(migrating=False) as engine:
        with connected(engine) as connection:
            if not execute(connection, "merge/queue_settings", queue_name=name, **changes):
                known = ", ".join(frame(connection, "queries/queues")["queue_name"]) or "none yet"
                raise FrontDoorError(f'There is no queue "{name}"; expected one of: {known}.')
        backfill(engine)
    tell(f"{name}: set, and its past counted anew.")


@app.command()
def doctor(port: Port = 8501, host: Host = "127.0.0.1", as_json: AsJson = False) -> None:
    """Says in plain words what is wrong and what to do."""
    from etl.doctor import examine

    findings = examine(host=host, port=port)
    if as_json:
        show([vars(finding) for finding in findings], title="", as_json=True)
    else:
        for finding in findings:
            typer.echo(shown(finding.line(), line_break=" "))
    if any(finding.state_name == "wrong" for finding in findings):
        sys.exit(1)


def own_command() -> list[str]:
    """How this very command is started again as a child process."""
    return [sys.executable, str(Path(__file__).resolve())]


@contextmanager
def warehouse(*, migrating: bool | None) -> Iterator[Engine]:
    """The warehouse for one command: DATABASE_URL's, else the one that Floorboard brings.

    `migrating`: True brings its tables up to date; False does so only in our own and refuses another one that
    is not up to date; None leaves it as it is.
    """
    from etl.demo import enter_home_in_use
    from sql.embedded import attached
    from sql.warehouse import open_engine

    enter_home_in_use()
    is_ours = not os.environ.get("DATABASE_URL", "").strip()
    with attached() as url:
        engine = open_engine(url)
        try:
            if migrating is not None:
                bring_up_to_date(engine, is_allowed=migrating or is_ours)
            yield engine
        finally:
            engine.dispose()


def bring_up_to_date(engine: Engine, *, is_allowed: bool) -> None:
    """Runs what is pending, if allowed; FrontDoorError when it must be asked for, or the server is none to work with."""
    from sql.migrate import pending, unfit

    if faults := unfit(engine):
        raise FrontDoorError(" ".join(faults))
    waiting = pending(engine)
    if not waiting:
        return
    if not is_allowed:
        is_empty = waiting[0].startswith("001_")
        found = "has none of Floorboard's tables" if is_empty else f"is {len(waiting)} migrations behind"
        raise FrontDoorError(
            f"The warehouse in DATABASE_URL {found}, expected the tables of this version; "
            "run `floorboard db migrate`."
        )
    from etl.demo import make_ready

    make_ready(engine, tell)


def answer(question: str, given: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The answer to a question, its parameters as they were typed."""
    from dashboard.asking import ask as put
    from dashboard.asking import find
    from etl.demo import clock_in_use
    from sql.warehouse import connected

    find(question)
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        return put(connection, question, given or {}, now=clock_in_use()(), warn=tell)


def show(answer: pl.DataFrame | Sequence[Mapping[str, Any]], *, title: str, as_json: bool) -> None:
    """Rows as JSON objects, or as a table; null stays null, and a dash in the table."""
    rows = list(answer) if isinstance(answer, Sequence) else answer.to_dicts()
    if as_json:
        typer.echo(json.dumps([{k: plain(v) for k, v in row.items()} for row in rows], ensure_ascii=False))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    names = list(rows[0]) if rows else [] if isinstance(answer, Sequence) else answer.columns
    cells = [
        [Text(DASH if row[name] is None else shown(str(plain(row[name])), line_break=" ")) for name in names]
        for row in rows
    ]
    console = Console(highlight=False)
    if len(names) <= WIDEST_TABLE or not rows:
        table = Table(title=title, box=box.SIMPLE_HEAD)
        for name in names:
            table.add_column(name, overflow="fold")
        for line in cells:
            table.add_row(*line)
        console.print(table)
        return
    for first in range(0, len(cells), ROWS_SIDE_BY_SIDE):  # too wide for a terminal: on its side, in blocks
        table = Table(title=title, box=box.SIMPLE_HEAD, show_header=False)
        table.add_column(no_wrap=True)
        block = cells[first : first + ROWS_SIDE_BY_SIDE]
        for _ in block:
            table.add_column(overflow="fold")
        for number, name in enumerate(names):
            table.add_row(name, *(line[number] for line in block))
        console.print(table)


def plain(value: object) -> object:
    """The value as JSON knows it: instants and days as ISO 8601, a number that is none as null."""
    if isinstance(value, date):  # an instant is a date too
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
