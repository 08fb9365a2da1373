"""The commands of reports: `floorboard report`, and how the loader has one made.

In: a kind of report and its days. Out: one file of HTML, or the report in its row.
The rule it guards: the loader does not know the dashboard; a report is made in a process of its own, which is ended
when it takes too long or when the loader stops.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, day, show, tell
from floorboard.visits import address_of, answer, own_command, warehouse

if TYPE_CHECKING:
    from sqlalchemy import Engine

DEADLINE_SECONDS = 180.0
report_app = typer.Typer(help="Reports for those who do not open the pages.", no_args_is_help=True)


@report_app.command("make")
def report_make(
    kind: Annotated[str, typer.Argument(help="daily, weekly or monthly.")],
    output: Annotated[Path, typer.Option(help="The HTML file to write.")],
    day_text: Annotated[
        str | None,
        typer.Option("--day", help="A day of the report, such as 2026-11-21; the newest when left out."),
    ] = None,
    view: Annotated[
        str, typer.Option(help="What narrows it, as the address of a page says it: queue=4, group=Sales.")
    ] = "",
    name: Annotated[str, typer.Option(help="What the report is called.")] = "",
) -> None:
    """One report as a file: opened anywhere, printed as it is."""
    from dashboard.reports.report_figures import Asked, days_of, whole_days
    from dashboard.reports.report_maker import make
    from dashboard.words import local_day
    from etl.demo_home import clock_in_use
    from sql import audit
    from sql.warehouse import connected, frame

    wanted = day(day_text, option="--day")
    with (
        warehouse(migrating=False) as engine,
        connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection,
    ):
        now = clock_in_use()()
        sites = frame(connection, "queries/sites")
        zone_name = str(sites[0, "time_zone_name"]) if sites.height else "UTC"
        first, last = (
            days_of(kind, local_day(now, zone_name) - timedelta(days=1))
            if wanted is None
            else whole_days(kind, wanted)
        )
        made = make(connection, Asked(kind, first, last, view, name), now=now)
        told = {"kind_name": kind, "first_date": first, "last_date": last}
        audit.note(connection, what_name="exported.report", told=told)
        try:
            output.write_text(made.html, encoding="utf-8")
        except OSError as error:
            raise FrontDoorError(
                f"{output}: cannot be written ({error.strerror}); name another file."
            ) from None
    tell(f"{output}: {first} to {last}. {made.headline}")


@report_app.command("list")
def report_list(as_json: AsJson = False) -> None:
    """The newest 100 reports: asked for by whom, made when, sent to whom."""
    show(answer("reports"), title="Reports", as_json=as_json)


@report_app.command("work", hidden=True)
def report_work(report_id: int) -> None:
    """Makes a report that was asked for and keeps it in its row; a part of the loader."""
    from dashboard.reports.report_maker import make_asked
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    with (
        warehouse(migrating=None) as engine,
        connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection,
    ):
        make_asked(connection, report_id, now=clock_in_use()())


def maker(
    engine: Engine, stop: Event, *, deadline_seconds: float = DEADLINE_SECONDS
) -> Callable[[int], None]:
    """What makes the report of a number in a process of its own; LoadError where it cannot, or where `stop` comes first."""
    from etl import LoadError

    def make(report_id: int) -> None:
        command = [*own_command(), "report", "work", str(report_id)]
        environment = os.environ | {"DATABASE_URL": address_of(engine)}
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + deadline_seconds
        told = ""
        while True:
            try:
                told = process.communicate(timeout=0.5)[1]
                break
            except subprocess.TimeoutExpired:
                if not stop.is_set() and time.monotonic() < until:
                    continue
                process.kill()
                process.communicate()
                why = (
                    "the loader was stopped"
                    if stop.is_set()
                    else f"it took longer than {deadline_seconds:.0f} s"
                )
                raise LoadError(f"The report was given up: {why}; it is tried again.") from None
        if process.returncode:
            lines = [line for line in told.strip().splitlines() if line]
            sentence = lines[-1].removeprefix("floorboard: ") if lines else "its process ended without a word"
            raise LoadError(sentence)

    return make
