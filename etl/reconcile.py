"""Sees that the warehouse holds of each ended day what its source tells of it, and loads what was lost on the way.

In: a source and a local day that is over. Out: a row of ops.reconciliations in figures and plain words; what the origin
has and the warehouse lacks, or holds in an older version, is merged in a run of its own.
The rule it guards: the live cursor stays where it is, nothing is ever taken away, and a day that cannot be compared says
why instead of passing for a good one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.customer_key import customer_secret
from etl.day_facts import KINDS, Difference, Kind, ToldFacts, compared
from etl.load import DEADLINE_SECONDS, without_customers
from etl.merge import Merged, merge_batch
from etl.on_request.key_moves import move_keys
from etl.reread import NotComparableError, Reread, Rereading, Window
from etl.retained import retained_in
from etl.shapes import AGENT_STATES, CALLS
from etl.sources import ROW_SCHEMA, Batch, Reader, SourceSettings
from sql import warehouse

Clock = Callable[[], datetime]
MOST_DUE_DAYS = 7
GOOD_OUTCOMES = frozenset(("agreed", "mended"))
TITLES = {
    "calls": "calls", "agent_states": "states of agents", "queue_members": "memberships of queues", "tickets": "tickets",
    "ticket_events": "changes of tickets", "surveys": "answers to surveys", "quality_reviews": "reviews",
    "shifts": "shifts", "costs": "costs", "revenues": "revenues", "contact_links": "links between contacts",
    "self_services": "visits to self-service", "recordings": "recordings", "attempts": "attempts of campaigns",
}  # fmt: skip
_ROWS = ("origin_rows", "warehouse_rows", "missing_rows", "differing_rows", "mended_rows", "surplus_rows")


@dataclass(frozen=True)
class FactRows:
    """What the comparison found of one kind of fact."""

    fact_name: str
    origin_rows: int
    warehouse_rows: int
    missing_rows: int
    differing_rows: int
    mended_rows: int
    surplus_rows: int
    origin_seconds: int | None
    warehouse_seconds: int | None


@dataclass(frozen=True)
class Reconciliation:
    """What became of one source's local day."""

    source_name: str
    day_date: date
    checked_at: datetime
    duration_seconds: float
    outcome_name: str
    reason_text: str | None
    facts: tuple[FactRows, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the warehouse holds now what the origin tells."""
        return self.outcome_name in GOOD_OUTCOMES

    def rows(self) -> dict[str, int]:
        """The rows of all kinds of facts together, by the names of ops.reconciliations."""
        return {name: sum(getattr(fact, name) for fact in self.facts) for name in _ROWS}

    def row(self) -> dict[str, Any]:
        """As one row of a table, by the names of the question `reconciliations`."""
        named = {name: value for name, value in asdict(self).items() if name not in ("facts", "reason_text")}
        return {**named, **self.rows(), "reason_text": self.reason_text}


def last_ended_day(settings: Settings, *, now: datetime) -> date:
    """Yesterday, by the clock of the site."""
    return now.astimezone(ZoneInfo(settings.site.time_zone)).date() - timedelta(days=1)


def due_days(engine: sa.Engine, settings: Settings, source: SourceSettings, *, now: datetime) -> list[date]:
    """The local days of a source that are to be compared tonight, the oldest first.

    Yesterday; the days since the last night in which it was compared; and those of the last week that failed.
    """
    yesterday = last_ended_day(settings, now=now)
    with warehouse.connected(engine) as connection:
        found = warehouse.frame(
            connection,
            "reconcile/due_days",
            source_name=source.name,
            first_date=yesterday - timedelta(days=MOST_DUE_DAYS - 1),
            last_date=yesterday,
        )
    return found["day_date"].to_list()


def reconcile(
    engine: sa.Engine,
    settings: Settings,
    *,
    only: str | None = None,
    first_date: date | None = None,
    last_date: date | None = None,
    now: Clock,
    on_day: Callable[[Reconciliation], None] = lambda _done: None,
) -> list[Reconciliation]:
    """Every source (or `only` one) and local day from first_date to last_date; without both, the days that are due.

    Raises LoadError for a day that has not ended, and where the warehouse is away.
    """
    yesterday = last_ended_day(settings, now=now())
    last = last_date or yesterday
    first = first_date or last
    if first > last or last > yesterday:
        raise LoadError(
            f"Found the days {first} to {last}, expected days in order that are over; the last one is {yesterday}."
        )
    given = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    done = []
    try:
        for source in settings.sources if only is None else (settings.source(only),):
            is_given = first_date is not None or last_date is not None
            for day in given if is_given else due_days(engine, settings, source, now=now()):
                done.append(reconcile_day(engine, settings, source, day, now=now))
                on_day(done[-1])
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error
    return done


def reconcile_day(
    engine: sa.Engine,
    settings: Settings,
    source: SourceSettings,
    day_date: date,
    *,
    now: Clock,
    reader: Reader | None = None,
) -> Reconciliation:
    """Compares one local day of a source with its origin, mends what is missing or outdated, and writes it down.

    An origin that does not answer makes the outcome "failed", one that cannot tell again "not_comparable". reader: to
    read with; None makes one of its own, so that the live load is not held up. Raises LoadError for a day that has not
    ended, and where the warehouse is away.
    """
    began, checked_at = time.monotonic(), now()
    zone = ZoneInfo(settings.site.time_zone)
    day = _Day(engine, settings, source, Window.of(day_date, zone), now)
    if day.window.day_end > checked_at:
        raise LoadError(
            f"Found the day {day_date}, which is not over in {zone.key}; expected one that has ended."
        )
    facts: tuple[FactRows, ...] = ()
    reason: str | None
    try:
        facts, reason = day.worked(reader)
        outcome = _outcome(facts)
    except NotComparableError as error:
        outcome, reason = "not_comparable", str(error)
    except (LoadError, warehouse.WarehouseError, OSError, pl.exceptions.PolarsError) as error:
        outcome, reason = "failed", f"The day could not be compared: {error}"
    found = Reconciliation(
        source.name,
        day_date,
        checked_at,
        round(time.monotonic() - began, 3),
        outcome,
        without_customers(reason, settings) if reason else None,
        facts,
    )
    try:
        _write(engine, found)
    except warehouse.WarehouseError as error:
        raise LoadError(f"Source '{source.name}', {day_date}: {error}") from error
    return found


def _write(engine: sa.Engine, found: Reconciliation) -> None:
    told = {name: value for name, value in asdict(found).items() if name != "facts"}
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        [number] = warehouse.one_row(connection, "reconcile/reconciliation", **told, **found.rows())
        for fact in found.facts:
            warehouse.execute(
                connection, "reconcile/reconciled_fact", reconciliation_id=number, **asdict(fact)
            )


@dataclass(frozen=True)
class _Day:
    """One source's day at work."""

    engine: sa.Engine
    settings: Settings
    source: SourceSettings
    window: Window
    now: Clock
    faults: list[str] = field(default_factory=list)

    def worked(self, reader: Reader | None) -> tuple[tuple[FactRows, ...], str | None]:
        """The figures by kind of fact and what is to be said of them, after mending."""
        if self.source.told_once_text:
            raise NotComparableError(f"This origin cannot be asked again: {self.source.told_once_text}.")
        move_keys(self.engine, now=self.now)
        with self._connected() as connection:
            [begun_run_id] = warehouse.one_row(connection, "merge/run_number")
        own = reader or self.source.reader(self.settings.site.site, customer_secret())
        try:
            found = Rereading(self.engine, self.settings, self.source, self.window, self.now()).read(own)
        finally:
            if reader is None:
                own.close()
        before = self._differences(found, begun_run_id)
        if (
            not found.is_kept
            and any(each.warehouse_rows for each in before)
            and not any(each.origin_rows for each in before)
        ):
            raise NotComparableError(
                "The origin no longer tells of that day: its records were taken away after they were loaded."
            )
        if not any(each.origin_rows or each.warehouse_rows for each in before):
            self._refuse_deleted()
        after = before
        if any(_wrong_rows(each) for each in before):
            self._mend(found.told, before)
            after = self._differences(found, begun_run_id)
        facts = tuple(
            _fact_rows(was, now)
            for was, now in zip(before, after, strict=True)
            if was.origin_rows or was.warehouse_rows
        )
        return facts, _reason(facts, found, self.faults)

    def _refuse_deleted(self) -> None:
        """NotComparableError where nothing of the day is left to compare, because it was deleted for its age."""
        with self._connected() as connection:
            whole_from = retained_in(connection, source_name=self.source.facts_source_name).whole_from
        if whole_from and self.window.day_end <= max(whole_from.values()):
            days = ", ".join(f"{kind} from {at:%Y-%m-%d} on" for kind, at in sorted(whole_from.items()))
            raise NotComparableError(
                f"The rows of that day were deleted for their age; what can be compared are {days}."
            )

    def _connected(self) -> Any:
        return warehouse.connected(self.engine, deadline_seconds=DEADLINE_SECONDS)

    def _differences(self, found: Reread, begun_run_id: int) -> list[Difference]:
        """How each kind of fact compares now; what came after the reading began is no surplus."""
        kinds = [kind for kind in KINDS.values() if found.is_whole or not kind.follows_agents]
        with self._connected() as connection:
            return [self._difference(connection, kind, found, begun_run_id) for kind in kinds]

    def _difference(
        self, connection: sa.Connection, kind: Kind, found: Reread, begun_run_id: int
    ) -> Difference:
        of_source = {"source_name": self.source.facts_source_name}
        told = found.told.frames.get(kind.name)
        ids = {"ids": told[kind.id_name].to_list() if told is not None else []} if kind.id_name else {}
        window = {"window_start": found.window.start, "window_end": found.window.day_end}
        held = warehouse.frame(connection, f"reconcile/{kind.name}", **of_source, **window, **ids)
        told = held.clear() if told is None else told
        if kind.follows_agents:
            told, held = self._with_one_key(connection, told), self._with_one_key(connection, held)
        is_shared = any(
            other != self.source and other.facts_source_name == self.source.facts_source_name
            for other in self.settings.sources
        )
        difference = compared(kind, told, held, **window, is_shared=is_shared)
        surplus = difference.surplus.filter(pl.col("run_id") < begun_run_id)
        if is_shared and surplus.height:
            others = warehouse.frame(
                connection,
                "reconcile/runs_of_others",
                run_ids=surplus["run_id"].unique().to_list(),
                source_name=self.source.name,
            )
            surplus = surplus.join(others, on="run_id", how="anti")
        return difference.with_surplus(surplus)

    def _with_one_key(self, connection: sa.Connection, facts: pl.DataFrame) -> pl.DataFrame:
        """The facts without those of agents whom the source knows by several keys: their states stand in one row."""
        several = warehouse.frame(
            connection, "reconcile/agents_of_several_keys", source_name=self.source.facts_source_name
        )
        return facts.join(several.cast({"agent_id": facts.schema["agent_id"]}), on="agent_id", how="anti")

    def _mend(self, told: ToldFacts, differences: list[Difference]) -> None:
        """Merges what is missing or outdated in a run of its own.

        Where the warehouse refuses it, it is merged in ever smaller parts, until what is refused stands alone and is said.
        """
        batch = _mending(told, differences, self.window.day_date)
        if batch.read_rows == 0:
            return
        started_at = self.now()
        try:
            with self._connected() as connection:
                [run_id] = warehouse.one_row(connection, "merge/run_number")
                done = merge_batch(connection, self.settings, self.source, batch, run_id=run_id, now=self.now)
                self._write_run(connection, run_id, batch, done, started_at)
        except warehouse.WarehouseError as error:
            if not error.is_data_fault:
                raise
            parts = _halves(differences)
            if not parts:
                self.faults.append(str(error))
            for part in parts:
                self._mend(told, part)

    def _write_run(
        self, connection: sa.Connection, run_id: int, batch: Batch, done: Merged, started_at: datetime
    ) -> None:
        warehouse.execute(
            connection,
            "merge/run",
            run_id=run_id,
            source_name=self.source.name,
            started_at=started_at,
            ended_at=max(started_at, self.now()),
            newest_event_at=None,
            read_rows=batch.read_rows,
            loaded_rows=done.loaded_rows,
            unchanged_rows=batch.read_rows - done.loaded_rows - done.rejected_rows,
            rejected_rows=done.rejected_rows,
            outcome_name="succeeded",
            notice_text=batch.notice,
            error_text=None,
        )


def _mending(told: ToldFacts, differences: list[Difference], day_date: date) -> Batch:
    """What is missing or outdated as one batch; each fact counts as a row. Of a record of calls all stays are told."""
    facts: dict[str, pl.DataFrame] = {}
    rows: list[pl.DataFrame] = []
    seq = 0
    for each in differences:
        frame = pl.concat([each.missing, each.differing])
        if each.kind.shape is AGENT_STATES:  # beside what is kept, what is told would stand twice
            frame = frame.join(each.surplus, on="agent_id", how="anti", maintain_order="left")
        if told.are_records and each.kind.shape is CALLS and frame.height:
            frame = told.frames[CALLS.fact_name].join(frame, on="call_id", how="semi")
        if frame.is_empty():
            continue
        ids = [f"{of}_id" for of in ("queue", "agent") if f"{of}_name" in frame.columns]
        frame = frame.drop(ids, "seq", "new_rows", strict=False)
        numbers = pl.int_range(seq, seq + frame.height, dtype=pl.Int64, eager=True)
        if told.are_records:
            place = pl.format(
                "reconciliation of {}: {} {}", pl.lit(str(day_date)), pl.lit(each.kind.name), "seq"
            )
            raw = pl.struct(pl.all().exclude("seq")).struct.json_encode()
            frame = frame.with_columns(seq=numbers)
            rows.append(frame.select("seq", place_text=place, raw_text=raw))
        elif "new_rows" in each.kind.shape.columns:
            frame = frame.with_columns(new_rows=pl.lit(1, pl.Int64))
        facts[each.kind.name] = frame
        seq += frame.height
    missing, differing = (
        sum(len(getattr(d, name)) for d in differences) for name in ("missing", "differing")
    )
    return Batch(
        facts=facts,
        read_rows=seq,
        position_text="",
        carry_text="",
        notice=f"Reconciliation of {day_date}: {missing} that were missing and {differing} that were outdated.",
        rows=pl.concat([pl.DataFrame(schema=ROW_SCHEMA), *rows]) if told.are_records else None,
    )


def _halves(differences: list[Difference]) -> list[list[Difference]]:
    """What is to be mended in two parts: by kinds, then by rows; none where nothing can be parted.

    The states of an agent, and the stays of a call, stay together.
    """
    wrong = [each for each in differences if _wrong_rows(each)]
    middle = len(wrong) // 2
    if middle:
        return [wrong[:middle], wrong[middle:]]
    if not wrong:
        return []
    [each] = wrong
    rows = pl.concat([each.missing, each.differing])
    name = {AGENT_STATES: "agent_id", CALLS: "call_id"}.get(each.kind.shape)
    place = rows[name].rank("dense") if name else pl.int_range(1, rows.height + 1, eager=True)
    middle = place.n_unique() // 2
    parts = [rows.filter(place <= middle), rows.filter(place > middle)] if middle else []
    return [[replace(each, missing=part, differing=part.clear())] for part in parts]


def _wrong_rows(difference: Difference) -> int:
    return difference.missing.height + difference.differing.height


def _fact_rows(before: Difference, after: Difference) -> FactRows:
    return FactRows(
        before.kind.name,
        before.origin_rows,
        before.warehouse_rows,
        before.missing.height,
        before.differing.height,
        max(0, _wrong_rows(before) - _wrong_rows(after)),
        after.surplus.height,
        before.origin_seconds,
        before.warehouse_seconds,
    )


def _outcome(facts: tuple[FactRows, ...]) -> str:
    wrong = sum(fact.missing_rows + fact.differing_rows for fact in facts)
    if any(fact.surplus_rows for fact in facts) or wrong > sum(fact.mended_rows for fact in facts):
        return "differs"
    return "mended" if wrong else "agreed"


def _reason(facts: tuple[FactRows, ...], found: Reread, faults: list[str]) -> str | None:
    """What was found and done, in sentences; null where there is nothing to say."""
    wrong_rows = sum(fact.missing_rows + fact.differing_rows for fact in facts)
    left_rows = wrong_rows - sum(fact.mended_rows for fact in facts)
    sentences = [
        _sentence(facts, "missing_rows", "Missing"),
        _sentence(facts, "differing_rows", "Outdated"),
        "All of it is loaded now." if wrong_rows and not left_rows else "",
        f"{left_rows:,} of it are not right yet." if left_rows else "",
        _sentence(facts, "surplus_rows", "Kept, though the origin no longer tells of it"),
        *(f"The warehouse refused some of it: {fault}" for fault in faults),
        found.window.part_text,
    ]
    if not found.is_whole:
        sentences.append(
            "States of agents were left out: who was signed in before the origin's first record is not known."
        )
    return " ".join(filter(None, sentences)) or None


def _sentence(facts: tuple[FactRows, ...], name: str, beginning: str) -> str:
    told = [f"{getattr(fact, name):,} {TITLES[fact.fact_name]}" for fact in facts if getattr(fact, name)]
    return f"{beginning}: {', '.join(told)}." if told else ""
