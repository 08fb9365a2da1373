"""Makes facts of the rows of a file, once their texts have been read: calls, states, shifts, surveys, reviews, money.

In: rows as text, and the mapping. Out: frames in the warehouse's words, and a reason for every row that is none.
The rule it guards: what a file tells in part is completed from what it does tell; where it tells a thing twice and the
two do not agree, the row is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from etl.mappings.mapping import Condition, Mapping, Rule
from etl.mappings.mapping_tickets import ticket_changes, ticket_events, ticket_records
from etl.mappings.mapping_values import (
    BLANKS,
    Context,
    Values,
    cleaned,
    numbers,
    read_field,
    read_instant,
    read_seconds,
    text_of,
)
from etl.mappings.mapping_words import TICKET_TEXTS, FieldWords
from etl.shapes import FACTS, INSTANT, OPEN_OUTCOMES
from etl.sources import NAME_SCHEMA

SEQ, KEY, ROW = "#seq", "#key", "#row"
"""What stands beside the columns of a row: its number in the batch, the name made of its content, its number in the file."""
LONGEST_AHEAD = timedelta(days=1)
TYPES: dict[str, pl.DataType] = {
    "instant": INSTANT,
    "seconds": pl.Int64(),
    "whole": pl.Int64(),
    "number": pl.Float64(),
    "bool": pl.Boolean(),
}
_ANSWERED = ("answered", "in_progress")
_LASTING = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_FAULTS = {"seq": pl.Int64(), "reason_text": pl.String()}


@dataclass(frozen=True)
class Mapped:
    """What became of some rows: facts, the rows that are none (seq, reason_text), and how many were passed over."""

    facts: dict[str, pl.DataFrame]
    faults: pl.DataFrame
    filtered_rows: int
    empty_rows: int
    seqs: pl.Series
    names: pl.DataFrame
    newest_event_at: datetime | None


def map_rows(frame: pl.DataFrame, context: Context, *, now: datetime) -> Mapped:
    """The facts of these rows. frame: the columns of the mapping as text, beside #seq, #row and, where made, #key."""
    mapping = context.mapping
    kept = frame.filter(_is_wanted(mapping))
    typed, faults = _typed(kept, context, now=now)
    typed, more = _completed(typed, mapping, context.zone)
    typed, empty = _without_empty(typed, mapping)
    facts = _facts(typed, mapping)
    begins = typed.filter(pl.col(mapping.words.begins_at) <= now)[mapping.words.begins_at]
    return Mapped(
        facts,
        pl.concat([faults, more]),
        frame.height - kept.height,
        empty,
        typed["seq"],
        _names(typed, mapping),
        _newest(begins),
    )


def _newest(begins: pl.Series) -> datetime | None:
    newest = begins.max()
    return newest if isinstance(newest, datetime) else None


def _is_wanted(mapping: Mapping) -> pl.Expr:
    wanted = pl.lit(value=True)
    if mapping.only:
        wanted = pl.any_horizontal(_fits(rule, mapping) for rule in mapping.only)
    if mapping.skip:
        wanted = wanted & ~pl.any_horizontal(_fits(rule, mapping) for rule in mapping.skip)
    return wanted


def _fits(rule: Rule, mapping: Mapping) -> pl.Expr:
    return pl.all_horizontal(
        part for column, condition in rule.items() for part in _conditions(column, condition, mapping)
    )


def _conditions(column: str, condition: Condition, mapping: Mapping) -> Iterator[pl.Expr]:
    text = pl.col(column).str.strip_chars(BLANKS).fill_null("")
    number = numbers(text, mapping.decimal_sign, mapping.thousands_sign)
    if condition.equals:
        yield _is_one_of(text, number, condition.equals)
    if condition.is_not:
        yield ~_is_one_of(text, number, condition.is_not)
    if condition.is_empty is not None:
        yield cleaned(pl.col(column), (*mapping.null_texts, "")).is_null() == condition.is_empty
    for limit, is_kept in (
        (condition.less_than, number.lt),
        (condition.at_most, number.le),
        (condition.more_than, number.gt),
        (condition.at_least, number.ge),
    ):
        if limit is not None:
            yield is_kept(limit).fill_null(value=False)


def _is_one_of(text: pl.Expr, number: pl.Expr, words: tuple[str, ...]) -> pl.Expr:
    plain = pl.DataFrame({"word": words}).select(numbers(pl.col("word"), ".", None)).to_series().drop_nulls()
    return text.is_in([word.strip(BLANKS) for word in words]) | number.is_in(plain.to_list()).fill_null(
        value=False
    )


def _typed(frame: pl.DataFrame, context: Context, *, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every field of the facts with its own type, of the rows whose texts could all be read; and the faults."""
    mapping, words = context.mapping, context.mapping.words
    read: dict[str, Values] = {}
    order = sorted(
        mapping.fields, key=lambda name: (name != words.begins_at, bool(mapping.fields[name].add_to))
    )
    for name in order:
        kind, spec = words.fields[name], mapping.fields[name]
        if spec.add_to is not None:
            read[name] = _added(frame, name, context, read[spec.add_to].series)
        elif kind.kind == "instant":
            first = read.get(words.begins_at)
            read[name] = read_instant(frame, name, context, after=first.series if first else None)
        else:
            read[name] = read_field(frame, name, kind, context)
    faults = [values.faults for values in read.values() if values.faults is not None]
    empty = [_missing(name, read[name].series, mapping) for (name, *others) in words.required if not others]
    ahead = _ahead(read[words.begins_at].series, mapping, now) if not words.may_lie_ahead else None
    reasons = [reason for reason in (*faults, *empty, ahead) if reason is not None]
    typed = pl.DataFrame(
        {
            "seq": frame[SEQ],
            ROW: frame[ROW],
            **({KEY: frame[KEY]} if KEY in frame.columns else {}),
            **{name: read[name].series for name in read},
        }
    ).with_columns(
        pl.lit(None, _type(kind)).alias(name) for name, kind in words.fields.items() if name not in read
    )
    if not reasons:
        return typed, pl.DataFrame(schema=_FAULTS)
    return _parted(typed.with_columns(reason_text=pl.coalesce([pl.lit(reason) for reason in reasons])))


def _type(words: FieldWords) -> pl.DataType:
    return TYPES.get(words.kind, pl.String())


def _parted(judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    faults = judged.filter(pl.col("reason_text").is_not_null()).select(_FAULTS.keys())
    return judged.filter(pl.col("reason_text").is_null()).drop("reason_text"), faults


def _added(frame: pl.DataFrame, name: str, context: Context, start: pl.Series) -> Values:
    spec, mapping = context.mapping.fields[name], context.mapping
    texts = frame.with_columns(text_of(name, spec, mapping)).get_column(name)
    seconds = read_seconds(texts, spec, mapping)
    return Values(
        pl.select(pl.lit(start) + pl.duration(seconds=pl.lit(seconds.series))).to_series(), seconds.faults
    )


def _missing(name: str, series: pl.Series, mapping: Mapping) -> pl.Series | None:
    if not series.null_count():
        return None
    columns = "', '".join(mapping.fields[name].column_names)
    reason = f"{name}: column '{columns}' is empty; expected a value in every row"
    return pl.select(pl.when(pl.lit(series).is_null()).then(pl.lit(reason))).to_series()


def _ahead(begins: pl.Series, mapping: Mapping, now: datetime) -> pl.Series:
    reason = pl.format(
        "{} is {}; expected no instant after today",
        pl.lit(mapping.words.begins_at),
        pl.lit(begins).dt.strftime("%Y-%m-%d"),
    )
    return pl.select(pl.when(pl.lit(begins) > now + LONGEST_AHEAD).then(reason)).to_series()


def _completed(typed: pl.DataFrame, mapping: Mapping, zone: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with what follows from their fields, and those of which two fields do not agree."""
    id_name = mapping.words.id_name
    given = [pl.col("updated_at").dt.epoch("us").fill_null(0).alias("version_number")]
    if mapping.makes_ids and id_name is not None:
        given.append(pl.col(KEY).alias(id_name))
    if "customer" in typed.columns:
        given.append(pl.col("customer").alias("customer_key"))
    typed = typed.with_columns(given)
    if mapping.facts == "calls":
        typed = _whole_calls(typed, mapping)
    elif mapping.facts == "tickets" and mapping.one_row_is == "ticket":
        typed = typed.with_columns(reason_text=_ticket_fault())
    elif "duration_seconds" in typed.columns:
        typed = typed.with_columns(ended_at=_window_end(mapping, zone))
    return _parted(typed) if "reason_text" in typed.columns else (typed, pl.DataFrame(schema=_FAULTS))


def _window_end(mapping: Mapping, zone: str) -> pl.Expr:
    ends = [pl.col("ended_at"), pl.col("started_at") + pl.duration(seconds="duration_seconds")]
    if mapping.lasts is not None:
        local = pl.col("started_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        end = local.dt.offset_by(_LASTING[mapping.lasts])
        ends.append(
            end.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone(
                "UTC"
            )
        )
    return pl.coalesce(ends)


def _whole_calls(typed: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Calls with their answer, end, outcome, wait and talk; reason_text where two that are told do not agree."""
    typed = _with_answers(typed, mapping)
    typed = typed.with_columns(ended_at=_call_end(mapping))
    offered, ended, answered = pl.col("offered_at"), pl.col("ended_at"), pl.col("answered_at")
    told, talk = pl.col("outcome_name"), pl.col("talk_seconds")
    hold = pl.col("hold_seconds").fill_null(0)
    open_name = pl.when("is_answered").then(pl.lit("in_progress")).otherwise(pl.lit("waiting"))
    closed_name = pl.when("is_answered").then(pl.lit("answered")).otherwise(pl.lit("abandoned"))
    outcome = pl.when(told.is_null() | (told == "answered")).then(
        pl.when(ended.is_null()).then(open_name).otherwise(closed_name)
    )
    left = pl.when("is_answered").then(answered).otherwise(pl.coalesce("left_queue_at", "told_end"))
    typed = typed.with_columns(
        outcome_name=pl.coalesce(outcome, told),
        reason_text=_disagreement(left, mapping),
        wait_seconds=pl.coalesce("wait_seconds", (left - offered).dt.total_seconds()),
        talk_seconds=pl.when("is_answered")
        .then(pl.coalesce(talk, (pl.col("told_end") - answered).dt.total_seconds() - hold))
        .otherwise(pl.when(talk > 0).then(talk)),
        agent_name=pl.when(answered.is_not_null()).then("agent_name"),
        contact_id=pl.coalesce("contact_id", "call_id"),
    )
    return typed.sort("version_number", maintain_order=True)


def _with_answers(typed: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    """Calls with whether and when they were answered: as told, after the wait, or before the talk."""
    offered, told, talk = pl.col("offered_at"), pl.col("outcome_name"), pl.col("talk_seconds")
    hold = pl.col("hold_seconds").fill_null(0)
    if "answered_at" in mapping.fields:
        seems_answered = pl.col("answered_at").is_not_null()
    else:
        seems_answered = (talk > 0).fill_null(value=False)
    typed = typed.with_columns(
        is_answered=pl.when(told.is_null()).then(seems_answered).otherwise(told.is_in(_ANSWERED)),
        told_end=pl.coalesce("ended_at", offered + pl.duration(seconds="duration_seconds")),
        waited_until=offered + pl.duration(seconds="wait_seconds"),
    )
    before_talk = pl.col("told_end") - pl.duration(seconds=talk + hold)
    answer = pl.coalesce("answered_at", "left_queue_at", "waited_until", before_talk)
    return typed.with_columns(
        answered_at=pl.when("is_answered").then(answer).when(told == "interrupted").then("answered_at")
    )


def _call_end(mapping: Mapping) -> pl.Expr:
    """When the call ended: as told, after talk and hold, or when it left the queue; null while it lasts.

    A call lasts where it is told so, or where ended_at is mapped and empty and nothing else tells its end.
    """
    told, answered = pl.col("outcome_name"), pl.col("answered_at")
    after_talk = answered + pl.duration(seconds=pl.col("talk_seconds") + pl.col("hold_seconds").fill_null(0))
    left = pl.coalesce(answered, "left_queue_at", "waited_until")
    if "ended_at" in mapping.fields:
        left = pl.when(told.is_not_null() & ~pl.col("is_answered")).then(left)
    else:
        after_talk = pl.coalesce(after_talk, answered)
    derived = pl.when("is_answered").then(after_talk).otherwise(left)
    is_open = told.is_in(OPEN_OUTCOMES).fill_null(value=False)
    return pl.when(is_open).then("told_end").otherwise(pl.coalesce("told_end", derived))


def _disagreement(left: pl.Expr, mapping: Mapping) -> pl.Expr:
    """The reason for which a call is refused that tells a duration twice, in two ways."""
    waits = (left - pl.col("offered_at")).dt.total_seconds()
    talks = (pl.col("told_end") - pl.col("answered_at")).dt.total_seconds()
    lasts = (pl.col("ended_at") - pl.col("offered_at")).dt.total_seconds()
    talk, hold = pl.col("talk_seconds"), pl.col("hold_seconds").fill_null(0)
    most = mapping.agree_within_seconds
    near_talk = pl.min_horizontal(
        (talks - part).abs()
        for part in (talk, talk + hold, talk + hold + pl.col("wrap_up_seconds").fill_null(0))
    )
    within = f"expected them to agree within {most} s (agree_within_seconds)"
    text = "{} is {}, {} lies {} s after {}; " + within

    def told(name: str, value: pl.Expr, end: str, seconds: pl.Expr, start: str) -> pl.Expr:
        return pl.format(text, pl.lit(name), value, pl.lit(end), seconds, pl.lit(start))

    wait, lasting = pl.col("wait_seconds"), pl.col("duration_seconds")
    unknown = (
        "nothing tells the wait; expected wait_seconds, left_queue_at, answered_at, or an end (and talk_seconds); where "
        "nobody waits, wait_seconds = { constant = 0 }"
    )
    is_over = pl.col("is_answered") | ~pl.col("outcome_name").is_in(OPEN_OUTCOMES).fill_null(value=False)
    return (
        pl.when(is_over & pl.coalesce(wait, waits).is_null() & ~_may_wait(mapping))
        .then(pl.lit(unknown))
        .when((wait - waits).abs() > most)
        .then(told("wait_seconds", wait, "the end of the wait", waits, "offered_at"))
        .when(pl.col("is_answered") & (near_talk > most))
        .then(told("talk_seconds", talk, "ended_at", talks, "the answer"))
        .when((lasting - lasts).abs() > most)
        .then(told("duration_seconds", lasting, "ended_at", lasts, "offered_at"))
    )


def _may_wait(mapping: Mapping) -> pl.Expr:
    """Whether a call of which no end is told is one that waits still."""
    is_told = pl.col("outcome_name").is_not_null() | pl.col("is_answered")
    return ~is_told if "ended_at" in mapping.fields else pl.lit(value=False)


def _ticket_fault() -> pl.Expr:
    created = pl.col("created_at") - pl.duration(seconds=60)
    is_over = pl.col("status_name").is_in(("solved", "closed"))
    has_end = pl.any_horizontal(
        pl.col(name).is_not_null() for name in ("solved_at", "closed_at", "updated_at")
    )
    early = [
        pl.when(pl.col(name) < created).then(pl.lit(f"{name} is before created_at"))
        for name in ("first_reply_at", "reopened_at", "solved_at", "closed_at")
    ]
    unknown = pl.format(
        "status_name is '{}', and solved_at, closed_at and updated_at are empty; expected one of them",
        "status_name",
    )
    return pl.coalesce(*early, pl.when(is_over & ~has_end).then(unknown))


def _without_empty(typed: pl.DataFrame, mapping: Mapping) -> tuple[pl.DataFrame, int]:
    """Without states that last no time at all, which tell nothing; and how many they were."""
    if mapping.facts != "agent_states":
        return typed, 0
    lasting = typed.filter((pl.col("ended_at") != pl.col("started_at")).fill_null(value=True))
    return lasting, typed.height - lasting.height


def _facts(typed: pl.DataFrame, mapping: Mapping) -> dict[str, pl.DataFrame]:
    if mapping.facts == "tickets":
        is_change = mapping.one_row_is == "change"
        events = ticket_changes(typed, mapping) if is_change else ticket_records(typed)
        return {"tickets": _columns(typed, "tickets"), "ticket_events": events}
    if mapping.facts == "ticket_events":
        born = typed.filter(pl.col("event_name") == "created").with_columns(created_at="occurred_at")
        told = {"tickets": _columns(born, "tickets")} if _tells_of_tickets(mapping) else {}
        return {**told, "ticket_events": ticket_events(typed)}
    facts = _columns(typed, mapping.facts)
    if mapping.facts == "calls":  # told twice in one batch: as the last row says
        facts = facts.unique("call_id", keep="last", maintain_order=True)
    return {mapping.facts: facts}


def _tells_of_tickets(mapping: Mapping) -> bool:
    """Whether the row of a creation tells more of the ticket than that it was made."""
    return bool(mapping.fields.keys() & {"channel_name", "customer", *TICKET_TEXTS})


def _columns(typed: pl.DataFrame, fact_name: str) -> pl.DataFrame:
    shape = FACTS[fact_name]
    names = [name for name in shape.columns if name in typed.columns]
    keys = [f"{of}_name" for of in ("queue", "agent") if f"{of}_id" in shape.columns]
    return typed.select(list(dict.fromkeys([*names, *keys])))


def _names(typed: pl.DataFrame, mapping: Mapping) -> pl.DataFrame:
    parts = [pl.DataFrame(schema=NAME_SCHEMA)]
    for of in ("queue", "agent"):
        if f"{of}_display_name" in mapping.fields and f"{of}_name" in mapping.fields:
            told = typed.select(
                kind_name=pl.lit(of),
                source_key=pl.col(f"{of}_name"),
                display_name=pl.col(f"{of}_display_name"),
            )
            parts.append(told.drop_nulls().unique(["source_key"], keep="last", maintain_order=True))
    return pl.concat(parts)
