"""The commands of the game's ledger: count it, close days, prove it, and see how it stands.

In: working days, where they are not left out. Out: what was written, or what was found; JSON where it is asked for.
The rule it guards: exit code 0 of `prove` only for a ledger that says what one full count of all facts gives.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from floorboard.terminal import AsJson, FrontDoorError, day, show, tell
from floorboard.visits import warehouse

if TYPE_CHECKING:
    from etl.game.reconcile import Reconciled

FirstDay = Annotated[str | None, typer.Option("--from", help="The first working day, such as 2026-11-01.")]
LastDay = Annotated[
    str | None, typer.Option("--to", help="The last working day; the last posted one when left out.")
]


def reconcile(first_text: FirstDay = None, last_text: LastDay = None, as_json: AsJson = False) -> None:
    """Post what is missing and reverse what no longer holds; by default all days that are open."""
    from etl.demo_home import clock_in_use
    from etl.game import closing
    from etl.game.reconcile import reconcile as bring
    from sql.warehouse import connected

    now = clock_in_use()()
    with warehouse(migrating=True) as engine:
        with connected(engine) as connection:
            at = closing.clock(connection, now)
        last = day(last_text, option="--to") or at.posted_date
        usual = at.closed_date or at.posted_date - timedelta(days=at.open_days)
        first = day(first_text, option="--from") or usual + timedelta(days=1)
        _refuse(first, last, at.posted_date)
        done = bring(engine, first_date=first, last_date=last, now=now, actor_name=_who())
    _show(done, first, last, as_json=as_json)


def recompute(first_text: FirstDay = None, last_text: LastDay = None, as_json: AsJson = False) -> None:
    """Make the sums of working days anew from the facts, then reconcile; for days whose facts nobody noted as changed."""
    from etl.demo_home import clock_in_use
    from etl.game import closing
    from etl.game.reconcile import reconcile as bring
    from sql.warehouse import connected, execute

    now = clock_in_use()()
    with warehouse(migrating=True) as engine:
        with connected(engine) as connection:
            at = closing.clock(connection, now)
            execute(connection, "game/prove_unmade")
        last = day(last_text, option="--to") or at.posted_date
        first = day(first_text, option="--from") or at.posted_date - timedelta(days=at.open_days - 1)
        _refuse(first, last, at.posted_date)
        done = bring(engine, first_date=first, last_date=last, now=now, actor_name=_who())
    _show(done, first, last, as_json=as_json)


def close(as_json: AsJson = False) -> None:
    """Do all that is due: post days that are over, count the open ones again, close those that are old enough."""
    from etl.demo_home import clock_in_use
    from etl.game import closing
    from sql.warehouse import connected

    now = clock_in_use()()
    with warehouse(migrating=True) as engine:
        done = closing.keep(engine, now=now, actor_name=_who())
        with connected(engine) as connection:
            at = closing.clock(connection, now)
    _show(done, at.closed_date, at.posted_date, as_json=as_json)


def status(as_json: AsJson = False) -> None:
    """How the game stands: which days are posted and closed, what waits for a person, what the ledger holds."""
    from etl.demo_home import clock_in_use
    from etl.game import closing
    from sql.warehouse import connected, frame

    with warehouse(migrating=False) as engine, connected(engine) as connection:
        at = closing.clock(connection, clock_in_use()())
        rows = frame(connection, "game/status").to_dicts()
    told = {
        "today_date": at.today_date,
        "posted_date": at.posted_date,
        "closed_date": at.closed_date,
        **rows[0],
    }
    show([told], title="The game", as_json=as_json)


def prove(as_json: AsJson = False) -> None:
    """Count everything anew from the facts and compare with the ledger; exit code 1 where they differ. Changes nothing."""
    from etl.demo_home import clock_in_use
    from etl.game.proving import prove as proved

    with warehouse(migrating=False) as engine:
        found = proved(engine, now=clock_in_use()())
    rows: list[dict[str, Any]] = [
        {"what_name": "ledger", "key_text": key, "due_points": due, "net_points": net}
        for key, due, net in found.differences[:100]
    ]
    for name, days in (("sums", found.stale_days), ("closed day", found.broken_days)):
        rows += [
            {"what_name": name, "key_text": one.isoformat(), "due_points": None, "net_points": None}
            for one in days
        ]
    if rows or as_json:
        show(rows, title="Differences", as_json=as_json)
    if not found.is_good:
        tell(
            f"{len(found.differences)} of {found.keys:,} keys differ, {len(found.stale_days)} days have old sums, "
            f"{len(found.broken_days)} closed days were changed. `floorboard game recompute` counts open days anew."
        )
        raise typer.Exit(1)
    tell(
        f"The ledger says what one full count gives: {found.keys:,} keys, {found.first_date} to {found.last_date}."
    )


def _refuse(first: date, last: date, posted: date) -> None:
    if first > last or last > posted:
        raise FrontDoorError(
            f"Found the working days {first} to {last}, expected days that are over and posted (until {posted}). "
            "Give --from and --to accordingly."
        )


def _who() -> str:
    from sql.audit import acting_now

    return acting_now().person_name or "console"


def _show(done: Reconciled, first: date | None, last: date, *, as_json: bool) -> None:
    told = {
        "first_date": first,
        "last_date": last,
        "added_rows": done.added_entries,
        "reversed_rows": done.reversed_entries,
        "held_rows": done.held_entries,
    }
    show([told], title="The ledger", as_json=as_json)
