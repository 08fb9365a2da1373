"""Compares what an origin tells of a day with what the warehouse holds of it, fact by fact.

In: the facts of an origin batch by batch, and the warehouse's of the same window. Out: per kind of fact what is missing,
what is held otherwise, what is held and no longer told, and how many and how long they are.
The rule it guards: a fact that the merge would leave alone counts as the same, so that a healthy day shows no difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl

from etl.shapes import (
    AGENT_STATES,
    ATTEMPTS,
    CALLS,
    CONTACT_LINKS,
    COSTS,
    QUALITY_REVIEWS,
    QUEUE_MEMBERS,
    RECORDINGS,
    REVENUES,
    SELF_SERVICES,
    SHIFTS,
    SURVEYS,
    TICKET_EVENTS,
    TICKETS,
    Shape,
)

MARGIN = timedelta(days=1)  # a fact that is told again may have moved over midnight
TWO_CLOCKS = timedelta(
    minutes=10
)  # by so much two tellers of one stay differ, as in sql/merge/calls_told_twice
_NOT_CONTENT = frozenset(("version_number", "run_id", "seq", "new_rows", "place_text"))
HALF_A_HUNDREDTH = 0.0051


@dataclass(frozen=True)
class Kind:
    """How a kind of fact is compared: when it happened, what names it, which columns say how long it lasted."""

    shape: Shape
    time_name: str
    key: tuple[str, ...]
    id_name: str | None = None
    """The column that names it alone, wherever in time the warehouse holds it."""
    seconds_names: tuple[str, ...] = ()
    follows_agents: bool = False
    """Whether it can only be told by who was signed in before."""
    has_versions: bool = True

    @property
    def name(self) -> str:
        """The name of the fact."""
        return self.shape.fact_name


KINDS = {
    kind.name: kind
    for kind in (
        Kind(CALLS, "offered_at", CALLS.key, seconds_names=("wait_seconds", "talk_seconds", "hold_seconds")),
        Kind(AGENT_STATES, "started_at", AGENT_STATES.key, follows_agents=True),
        Kind(QUEUE_MEMBERS, "started_at", QUEUE_MEMBERS.key, follows_agents=True),
        Kind(TICKETS, "created_at", TICKETS.key, "ticket_id"),
        Kind(TICKET_EVENTS, "occurred_at", TICKET_EVENTS.key),
        Kind(SURVEYS, "answered_at", SURVEYS.key, "survey_id"),
        Kind(QUALITY_REVIEWS, "reviewed_at", QUALITY_REVIEWS.key, "review_id"),
        Kind(SHIFTS, "started_at", SHIFTS.key, "shift_id"),
        Kind(COSTS, "started_at", COSTS.key, "cost_id"),
        Kind(REVENUES, "earned_at", REVENUES.key, "revenue_id"),
        Kind(SELF_SERVICES, "started_at", SELF_SERVICES.key, "visit_id"),
        Kind(RECORDINGS, "started_at", RECORDINGS.key, "recording_id"),
        Kind(ATTEMPTS, "attempted_at", ATTEMPTS.key, "attempt_id", seconds_names=("talk_seconds",)),
        Kind(CONTACT_LINKS, "linked_at", ("contact_id", "link_name"), has_versions=False),
    )
}


@dataclass
class ToldFacts:
    """What an origin told around a window, each fact as it was told last."""

    window_start: datetime
    window_end: datetime
    source_name: str
    frames: dict[str, pl.DataFrame] = field(default_factory=dict)
    are_records: bool = False
    """Whether the origin tells whole records, which are told again as a whole."""
    first_at: datetime | None = None
    """The earliest call or state that it told at all."""

    def take(
        self, facts: list[tuple[Shape, pl.DataFrame]], *, are_records: bool, replaces_tails: bool
    ) -> None:
        """Takes a batch's facts in; a later telling of a fact replaces an earlier one as the merge would have it."""
        for shape, frame in facts:
            kind = KINDS[shape.fact_name]
            if frame.is_empty():
                continue
            self.are_records = are_records
            if shape is CONTACT_LINKS:
                frame = frame.filter(pl.col("source_name") == self.source_name)
            if shape in (CALLS, AGENT_STATES):
                self._note_first(frame[kind.time_name].min())
            before = self.frames.get(kind.name, frame.clear())
            if shape is AGENT_STATES and replaces_tails:
                before = _without_tails(before, frame)
            near = self._near(frame, kind, by_call=are_records and shape is CALLS)
            if shape is CALLS and are_records:
                before, near = _newest_records(before, near)
            both = pl.concat([before, near], how="diagonal")
            if kind.has_versions:
                both = both.sort("version_number", maintain_order=True)
            self.frames[kind.name] = both.unique(kind.key, keep="last", maintain_order=True)

    def _note_first(self, at: object) -> None:
        if isinstance(at, datetime):
            self.first_at = at if self.first_at is None else min(at, self.first_at)

    def _near(self, frame: pl.DataFrame, kind: Kind, *, by_call: bool) -> pl.DataFrame:
        """The facts within a day of the window; of records of calls all stays where one is."""
        near = pl.col(kind.time_name).is_between(
            self.window_start - MARGIN, self.window_end + MARGIN, closed="left"
        )
        if not by_call:
            return frame.filter(near)
        return frame.join(
            frame.filter(near).select("call_id").unique(), on="call_id", how="semi", maintain_order="left"
        )


def _without_tails(before: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """The states without those that a newly told rest of the same agent's states replaces."""
    tails = told.group_by("agent_id").agg(
        tail_start_at=pl.col("started_at").min(), newest_version=pl.col("version_number").max()
    )
    marked = before.join(tails, on="agent_id", how="left", maintain_order="left")
    is_replaced = (pl.col("started_at") >= pl.col("tail_start_at")) & (
        pl.col("version_number") <= pl.col("newest_version")
    )
    return marked.filter(~is_replaced.fill_null(False)).select(before.columns)


def _newest_records(before: pl.DataFrame, told: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Of calls told again as a whole, the stays of the newer telling only."""
    known, fresh = (
        frame.group_by("call_id").agg(pl.col("version_number").max().alias("version"))
        for frame in (before, told)
    )
    both = known.join(fresh, on="call_id", how="inner", suffix="_told")
    older = both.filter(pl.col("version_told") < pl.col("version")).select("call_id")
    newer = both.filter(pl.col("version_told") >= pl.col("version")).select("call_id")
    return (
        before.join(newer, on="call_id", how="anti", maintain_order="left"),
        told.join(older, on="call_id", how="anti", maintain_order="left"),
    )


@dataclass(frozen=True)
class Difference:
    """How one kind of fact of a day compares: missing and differing hold the facts as the origin tells them."""

    kind: Kind
    origin_rows: int
    warehouse_rows: int
    missing: pl.DataFrame
    differing: pl.DataFrame
    surplus: pl.DataFrame
    """What the warehouse holds and the origin does not tell."""
    origin_seconds: int | None
    warehouse_seconds: int | None

    def with_surplus(self, surplus: pl.DataFrame) -> Difference:
        """The same with another surplus."""
        return replace(self, surplus=surplus)


def compared(
    kind: Kind,
    told: pl.DataFrame,
    held: pl.DataFrame,
    *,
    window_start: datetime,
    window_end: datetime,
    is_shared: bool = False,
) -> Difference:
    """The facts of the window as the origin tells them (`told`) beside those that the warehouse holds (`held`).

    is_shared: another source tells of the same calls under the same name, with a clock of its own.
    """
    inside = pl.col(kind.time_name).is_between(window_start, window_end, closed="left")
    told = _as_held(told, held)
    told_here, held_here = told.filter(inside), held.filter(inside)
    missing = told_here.join(held, on=kind.key, how="anti", maintain_order="left")
    surplus = held_here.join(told, on=kind.key, how="anti", maintain_order="left")
    if is_shared and kind.shape is CALLS:
        missing, surplus = _without_second_tellings(missing, surplus, held)
    if kind.shape is TICKET_EVENTS:
        surplus = _without_past_states(surplus, told)
    return Difference(
        kind,
        told_here.height,
        held_here.height,
        missing,
        _differing(kind, told_here, held),
        surplus,
        _seconds(kind, told_here),
        _seconds(kind, held_here),
    )


def _as_held(told: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The told facts in the types in which the warehouse holds them."""
    columns = [pl.col(name).cast(dtype) for name, dtype in held.schema.items() if name in told.columns]
    deleted = [pl.col("is_deleted").fill_null(False)] if "is_deleted" in told.columns else []
    return told.with_columns(columns).with_columns(deleted)


def _differing(kind: Kind, told: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """The told facts that the warehouse holds otherwise, and no newer."""
    if not kind.has_versions:  # which of two tellings is the newer one, nobody can say
        return told.clear()
    content = [
        name
        for name in held.columns
        if name not in _NOT_CONTENT and name not in kind.key and name in told.columns
    ]
    pairs = told.join(held, on=kind.key, how="inner", suffix="_held", maintain_order="left")
    is_same = pl.all_horizontal(_same(name) for name in content)
    is_no_older = pl.col("version_number") >= pl.col("version_number_held")
    is_closed = _is_closed_since() if kind.shape is CALLS else pl.lit(False)
    return pairs.filter(~is_same & is_no_older & ~is_closed).select(told.columns)


def _is_closed_since() -> pl.Expr:
    """Whether a stay is told as it was before its lost end was closed (etl.lost_ends): merged, it would change nothing."""
    is_equal = pl.col("version_number") == pl.col("version_number_held")
    return is_equal & pl.col("ended_at").is_null() & pl.col("ended_at_held").is_not_null()


def _same(name: str) -> pl.Expr:
    """Whether the column is told as it is held; money is held in whole hundredths."""
    told, held = pl.col(name), pl.col(f"{name}_held")
    same = told.eq_missing(held)
    return (
        same | ((told - held).abs() < HALF_A_HUNDREDTH).fill_null(False) if name.endswith("amount") else same
    )


def _without_second_tellings(
    missing: pl.DataFrame, surplus: pl.DataFrame, held: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A stay that the other teller of the phone system knew better stands under that teller's instant."""
    names = ["call_id", "queue_id", "stay_number"]
    pairs = missing.join(
        held.select(*names, held_at="offered_at", held_version="version_number"), on=names, how="inner"
    )
    is_near = (pl.col("offered_at") - pl.col("held_at")).abs() <= TWO_CLOCKS
    same = pairs.filter(is_near & (pl.col("held_version") > pl.col("version_number")))
    return (
        missing.join(same, on=[*names, "offered_at"], how="anti", maintain_order="left"),
        surplus.join(same.select(*names, offered_at="held_at"), on=[*names, "offered_at"], how="anti"),
    )


def _without_past_states(surplus: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """What was told of a ticket in passing, before all that is told of it now, is history, not surplus.

    An origin that tells a ticket as it stands, with its whole history, tells no more how it stood in between.
    """
    oldest = told.group_by("ticket_id").agg(oldest_version=pl.col("version_number").min())
    marked = surplus.join(oldest, on="ticket_id", how="left", maintain_order="left")
    is_past = (pl.col("version_number") < pl.col("oldest_version")).fill_null(False)
    return marked.filter(~is_past).select(surplus.columns)


def _seconds(kind: Kind, facts: pl.DataFrame) -> int | None:
    """How long the facts last together; null for facts that do not last."""
    if kind.seconds_names:
        return int(facts.select(pl.sum_horizontal(kind.seconds_names).sum()).item() or 0)
    if {"started_at", "ended_at"} <= {*facts.columns}:
        lasted = (pl.col("ended_at") - pl.col("started_at")).dt.total_seconds()
        return int(facts.select(lasted.sum()).item() or 0)
    return None
