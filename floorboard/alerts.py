"""The commands of alerts: what fires, and whether a word of a rule arrives.

In: what a person types. Out: a table or JSON; what became of a test.
The rule it guards: a test goes the way of every alert, through the outbox and the settings that are in use.
"""

from __future__ import annotations

from typing import Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, show, tell
from floorboard.visits import answer, warehouse

alerts_app = typer.Typer(help="Alerts: what fires now, and a test of who is told.", no_args_is_help=True)


@alerts_app.command("status")
def alerts_status(as_json: AsJson = False) -> None:
    """What fires now, the most severe first."""
    names = (
        "severity_name",
        "rule_name",
        "scope_name",
        "measured_value",
        "measured_count",
        "fired_at",
        "state_name",
    )
    show(answer("firing_alerts").select(names), title="Alerts that fire now", as_json=as_json)


@alerts_app.command("test")
def alerts_test(rule: Annotated[str, typer.Argument(help="The rule's name, as the page shows it.")]) -> None:
    """Send a test to everybody whom a rule tells, and say whether it arrived."""
    from dashboard.goals.alert_queries import alert_rules
    from dashboard.goals.alert_saves import try_rule
    from etl.demo_home import clock_in_use, settings_in_use
    from etl.watch.outbox import Outbox
    from sql.warehouse import connected

    settings, clock = settings_in_use(), clock_in_use()
    with warehouse(migrating=False) as engine:
        with connected(engine) as connection:
            known = alert_rules(connection, as_of=clock()).to_dicts()
            found = next((row for row in known if row["rule_name"] == rule), None)
            if found is None:
                names = ", ".join(row["rule_name"] for row in known) or "none yet"
                raise FrontDoorError(f'There is no rule "{rule}"; expected one of: {names}.')
            words = try_rule(connection, row=found, viewer_name="console", at=clock())
        done = Outbox(engine, settings, now=clock).deliver()
    if done.put_off or done.given_up:
        raise FrontDoorError(
            f"{done.put_off + done.given_up} words did not arrive, expected {words}; the log of the page Alerts says why."
        )
    tell(f"{words} words were put on their way, {done.delivered} of all that waited were delivered.")
