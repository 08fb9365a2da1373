"""What was promised for each ticket and when it falls due: first reply, next reply, resolution, the requester's wait.

In: the stretches of the tickets' lives (etl/tickets/ticket_history.py), the policies of the site. Out: one row per promise.
The rule it guards: the promise in force when it was given is frozen, and what is open and overdue counts as missed.

* first_reply runs from creation (a ticket opened by an agent: from the requester's first word) to the first reply;
  next_reply from the oldest unanswered word to the next reply; both end unmet when the ticket is solved or deleted.
* resolution counts the time unsolved, requester_wait the time new, open, on hold or in need of rework. Both are met when
  the ticket is solved and run on from where they stood when it is opened again, so that met_at is null once more and
  due_at later by the time in which they stood still. While one stands still its due_at is null, unless already overdue.
* Business time that is used up exactly at closing is due at closing, not when the place opens again.
* A policy is looked up when the promise is given and when the ticket's priority changes, by the rows valid at that instant:
  the one for the priority before the one for any, then the newest. A change of priority ends the promise and gives another
  from the same start: all the time already passed counts against the new one, which may be overdue when it is given.
* Where the source applied a target itself (event `target`), no policy is looked up for that ticket and kind of promise.
  Such a target, too, counts from the start of its stretch; one that fits no running stretch, or cannot be read, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl import LoadError
from etl.tickets.business_time import MICROSECONDS, Schedule, reach
from etl.tickets.ticket_timeline import INSTANT, PRIORITIES, SOLVED, TOLD, is_agents_reply, is_event

NO_POLICIES = pl.DataFrame(
    schema={
        "policy_name": pl.String,
        "priority_name": pl.String,
        "target_name": pl.String,
        "target_seconds": pl.Int64,
        "is_business": pl.Boolean,
        "valid_from_at": INSTANT,
        "valid_until_at": INSTANT,
    }
)
# Which stretches of a ticket's life count, by the timeline's column; null: all that are not deleted.
COUNTED = {
    "first_reply": "is_deleted",
    "next_reply": "is_deleted",
    "resolution": "is_solve",
    "requester_wait": "is_requester_wait",
}
TARGETS = (
    *(
        "ticket_id",
        "target_name",
        "applied_at",
        "target_seconds",
        "is_business",
        "due_at",
        "met_at",
        "ended_at",
    ),
    "policy_name",
)
LONGEST_SECONDS = 2**31 - 1
_STRETCH = ["ticket_id", "target_name", "start_row"]


def outcome(targets: pl.DataFrame, as_of: datetime) -> pl.Series:
    """The outcome of each promise at an instant: met, missed, running or withdrawn; null where it was not yet given.

    Missed: met after due_at, or due_at has passed and it was neither met nor ended before. A promise without due_at
    (its clock stands still, or its timetable never opens) is not missed. Met at due_at exactly is met.
    """
    if as_of.tzinfo is None:
        raise LoadError(f"The outcome was asked for {as_of}; expected an instant with a time zone. Use UTC.")
    now = pl.lit(as_of).cast(INSTANT)
    is_met = (pl.col("met_at") <= now).fill_null(False)
    is_ended = (pl.col("ended_at") <= now).fill_null(False)
    decided_at = pl.when(is_met).then("met_at").when(is_ended).then("ended_at").otherwise(now)
    is_overdue = (pl.col("due_at") < decided_at).fill_null(False)
    word = (
        pl.when(is_overdue).then(pl.lit("missed"))
        .when(is_met).then(pl.lit("met"))
        .when(is_ended).then(pl.lit("withdrawn"))
        .otherwise(pl.lit("running"))
    )  # fmt: skip
    return targets.select(pl.when(pl.col("applied_at") <= now).then(word).alias("outcome_name")).to_series()


def promises(
    timeline: pl.DataFrame, words: pl.DataFrame, *, policies: pl.DataFrame, schedules: Mapping[str, Schedule]
) -> pl.DataFrame:
    """One row per promise given for a ticket, in the order of ticket_id, target_name, applied_at.

    policies: policy_name, priority_name (null = any), target_name, target_seconds, is_business, valid_from_at,
    valid_until_at (null = still valid). met_at null: not met (yet); ended_at: met, or no longer applicable;
    due_at null: its clock stands still, its timetable is unknown or never opens. policy_name null: applied by the source
    without a name.
    """
    stretches = pl.concat([_reply_stretches(timeline, words), _resolution_stretches(timeline)])
    told = _told(timeline, stretches)
    moments = _moments(timeline, stretches.join(told, on=["ticket_id", "target_name"], how="anti"))
    given = pl.concat([told, _looked_up(moments, policies)]).sort(*_STRETCH, "applied_at", "given_row")
    given = given.unique([*_STRETCH, "applied_at"], keep="last", maintain_order=True)
    terms = ("target_seconds", "is_business", "policy_name")
    is_new = pl.any_horizontal(
        pl.col(term).ne_missing(pl.col(term).shift(1).over(_STRETCH)) for term in terms
    )
    given = given.filter(is_new | (pl.int_range(pl.len()).over(_STRETCH) == 0))
    given = given.with_columns(pl.col("applied_at").shift(-1).over(_STRETCH).alias("replaced_at"))
    given = given.filter(pl.col("target_seconds").is_not_null()).join(stretches, on=_STRETCH, how="inner")
    is_last = pl.col("replaced_at").is_null()
    given = given.with_columns(
        pl.when(is_last).then("met_at").alias("met_at"),
        pl.coalesce("replaced_at", "met_at", "stopped_at").alias("ended_at"),
        _due(given, timeline, schedules),
    )
    return (
        given.sort("ticket_id", "target_name", "applied_at", "start_row")
        .unique(["ticket_id", "target_name", "applied_at"], keep="last", maintain_order=True)
        .select(*TARGETS)
    )


def _ends(timeline: pl.DataFrame) -> pl.DataFrame:
    """One row per ticket: its first and last row, and where it was solved or deleted, if it is so now."""
    solved, deleted = pl.col("status_name").last().is_in(SOLVED), pl.col("is_deleted").last()
    place = pl.col("row").cast(pl.Int64)
    return timeline.group_by("ticket_id", maintain_order=True).agg(
        place.first().alias("birth_row"),
        place.last().alias("last_row"),
        pl.when(solved).then(place.filter("is_resolving").last()).alias("solved_row"),
        pl.when(deleted).then(place.filter(is_event("deleted")).last()).alias("deleted_row"),
    )


def _placed(stretches: pl.DataFrame, timeline: pl.DataFrame) -> pl.DataFrame:
    """Stretches with the instants of their rows; met_row and stopped_row are null while they run."""
    at = timeline["at"]
    end_row = pl.coalesce("met_row", "stopped_row", "last_row").alias("end_row")
    placed = stretches.with_columns(end_row)
    return placed.select(
        *_STRETCH,
        "end_row",
        at.gather(placed["start_row"]).alias("start_at"),
        at.gather(placed["met_row"]).alias("met_at"),
        at.gather(placed["stopped_row"]).alias("stopped_at"),
    )


def _reply_stretches(timeline: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """One row per turn of the conversation in which a reply is owed; the first one of a silent ticket as well."""
    turns = words.group_by("ticket_id", "turn_number", maintain_order=True).agg(
        pl.col("request_row").first().cast(pl.Int64),
        pl.col("row").filter("is_answer").first().cast(pl.Int64).alias("met_row"),
        pl.col("is_agent_opened").first(),
    )
    opening = timeline.filter(is_agents_reply())
    silent = timeline.filter(is_event("birth")).join(
        pl.concat([turns.select("ticket_id"), opening.select("ticket_id")]), on="ticket_id", how="anti"
    )
    silent = silent.select("ticket_id", pl.lit(1, dtype=turns["turn_number"].dtype).alias("turn_number"))
    ends = pl.concat([turns, silent], how="diagonal").join(_ends(timeline), on="ticket_id", how="inner")
    is_first = pl.col("turn_number") == 1
    from_birth = is_first & ~pl.col("is_agent_opened").fill_null(False)
    stopped = pl.max_horizontal(pl.min_horizontal("solved_row", "deleted_row"), "start_row")
    ends = ends.with_columns(
        pl.when(is_first).then(pl.lit("first_reply")).otherwise(pl.lit("next_reply")).alias("target_name"),
        pl.when(from_birth).then("birth_row").otherwise("request_row").alias("start_row"),
    ).filter(pl.col("start_row").is_not_null())
    is_stopped = pl.col("met_row").is_null() & (
        pl.col("solved_row").is_not_null() | pl.col("deleted_row").is_not_null()
    )
    return _placed(ends.with_columns(pl.when(is_stopped).then(stopped).alias("stopped_row")), timeline)


def _resolution_stretches(timeline: pl.DataFrame) -> pl.DataFrame:
    """Two rows per ticket, from its creation to its solving, if it is solved now."""
    names = pl.DataFrame({"target_name": ["resolution", "requester_wait"]})
    ends = (
        _ends(timeline).join(names, how="cross").rename({"birth_row": "start_row", "solved_row": "met_row"})
    )
    is_stopped = pl.col("met_row").is_null()
    return _placed(ends.with_columns(pl.when(is_stopped).then("deleted_row").alias("stopped_row")), timeline)


def _told(timeline: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """The targets that the source itself applied, each in the newest stretch that was running then."""

    def part(name: str) -> pl.Expr:
        return TOLD.str.json_path_match(f"$.{name}")

    events = timeline.filter(is_event("target")).select(
        "ticket_id",
        part("target_name").alias("target_name"),
        pl.col("at").alias("applied_at"),
        pl.col("row").cast(pl.Int64).alias("given_row"),
        part("target_seconds").cast(pl.Float64, strict=False).alias("target_seconds"),
        (part("is_business").fill_null("false") == "true").alias("is_business"),
        part("policy_name").alias("policy_name"),
    )
    ended_at = pl.coalesce("met_at", "stopped_at")
    is_running = (pl.col("start_at") <= pl.col("applied_at")) & (
        ended_at.is_null() | (ended_at > pl.col("applied_at")) | (pl.col("start_at") == pl.col("applied_at"))
    )
    return (
        events.filter(pl.col("target_seconds").is_between(1, LONGEST_SECONDS))
        .with_columns(pl.col("target_seconds").cast(pl.Int64))
        .join(stretches, on=["ticket_id", "target_name"], how="inner")
        .filter(is_running)
        .sort("given_row", "start_row")
        .unique("given_row", keep="last", maintain_order=True)
        .select(*_STRETCH, "applied_at", "given_row", "target_seconds", "is_business", "policy_name")
    )


def _moments(timeline: pl.DataFrame, stretches: pl.DataFrame) -> pl.DataFrame:
    """When a policy is looked up, and for which priority: at the start of each stretch and when the priority changes."""
    priorities = (
        timeline.filter(is_event("priority"))
        .select(
            "ticket_id",
            "at",
            pl.when(TOLD.is_in(PRIORITIES)).then(TOLD).alias("priority_name"),
            pl.col("row").cast(pl.Int64),
        )
        .unique(["ticket_id", "at"], keep="last", maintain_order=True)
        .sort("at", "row")
    )
    starts = stretches.sort("start_at", "start_row").join_asof(
        priorities,
        left_on="start_at",
        right_on="at",
        by="ticket_id",
        strategy="backward",
        check_sortedness=False,
    )
    at_start = starts.select(
        *_STRETCH,
        pl.col("start_at").alias("applied_at"),
        pl.col("start_row").alias("given_row"),
        "priority_name",
    )
    ended_at = pl.coalesce("met_at", "stopped_at")
    changes = stretches.join(priorities, on="ticket_id", how="inner").filter(
        (pl.col("at") > pl.col("start_at")) & (ended_at.is_null() | (pl.col("at") < ended_at))
    )
    later = changes.select(
        *_STRETCH, pl.col("at").alias("applied_at"), pl.col("row").alias("given_row"), "priority_name"
    )
    return pl.concat([at_start, later])


def _looked_up(moments: pl.DataFrame, policies: pl.DataFrame) -> pl.DataFrame:
    """Each moment with the policy that applies then; without one its terms are null, which ends a promise before it."""
    usable = policies.filter(
        pl.col("target_seconds").is_between(1, LONGEST_SECONDS), pl.col("is_business").is_not_null()
    )
    rules = usable.rename({"priority_name": "for_priority_name"})
    moment = [*_STRETCH, "applied_at"]
    fits = (
        (pl.col("for_priority_name").is_null() | (pl.col("for_priority_name") == pl.col("priority_name")))
        & (pl.col("valid_from_at").is_null() | (pl.col("valid_from_at") <= pl.col("applied_at")))
        & (pl.col("valid_until_at").is_null() | (pl.col("applied_at") < pl.col("valid_until_at")))
    )
    chosen = (
        moments.join(rules, on="target_name", how="inner")
        .filter(fits.fill_null(False))
        .sort(
            pl.col("for_priority_name").is_null(),
            "valid_from_at",
            "policy_name",
            "target_seconds",
            descending=[False, True, False, False],
            nulls_last=True,
        )
        .unique(moment, keep="first", maintain_order=True)
        .select(*moment, "target_seconds", "is_business", "policy_name")
    )
    return moments.join(chosen, on=moment, how="left").select(
        *_STRETCH, "applied_at", "given_row", "target_seconds", "is_business", "policy_name"
    )


def _due(given: pl.DataFrame, timeline: pl.DataFrame, schedules: Mapping[str, Schedule]) -> pl.Series:
    """When the counted time of each promise reaches its target: in the known past, else run on from its end."""
    at = timeline["at"].to_physical().to_numpy()
    start, end = given["start_row"].to_numpy(), given["end_row"].to_numpy()
    is_business = given["is_business"].to_numpy()
    row, rest = np.zeros(len(given), dtype=np.int64), np.zeros(len(given), dtype=np.int64)
    stands_still = np.zeros(len(given), dtype=bool)
    ended = (given["met_at"].is_not_null() | given["stopped_at"].is_not_null()).to_numpy()
    wanted = given["target_seconds"].to_numpy() * MICROSECONDS
    for name, column in COUNTED.items():
        counts = timeline[column].to_numpy() != (column == "is_deleted")
        for business in (False, True):
            chosen = np.flatnonzero((given["target_name"] == name).to_numpy() & (is_business == business))
            passed = _before(timeline["business" if business else "calendar"].to_numpy() * counts)
            due = passed[start[chosen]] + wanted[chosen]
            # The sum runs on over all tickets; beyond the promise's own end it is run on from there.
            reached = np.searchsorted(passed, due, side="left") - 1
            row[chosen] = np.minimum(reached, end[chosen])
            rest[chosen] = due - passed[row[chosen]]
            stands_still[chosen] = (reached >= end[chosen]) & ~ended[chosen] & ~counts[end[chosen]]
    due_at, comes = at[row] + rest, ~stands_still
    names = timeline["schedule_name"].to_numpy()[row]
    for name in np.unique(names[is_business]):
        held = is_business & (names == name)
        if name in schedules:
            due_at[held], ever = reach(schedules[name], at[row][held], rest[held])
            comes[held] &= ever
        else:
            comes[held] = False
    return pl.select(
        pl.when(pl.Series(comes)).then(pl.Series(due_at).cast(INSTANT)).alias("due_at")
    ).to_series()


def _before(durations: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.cumsum(durations) - durations, dtype=np.int64)
