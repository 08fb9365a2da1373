"""The commands that serve and look: the demo, a real site, the dashboard alone, a question, and the doctor.

In: what a person types. Out: a running floor, an answer, or what is wrong and what helps.
The rule it guards: libraries are imported where they are used, so that help does not wait for the dashboard's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from floorboard.badges import address_in_use
from floorboard.sign_in import rules_in_use
from floorboard.terminal import AsJson, AsOf, From, FrontDoorError, Host, Port, Steps, To, show, shown, tell
from floorboard.visits import answer, let_pages_in, noting_export, own_command, warehouse

app = typer.Typer()


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
    from etl.site import run_site

    run_site(host=host, port=port, command=own_command(), steps=Steps())


@app.command()
def dashboard(port: Port = 8501, host: Host = "127.0.0.1") -> None:
    """The dashboard alone; the load runs elsewhere."""
    from etl.demo_home import enter_home_in_use
    from etl.supervise import refuse_taken_port, warn_of_open_host
    from sql.embedded import attached, is_ours

    refuse_taken_port(host, port)
    warn_of_open_host(host, port, tell)
    enter_home_in_use()
    rules = rules_in_use()
    is_own_warehouse = is_ours()
    with attached() as url:
        os.environ["DATABASE_URL"] = url
        let_pages_in(url, is_ours=is_own_warehouse)
        from dashboard.game import game_switch, site_address
        from dashboard.server import serve

        game_switch.put_in_force(has_game())
        site_address.put_in_force(address_in_use(port))
        serve(host=host, port=port, rules=rules)


def has_game() -> bool:
    """Whether the site whose settings are here has a game; where nothing is said it has. ConfigError as for the rules."""
    from etl.config import CONFIG_VARIABLE, load_settings, settings_path

    if not (os.environ.get(CONFIG_VARIABLE) or settings_path().exists()):
        return True
    return load_settings().game.enabled


@app.command(hidden=True)
def floor(path: Path, seed: int = 1, speed: float = 1.0) -> None:
    """Goes on writing the log of the simulated floor; a part of the demo."""
    from etl.demo import follow

    follow(path, seed=seed, speed=speed)


@app.command(hidden=True)
def furnish(seed: int = 1) -> None:
    """Sets the demo up as its people would: personas, reviews, promises, goals, alerts, reports; a part of the demo."""
    from dashboard.door import personas
    from etl.config import load_settings
    from etl.schedule.clock import environment_clock
    from floorboard import demo_plans, demo_quality, demo_social
    from sql import rights
    from sql.warehouse import connected

    settings, now = load_settings(), environment_clock()
    with warehouse(migrating=None) as engine:
        rights.install(engine)
        with connected(engine, deadline_seconds=60.0) as connection:
            personas.furnish(connection, now=now())
        demo_plans.furnish(engine, settings, now)
        demo_quality.furnish(engine, settings, now, seed=seed)
        demo_plans.acknowledge(engine, now)
        demo_social.furnish(engine, now)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="The question's name, such as live_queues.")],
    from_: From = None,
    to: To = None,
    as_of: AsOf = None,
    day: Annotated[str | None, typer.Option(help="A local day, such as 2026-11-22.")] = None,
    as_json: AsJson = False,
    output: Annotated[
        Path | None, typer.Option(help="A file for the answer: its ending says .csv, .xlsx or .parquet.")
    ] = None,
) -> None:
    """The very questions that the pages ask, with the same answers. Further parameters as --name value."""
    given = {"window_start": from_, "window_end": to, "as_of": as_of, "day_date": day}
    named = {name: text for name, text in given.items() if text is not None}
    from dashboard.asking import from_arguments

    named |= from_arguments(context.args, taken=named)
    if output is None:
        show(answer(question, named), title=question, as_json=as_json)
    else:
        take_along(question, named, output)


def take_along(question: str, named: Mapping[str, str], output: Path) -> None:
    """Writes the answer as a file of the kind that its ending says; FrontDoorError for another ending."""
    from dashboard import downloads
    from etl.demo_home import clock_in_use
    from sql.audit import agent_ids_of

    ending = output.suffix.lower().removeprefix(".")
    if ending not in downloads.ENDINGS:
        raise FrontDoorError(
            f'{output}: found the ending "{output.suffix}", expected one of .{", .".join(downloads.ENDINGS)}; name such '
            "a file."
        )
    frame = answer(question, named)
    sites = answer("sites")
    told = downloads.about(
        frame,
        title=question,
        view_text=", ".join(f"{name} = {text}" for name, text in named.items()),
        zone_name=str(sites[0, "time_zone_name"]) if sites.height else "UTC",
        made_at=clock_in_use()(),
    )
    data = downloads.bytes_of(frame, told, ending)
    try:
        noted = {"file_name": output.name, "rows": frame.height, "agent_ids": agent_ids_of(frame)}
        with noting_export("exported.answer", of_name=f"question {question}", told=noted):
            output.write_bytes(data)
    except OSError as error:
        raise FrontDoorError(f"{output}: cannot be written ({error.strerror}); name another file.") from None
    tell(f"{output}: {frame.height:,} rows.")


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
