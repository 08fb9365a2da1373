"""The commands of the load: `floorboard etl`.

In: what a person types. Out: what was loaded, refused, compared or counted anew.
The rule it guards: exit code 0 only when everything that was asked for was done.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

from floorboard.reporting import maker
from floorboard.terminal import AsJson, From, FrontDoorError, Steps, To, day, show, shown, tell
from floorboard.visits import answer, warehouse

etl_app = typer.Typer(
    help="Bring records into the warehouse, and see what became of them.", no_args_is_help=True
)


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
    from etl.erasure import reapply
    from etl.jobs import end_at_once, serve
    from etl.load import reset_cursor
    from etl.policy_file import apply as apply_policy
    from etl.retention import changed_text
    from etl.schedule.clock import environment_clock
    from etl.schedule.once import run_once
    from etl.site import refuse_mixing
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
        apply_policy(engine, now=environment_clock(), tell=tell)
        if erased := reapply(engine, settings, now=environment_clock()):
            tell(f"{erased} erasures that the warehouse did not know were applied again.")
        if changes := changed_text(engine, settings):
            tell(changes)
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
            serve(
                engine,
                settings,
                only=source,
                stop=request.event,
                now=environment_clock(),
                make_report=maker(engine, request.event),
            )


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


@etl_app.command("retention")
def etl_retention(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go; nothing is changed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Delete now what is older than [retention] keeps it, as the loader does every night; or say what would go."""
    from dataclasses import asdict

    from etl.demo_home import clock_in_use, settings_in_use
    from etl.retention import old_dumps_text, plan, retain, told

    settings, now = settings_in_use(), clock_in_use()
    with warehouse(migrating=False) as engine:
        rows = [asdict(one) for one in plan(engine, settings, now=now)]
        deleted = {} if dry_run else retain(engine, settings, now=now)
        dumps_text = old_dumps_text(engine, settings, now=now)
    if as_json:
        show(
            [{**row, "deleted_rows": deleted.get(row["table_name"], 0)} for row in rows],
            title="",
            as_json=True,
        )
    else:
        show([row for row in rows if row["old_rows"]], title="Older than it is kept", as_json=False)
    old = sum(row["old_rows"] for row in rows)
    if dry_run and old:
        tell(
            f"{old:,} rows would be deleted in the next night, and nothing brings them back. Nothing was changed."
        )
    else:
        tell(told(deleted) or "Nothing is older than it is kept.")
    if dumps_text:
        tell(dumps_text)


@etl_app.command("reconcile")
def etl_reconcile(
    source: Annotated[str | None, typer.Option(help="Only this source of the settings.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="First local day, such as 2026-11-21.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="Last local day, itself part of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read days that are over once more, load what was lost on the way, and say what does not agree."""
    from etl.demo_home import clock_in_use, settings_in_use
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
    from etl.demo_home import clock_in_use, settings_in_use
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
