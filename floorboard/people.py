"""The commands about people and queues: erasures, the organisation as files, and how a queue counts.

In: what a person types. Out: what was erased, written, read or set.
The rule it guards: what cannot be undone asks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
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
    from etl.demo_home import clock_in_use, settings_in_use
    from etl.erasure import erase_customer

    settings = settings_in_use()
    told = value or typer.prompt("Telephone number or e-mail address")
    confirm("This caller is forgotten for ever. Calls and tickets stay as nobody's", is_sure=yes)
    with warehouse(migrating=False) as engine:
        found = erase_customer(engine, settings, told, now=clock_in_use())
    if found.calls or found.tickets:
        tell(
            f"Erased: {found.calls:,} calls and {found.tickets:,} tickets are nobody's now; every figure stays as it was."
        )
    else:
        tell(
            "No call and no ticket of this customer is held here: there was none, the number was withheld, or the customer "
            "was erased before. It is noted all the same, so that nothing that is read later brings the customer back. "
            "If one was expected, type the number with its country (+372...), as the caller's network tells it, or see "
            "`floorboard customer find`."
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
    import polars as pl

    from etl.customer_key import named_customer_key
    from etl.customer_periods import periods_in
    from etl.demo_home import settings_in_use
    from sql.warehouse import connected

    told = value or typer.prompt("Telephone number or e-mail address")
    settings = settings_in_use()
    key = named_customer_key(told, settings.site.site.country_name)
    with warehouse(migrating=False) as engine, connected(engine) as connection:
        kept_keys = periods_in(connection).keys_of(key)
    told_of = {kept: answer("customer_contacts", {"customer_key": kept}) for kept in kept_keys}
    held = {kept: found for kept, found in told_of.items() if found.height}
    if not held:
        raise FrontDoorError(
            "No call and no ticket of this customer is known: there was none, the number was withheld, or the customer "
            "was erased."
        )
    show(pl.concat(held.values()), title="The customer", as_json=as_json)
    for kept in held:
        tell(f"On the pages: /contacts?customer={kept} (the address holds the hash, never the number).")


@customer_app.command("rotate-key")
def customer_rotate_key(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Begin a new key for what stands for callers; callers before and after are not linked with each other."""
    from etl.customer_periods import rotate
    from etl.demo_home import clock_in_use
    from etl.erasure import alone

    confirm("From now on every caller counts as a new one", is_sure=yes)
    with warehouse(migrating=False) as engine:
        at = rotate(engine, alone, now=clock_in_use())
    tell(
        f"The new key holds since {at:%Y-%m-%d %H:%M:%S} UTC. Keep customer.periods with your backups, as customer.key."
    )


@customer_app.command("destroy-keys")
def customer_destroy_keys(
    before: Annotated[datetime, typer.Option(help="Times that ended before this day.", formats=["%Y-%m-%d"])],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Destroy the keys of times that are over: nobody finds their callers by a number any more, for ever."""
    from etl.customer_periods import destroy
    from etl.demo_home import clock_in_use
    from etl.erasure import alone

    confirm(f"Callers of times that ended before {before:%Y-%m-%d} can never be found again", is_sure=yes)
    with warehouse(migrating=False) as engine:
        gone = destroy(engine, alone, before=before.replace(tzinfo=UTC), now=clock_in_use())
    tell(f"{gone} keys were destroyed; backups of customer.periods still hold them until you delete those.")


@agent_app.command("erase")
def agent_erase(
    name: Annotated[str, typer.Argument(help="The agent's name, as the pages show it.")],
    id_: Annotated[
        list[int] | None, typer.Option("--id", help="The agent's number, where several are called so.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask again.")] = False,
) -> None:
    """Give a former agent an alias, in every table and in what old records tell; the figures stay."""
    from etl.demo_home import clock_in_use, settings_in_use
    from etl.erasure import erase_agent

    settings = settings_in_use()
    confirm(f'The name "{name}" is forgotten for ever', is_sure=yes)
    with warehouse(migrating=False) as engine:
        found = erase_agent(engine, settings, name, agent_ids=id_ or (), now=clock_in_use())
    tell(f"Erased: the agent is called {found.alias_name} from now on; every figure stays as it was.")
    tell_discarded(found.discarded_file_names)


@agent_app.command("export")
def agent_export(
    name: Annotated[str, typer.Argument(help="The agent's name, as the pages show it.")],
    output: Annotated[Path, typer.Option(help="The ZIP to write.")],
    id_: Annotated[
        int | None, typer.Option("--id", help="The agent's number, where several are called so.")
    ] = None,
) -> None:
    """Write everything that is kept about an agent, for that person; the trail notes it."""
    from dashboard.own.own_desk import archive
    from etl.demo_home import clock_in_use
    from sql.warehouse import connected

    agents = answer("agents", {"as_of": clock_in_use()().isoformat()})
    ids = [number for number, known in agents.select("agent_id", "agent_name").iter_rows() if known == name]
    chosen = [number for number in ids if id_ in (None, number)]
    if len(chosen) != 1:
        raise FrontDoorError(
            f'{len(ids)} agents are called "{name}"'
            + (
                f" (numbers {', '.join(map(str, ids))}); say which with --id."
                if ids
                else "; see the page Organisation."
            )
        )
    sites = answer("sites")
    zone_name = str(sites[0, "time_zone_name"]) if sites.height else "UTC"
    with warehouse(migrating=False) as engine, connected(engine, deadline_seconds=600) as connection:
        data = archive(connection, agent_id=chosen[0], agent_name=name, zone_name=zone_name)
    try:
        output.write_bytes(data)
    except OSError as error:
        raise FrontDoorError(f"{output}: cannot be written ({error.strerror}); name another file.") from None
    tell(f"{output}: everything that is kept about {name} ({len(data):,} bytes).")


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
            raise FrontDoorError(
                f"{file}: cannot be written ({error.strerror}); name another file."
            ) from None
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
    threshold_seconds: Annotated[int | None, typer.Option(min=0, max=14_400)] = None,
    target_ratio: Annotated[float | None, typer.Option(min=0, max=1)] = None,
    formula: Annotated[str | None, typer.Option(help="Name of the service level's formula.")] = None,
    short_abandon_seconds: Annotated[int | None, typer.Option(min=0, max=14_400)] = None,
    callback_promise_seconds: Annotated[
        int | None, typer.Option(min=60, max=2_592_000, help="Within what time a callback is promised.")
    ] = None,
) -> None:
    """Change how a queue's service level and promises are counted, for past and future; kept in the history."""
    told = {
        "service_level_threshold_seconds": threshold_seconds,
        "service_level_target_ratio": target_ratio,
        "service_level_formula_name": formula,
        "short_abandon_seconds": short_abandon_seconds,
        "callback_promise_seconds": callback_promise_seconds,
    }
    changes = {column: value for column, value in told.items() if value is not None}
    if not changes:
        raise FrontDoorError(
            "Found nothing to change, expected an option; see `floorboard queue set --help`."
        )
    from dashboard.organisation import organisation
    from dashboard.organisation.organisation_rows import SHEETS, differences
    from etl.demo_home import clock_in_use
    from etl.on_request.key_moves import recount
    from sql.warehouse import connected

    now = clock_in_use()
    with warehouse(migrating=False) as engine:
        with connected(engine) as connection:
            before = organisation.rows(connection, "queues")
            if name not in {row["queue_name"] for row in before}:
                known = ", ".join(row["queue_name"] for row in before) or "none yet"
                raise FrontDoorError(f'There is no queue "{name}"; expected one of: {known}.')
            wanted = [row | changes if row["queue_name"] == name else row for row in before]
            found = differences(SHEETS["queues"], before, list(enumerate(wanted)))
            if not found:
                tell(f"{name}: is set so already; nothing was changed.")
                return
            number = organisation.save(connection, found, viewer_name="console", now=now())
        recount(engine, now=now)
    tell(f"{name}: set, for its past too; save no. {number} in the history of the page Organisation.")
