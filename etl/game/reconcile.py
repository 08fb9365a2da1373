"""Brings the ledger to what the rules say of the facts: what is missing is posted, what no longer holds is reversed.

In: the sums of working days, the versions of rules, holds and their decisions, closed days. Out: entries of the ledger
with their evidence and moments, one run that wrote them; or nothing, where nothing changed.
The rule it guards: however late facts come, change or go, and in whatever order, the net of the ledger is what one full
count would give; a second run writes nothing; two at once do not double; one that breaks off leaves nothing half.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from etl.game import guards, rulebook, sums
from etl.game.rulebook import ACTOR_NAME, Version
from sql import warehouse
from sql.game_rules import compiling

DEADLINE_SECONDS = 900.0
STATEMENT_SECONDS = 600.0
STATEMENT_TIMEOUT = f"{STATEMENT_SECONDS:g}s"
LEAST_CHANGE = 1
_LOG = logging.getLogger("floorboard.game")
_INTO = (
    "insert into game_desired (entry_key, agent_id, account_name, entry_points, tier_name, effective_date, period_text, "
    "workings, evidence)\n"
)


@dataclass(frozen=True)
class Reconciled:
    """What a reconciliation wrote: entries that were added, and others taken back by their opposite; holds that are new."""

    added_entries: int = 0
    reversed_entries: int = 0
    held_entries: int = 0
    run_id: int | None = None
    """None where nothing was written."""


@dataclass(frozen=True)
class Award:
    """An award that is about to be posted, as guards look at it."""

    entry_key: str
    agent_id: int
    entry_points: int
    effective_date: date
    hold_on: tuple[str, ...]


def reconcile(
    engine: sa.Engine,
    *,
    first_date: date,
    last_date: date,
    now: datetime,
    rules: Collection[str] | None = None,
    actor_name: str = ACTOR_NAME,
    least_change: int = LEAST_CHANGE,
    run_id: int | None = None,
) -> Reconciled:
    """Brings the entries for the working days of [first_date, last_date], both included, to what the facts give now.

    rules: the names of the rules that are counted; all that are published where None, the shipped ones among them.
    least_change: an entry that would change by fewer points stays (facts that still trickle in; 1: every difference
    counts). Days that are closed get adjustments in the open period instead. Raises WarehouseError.
    """
    sums.refresh(engine, first_date=first_date, last_date=last_date, now=now)
    if rules is None:
        publish(engine, now=now)
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        return post(
            connection,
            first_date=first_date,
            last_date=last_date,
            now=now,
            rules=rules,
            actor_name=actor_name,
            least_change=least_change,
            run_id=run_id,
        )


def publish(engine: sa.Engine, *, now: datetime) -> list[str]:
    """Publishes the shipped rules that are new or changed; their names."""
    with warehouse.connected(engine) as connection:
        today, _, _, _ = warehouse.one_row(connection, "game/clock", at=now)
        has_rules = connection.execute(sa.text("select exists (select from game.rule_versions)")).scalar_one()
        first_date = None if has_rules else warehouse.one_row(connection, "game/extent")[0]
        return rulebook.publish_shipped(connection, now=now, today=today, history_from=first_date)


def post(
    connection: sa.Connection,
    *,
    first_date: date,
    last_date: date,
    now: datetime,
    rules: Collection[str] | None = None,
    actor_name: str = ACTOR_NAME,
    least_change: int = LEAST_CHANGE,
    run_id: int | None = None,
) -> Reconciled:
    """The same in the connection's transaction, of sums that are made.

    run_id: a run that is open already (an approved request to score past days again); its entries are written under it.
    """
    warehouse.one_row(connection, "game/post_lock")
    connection.execute(
        sa.text("select set_config('statement_timeout', :limit, true)"), {"limit": STATEMENT_TIMEOUT}
    )
    asked = {
        "first_date": first_date,
        "last_date": last_date,
        "least_change": least_change,
        "rules_text": None if rules is None else ",".join(sorted(rules)),
    }
    if run_id is None and _is_known(connection, asked):
        return Reconciled()
    work = _Work(connection, first_date, last_date, now, actor_name, least_change)
    work.open(run_id)
    versions = rulebook.versions(connection, first_date=first_date, rules=rules)
    work.count([one for one in versions if one.rule.kind != "level"])
    work.count([one for one in versions if one.rule.kind == "level"])
    return work.end(asked)


def _is_known(connection: sa.Connection, asked: dict[str, object]) -> bool:
    [basis_key] = warehouse.one_row(connection, "game/post_basis", **asked)
    return bool(warehouse.one_row(connection, "game/post_known", basis_key=basis_key)[0])


class _Work:
    """One run: what it wrote so far."""

    def __init__(
        self,
        connection: sa.Connection,
        first_date: date,
        last_date: date,
        now: datetime,
        actor_name: str,
        least_change: int,
    ) -> None:
        self._connection, self._now = connection, now
        self._window = {"first_date": first_date, "last_date": last_date}
        self._actor_name, self._least_change = actor_name, least_change
        self._run_id = 0
        self._added = self._reversed = self._held = 0

    def open(self, run_id: int | None) -> None:
        """Opens a run, or goes on under one that is open."""
        if run_id is not None:
            self._run_id = run_id
            return
        [self._run_id] = warehouse.one_row(
            self._connection,
            "game/run_new",
            kind_name="reconcile",
            started_at=self._now,
            actor_name=self._actor_name,
            note_text="",
            **self._window,
        )

    def count(self, versions: Sequence[Version]) -> None:
        """Counts these versions and writes what differs."""
        if not versions:
            return
        desire(self._connection, versions, **self._window)
        self._hold(versions)
        warehouse.execute(
            self._connection, "game/post_moves", least_change=self._least_change, **self._window
        )
        run = {"run_id": self._run_id, "actor_name": self._actor_name}
        added, reversed_, taken = warehouse.one_row(self._connection, "game/post_entries", **run)
        self._added, self._reversed = self._added + added, self._reversed + reversed_
        if not added and not reversed_:
            return
        warehouse.execute(self._connection, "game/post_evidence")
        warehouse.execute(self._connection, "game/post_moments", happened_at=self._now)
        if taken:
            self._added += warehouse.execute(
                self._connection, "game/post_write_offs", last_date=self._window["last_date"], **run
            )

    def _hold(self, versions: Sequence[Version]) -> None:
        """Asks the guards about the awards that were never posted."""
        hold_on = {(one.rule.name, one.version_number): one.rule.hold_on for one in versions}
        if not any(hold_on.values()):
            return
        rows = warehouse.frame(self._connection, "game/post_awards", **self._window)
        awards = [
            Award(
                row["entry_key"],
                row["agent_id"],
                row["entry_points"],
                row["effective_date"],
                hold_on[row["rule_name"], row["version_number"]],
            )
            for row in rows.to_dicts()
        ]
        found = guards.found(self._connection, desired=awards, **self._window)
        if found:
            self._held += warehouse.execute(
                self._connection,
                "game/post_holds",
                entry_keys=[one.entry_key for one in found],
                guard_names=[one.guard_name for one in found],
                evidence_texts=[json.dumps(dict(one.evidence), default=str) for one in found],
                found_at=self._now,
            )

    def end(self, asked: dict[str, object]) -> Reconciled:
        """Ends the run. It stays on record where it wrote nothing, too: what it was made from need not be counted again."""
        [basis_key] = warehouse.one_row(self._connection, "game/post_basis", **asked)
        warehouse.execute(
            self._connection,
            "game/run_end",
            run_id=self._run_id,
            ended_at=self._now,
            added_entries=self._added,
            reversed_entries=self._reversed,
            basis_sha256=basis_key,
        )
        is_written = bool(self._added or self._reversed or self._held)
        return Reconciled(
            self._added, self._reversed, self._held, run_id=self._run_id if is_written else None
        )


def desire(
    connection: sa.Connection, versions: Sequence[Version], *, first_date: date, last_date: date
) -> None:
    """Puts what these versions give for the window into game_desired, in the connection's transaction."""
    connection.exec_driver_sql(warehouse.statement("game/post_stage"))
    listed = list({(one.rule.name, one.version_number): one for one in versions}.values())
    warehouse.execute(
        connection,
        "game/post_versions",
        rule_names=[one.rule.name for one in listed],
        version_numbers=[one.version_number for one in listed],
        kind_names=[one.rule.kind for one in listed],
        title_texts=[one.rule.title for one in listed],
        revoke_names=[one.rule.grant.revoke for one in listed],
        moment_names=[one.moment_name for one in listed],
        main_account_names=[one.rule.account_name for one in listed],
        published_dates=[one.published_at.date() for one in listed],
    )
    with compiling.planned(connection, deadline_seconds=STATEMENT_SECONDS):
        for one in versions:
            if one.is_on and one.rule.is_played and one.span_from <= last_date:
                _desire(connection, one, max(first_date, one.span_from), last_date)


def _desire(connection: sa.Connection, one: Version, first_date: date, last_date: date) -> None:
    """What one version gives. A rule that fails is left out with all its entries, so that no other waits for it."""
    compiled = one.statement
    window = {"first_date": first_date, "last_date": last_date}
    try:
        with connection.begin_nested():
            connection.execute(compiling.clause(_INTO + compiled.text), {**compiled.parameters, **window})
    except sa.exc.DataError as error:
        _LOG.error("The rule '%s' could not be counted: %s", one.rule.name, error.orig)
        failed = {"rule_name": one.rule.name, "version_number": one.version_number}
        warehouse.execute(connection, "game/post_left_out", **failed)
