"""The questions of the game room: what waits for a person, which rules hold and what they gave, and what they changed.

In: a connection that reads as the person, working days, a rule or a contest. Out: typed frames.
The rule it guards: the database answers a supervisor about agents of theirs alone; what a rule changed is counted from
the measure that the rule itself names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl
from sqlalchemy import Connection

from dashboard.game.rule_texts import rule_of
from sql.game_rules.spec import GameError, Measure, Rule, Term
from sql.warehouse import frame

WEEKS: Final = 8
"""So many weeks before and after are compared at most."""
OWN_MEASURE: Final = "own"
BESIDE: Final[Mapping[str, tuple[str, str]]] = {
    "handle_time": ("handle_seconds", "handled_calls"),
    "transfers": ("transferred_calls", "handled_calls"),
    "repeats": ("repeated_contacts", "followed_contacts"),
    "satisfied": ("csat_satisfied_responses", "csat_responses"),
    "reviews": ("review_earned_points", "review_possible_points"),
    "short_contacts": ("short_calls", "handled_calls"),
}
"""What must not get worse while something else gets better: above and below of each."""
EFFECT_SCHEMA: Final = {
    "agent_id": pl.Int64,
    "week_number": pl.Int64,
    "above_amount": pl.Float64,
    "below_amount": pl.Float64,
    "expected_amount": pl.Float64,
    "worked_seconds": pl.Int64,
    "is_under": pl.Boolean,
}


def game_holds_open(connection: Connection, *, first_date: date) -> pl.DataFrame:
    """One row per award and guard that asks a person to look, of all agents that the reader sees: those that wait, the one
    that waits longest first, and those of working days from first_date on that somebody has decided."""
    found = frame(connection, "queries/game_holds", agent_id=None, first_date=first_date)
    waits = pl.col("state_name") == "held"
    return found.sort(
        ~waits,
        pl.when(waits).then(pl.col("found_at")),
        pl.when(~waits).then(-pl.col("decided_at").dt.epoch("us")),
        "hold_id",
    )


def game_disputes_open(connection: Connection, *, since_at: datetime) -> pl.DataFrame:
    """One row per time that an agent disagreed, of all that the reader sees: the open ones, the oldest first, and those said
    since then with what came of them."""
    found = frame(connection, "queries/game_disputes", agent_id=None, since_at=since_at)
    is_open = pl.col("state_name") == "open"
    return found.sort(
        ~is_open,
        pl.when(is_open).then(pl.col("said_at")),
        pl.when(~is_open).then(-pl.col("decided_at").dt.epoch("us")),
        "dispute_id",
    )


def game_rules(connection: Connection, *, first_date: date, day_date: date) -> pl.DataFrame:
    """One row per rule: the version that holds on day_date, the one that comes, and what it gave since first_date."""
    return frame(connection, "queries/game_rules", first_date=first_date, day_date=day_date)


def game_rule_versions(connection: Connection, *, rule_name: str) -> pl.DataFrame:
    """One row per version of that rule, the newest first; until_date: the first day on which it holds no more."""
    return frame(connection, "queries/game_rule_versions", rule_name=rule_name)


def game_rule_given(
    connection: Connection, *, rule_name: str, first_date: date, last_date: date
) -> pl.DataFrame:
    """One row per agent whom the rule gave something that stands, for these working days; the most first."""
    days = {"first_date": first_date, "last_date": last_date}
    return frame(connection, "queries/game_rule_given", rule_name=rule_name, **days)


def game_seasons(connection: Connection) -> pl.DataFrame:
    """One row per season, the newest first: its days, how many of them are closed, who closed it, the hash of its ledger."""
    return frame(connection, "queries/game_seasons")


def game_day_closes(connection: Connection, *, first_date: date, last_date: date) -> pl.DataFrame:
    """One row per closed working day, the newest first, with the hash of the ledger after it."""
    return frame(connection, "queries/game_day_closes", first_date=first_date, last_date=last_date)


def game_rescores(connection: Connection, *, since_at: datetime) -> pl.DataFrame:
    """One row per request to score past days again that is not done, or was made since then; the newest first."""
    return frame(connection, "queries/game_rescores", since_at=since_at)


def game_effect_days(
    connection: Connection,
    *,
    rule_name: str,
    version_number: int,
    of_name: str = OWN_MEASURE,
    last_date: date,
) -> pl.DataFrame:
    """One row per agent and week, eight before and eight after that version began to hold (week 0 begins with it).

    above, below, expected: what was reached, of how much, and what everybody's rate makes of the same work. is_under:
    whether most of the agent's such work is what the rule is for. of_name: the rule's own measure, or one of BESIDE.
    No row where there is no such version. Raises GameError where the rule has no measure.
    """
    versions = game_rule_versions(connection, rule_name=rule_name).filter(
        pl.col("version_number") == version_number
    )
    if versions.is_empty():
        return pl.DataFrame(schema=EFFECT_SCHEMA)
    rule, start = rule_of(versions[0, "spec_text"]), versions[0, "valid_from_date"]
    own = _measure_of(rule, rule_name)
    found = _weeks(connection, start, last_date, _asked(own, of_name))
    by_agent = pl.col("scope_count").sum().over("agent_id"), pl.col("work_count").sum().over("agent_id")
    return _told(found.with_columns(is_under=2 * by_agent[0] >= by_agent[1]))


def game_contest_effect_days(
    connection: Connection,
    *,
    contest_id: int,
    start_date: date,
    measure_text: str,
    of_name: str = OWN_MEASURE,
    last_date: date,
) -> pl.DataFrame:
    """The same of a contest that began on start_date; is_under: whether the agent took part.

    measure_text: what it is measured by: "above/below", "above", or the text of the rule whose points it counts.
    """
    rule = rule_of(measure_text)
    above, _, below = measure_text.partition("/")
    named = Measure((Term(above),), (Term(below),) if below else ())
    own = rule.measure if rule is not None and rule.measure is not None else named
    found = _weeks(connection, start_date, last_date, _asked(own, of_name))
    members = frame(connection, "queries/game_contest_members", contest_id=contest_id)["agent_id"]
    return _told(found.with_columns(is_under=pl.col("agent_id").is_in(members.implode())))


def _measure_of(rule: Rule | None, rule_name: str) -> Measure:
    if rule is None or rule.measure is None:
        raise GameError(
            f"'{rule_name}' counts nothing of its own that could be compared; look at the rules whose points it adds up."
        )
    return rule.measure


def _asked(own: Measure, of_name: str) -> Measure:
    if of_name == OWN_MEASURE:
        return own
    above, below = BESIDE[of_name]
    return replace(own, above=(Term(above),), below=(Term(below),), squares=None)


def _weeks(connection: Connection, start: date, last_date: date, of: Measure) -> pl.DataFrame:
    around = timedelta(weeks=WEEKS)
    return frame(
        connection,
        "queries/game_effect_days",
        start_date=start,
        first_date=start - around,
        last_date=min(last_date, start + around - timedelta(days=1)),
        above_names=_names(of.above),
        above_signs=[term.sign for term in of.above],
        below_names=_names(of.below),
        below_signs=[term.sign for term in of.below],
        channel_names=list(of.channels),
        direction_names=list(of.directions),
        queue_names=list(of.queues),
        topic_names=list(of.topics),
    )


def _names(terms: Sequence[Term]) -> list[str]:
    return [term.column_name for term in terms]


def _told(found: pl.DataFrame) -> pl.DataFrame:
    return found.select(pl.col(name).cast(kind) for name, kind in EFFECT_SCHEMA.items())


QUESTIONS = (
    game_holds_open,
    game_disputes_open,
    game_rules,
    game_rule_versions,
    game_rule_given,
    game_seasons,
    game_day_closes,
    game_rescores,
    game_effect_days,
    game_contest_effect_days,
)
