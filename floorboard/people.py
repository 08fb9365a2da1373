"""The commands about people and queues: erasures, the organisation as files, and how a queue counts.

In: what a person types. Out: what was erased, written, read or set.
The rule it guards: what cannot be undone asks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, confirm, show, tell
from floorboard.visits import answer, warehouse

organisation_app = typer.Typer(
    help="Teams, agents, queues, hours and promises as files.", no_args_is_help=True
)
queue_app = typer.Typer(help="The queues, and how their service level is counted.", no_args_is_help=True)
customer_app = typer.Typer(help="Callers, known by a keyed hash alone.", no_args_is_help=True)
agent_app = typer.Typer(help="The agents, and those who have left.", no_args_is_help=True)


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


@customer_app.command("find")
def customer_find(
    value: Annotated[
        str | None, typer.Argument(help="Telephone number or e-mail address; asked for when left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find a caller's calls and tickets: by the hash that stands for the number, which is not kept anywhere."""
    from etl.customer_key import named_customer_key
    from etl.demo import settings_in_use

    told = value or typer.prompt("Telephone number or e-mail address")
    settings = settings_in_use()
    key = named_customer_key(told, settings.site.site.country_name)
    found = answer("customer_contacts", {"customer_key": key})
    if found.is_empty():
        raise FrontDoorError(
            "No call and no ticket of this customer is known: there was none, the number was withheld, or the customer "
            "was erased."
        )
    show(found, title=f"The customer {key}", as_json=as_json)
    tell(f"On the pages: /contacts?customer={key} (the address holds the hash, never the number).")


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
