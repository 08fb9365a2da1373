"""The commands of the warehouse: `floorboard db`.

In: what a person types. Out: its address, its state, a proof, a backup.
The rule it guards: nothing is overwritten without being asked for by name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from floorboard.terminal import AsJson, From, FrontDoorError, Steps, To, show, tell
from floorboard.visits import address_of, warehouse

db_app = typer.Typer(help="The warehouse: its address, its migrations, its state.", no_args_is_help=True)


@db_app.command("url")
def db_url() -> None:
    """The address of the warehouse, for psql; one of our own runs on until `floorboard db stop`."""
    from etl.demo_home import enter_home_in_use
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
    from sql import rights
    from sql.migrate import check

    start = instant(from_, option="--from") if from_ else None
    end = instant(to, option="--to") if to else None
    refuse_empty_window(start, end)
    steps = Steps()
    with warehouse(migrating=None) as engine:
        if faults := check(engine) or rights.check(engine):
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
    from etl.demo_home import enter_home_in_use
    from sql.embedded import stop

    enter_home_in_use()
    tell("The warehouse is stopped." if stop() else "No warehouse of our own was running.")


@db_app.command("backup")
def db_backup(
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")] = False,
) -> None:
    """Keep the whole warehouse in one file, as it stands now; loads and questions go on meanwhile."""
    from etl.backup import backup, note_backup

    steps = Steps()
    with warehouse(migrating=None) as engine:
        kept = backup(address_of(engine), file, replacing=force, tell=steps.passing)
        note_backup(engine, kept)
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
    if done.deleted_rows:
        tell(f"{done.deleted_rows:,} rows were deleted again: they are older than [retention] keeps them.")
    if settings is None:
        tell("No settings file is here: what is older than it is kept goes in the loader's first night.")
    if done.missing_roles:
        tell(
            f"What was granted to {', '.join(done.missing_roles)} is left out: this server has no such role. "
            "Create it and grant it again what it may read."
        )
    if done.is_key_missing:
        tell(
            "The customers' key is not here: put customer.key back into FLOORBOARD_HOME before the next load."
        )
    if done.taken_back_count:
        tell(
            f"{done.taken_back_count} accounts, wall displays and consents that were closed, revoked or withdrawn since the "
            "backup are so again."
        )
    tell(
        "Next: `floorboard etl run --once` (or `floorboard up`) catches up from the sources, from where the backup stood."
    )
    if done.taken_back_count is None:
        tell(
            "Before anybody signs in: accounts, wall displays and consents stand as the backup has them. Close, revoke and "
            "withdraw again what was taken back since: `floorboard account list` and `floorboard account close NAME`, "
            "`floorboard device list` and `floorboard device revoke NAME`, consents on the page Your data."
        )
    else:
        tell("Roles, teams and passwords stand as the backup has them: change again what was changed since.")
