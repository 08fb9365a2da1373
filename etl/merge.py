"""Merges a batch into the warehouse, within the transaction of whoever calls.

In: a batch's facts and refused rows. Out: facts, quarantine and rollups of the touched 15-minute intervals.
The rule it guards: rows go in by key and in the order of their keys, and every interval that a row touches is counted anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import polars.selectors as cs
import sqlalchemy as sa

from etl.config import Settings
from etl.customer_key import customer_secret
from etl.customer_periods import periods_in
from etl.erased import erased_in
from etl.frames import copy_to_stage, fitted, judged
from etl.masking import masked
from etl.refusals import close_loaded
from etl.retained import left_out_text, retained_in
from etl.shapes import (
    AGENT_STATES,
    CALLS,
    CONTACT_LINKS,
    DIRTY_AGENT_INTERVALS,
    DIRTY_QUEUE_INTERVALS,
    FACTS,
    INTERVAL_FACTS,
    LEFT_OUTCOMES,
    QUEUE_MEMBERS,
    REJECTS,
    Shape,
)
from etl.sources import Batch, SourceSettings
from etl.tickets import ticket_merge
from sql import notices, policy, warehouse

LONGEST_KEY = 250
BAD_KEY = -1
LONGEST_STATE = timedelta(
    days=31
)  # what lasts longer is a lost end: rollups follow it no further, as in sql/rollups

Facts = list[tuple[Shape, pl.DataFrame]]


@dataclass(frozen=True)
class Merged:
    """What a batch changed, in rows of the source."""

    loaded_rows: int
    rejected_rows: int
    has_refused: bool = False
    """Whether there was anything that the reader took and the warehouse does not."""
    left_out_text: str | None = None
    """What was told and is older than what is kept, in words; null where there was nothing of it."""


def merge_batch(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    *,
    run_id: int,
    now: Callable[[], datetime],
) -> Merged:
    """Merges the batch's facts and refused rows in the connection's transaction and rolls the touched intervals up."""
    run = {"source_name": source.name, "run_id": run_id}
    of_facts = {"source_name": source.facts_source_name, "run_id": run_id}
    is_shared = any(
        other != source and other.facts_source_name == source.facts_source_name for other in settings.sources
    )
    # Whoever tells under the same name waits here: what is read from now on is what stands at the end.
    warehouse.one_row(connection, "merge/facts_lock", source_name=source.facts_source_name)
    erased = erased_in(
        connection, customer_secret,
        source_name=source.facts_source_name, country_name=settings.site.site.country_name,
    )  # fmt: skip
    taken, refused_records, refused_facts = _judged(batch)
    retained = retained_in(connection, source_name=source.facts_source_name)
    batch = replace(batch, names=erased.with_aliases(batch.names))
    young, left_out = retained.of_facts(erased.of_facts(taken))
    facts = _with_ids(connection, settings, source, batch, periods_in(connection).of_facts(young))
    for statement in _stages(facts):
        connection.exec_driver_sql(warehouse.statement(statement))
    refused_rows = _storable(pl.concat([batch.rejects, refused_records]), settings)
    refused_rows = erased.of_texts(refused_rows)
    copy_to_stage(connection, refused_rows, REJECTS)
    warehouse.execute(connection, "merge/rejects", **run, rejected_at=now())
    rejected_rows = refused_rows.height
    for refused in refused_facts:  # of a log: a fact may hold several of its rows, or none
        copy_to_stage(connection, erased.of_texts(_storable(_refusals(refused, source), settings)), REJECTS)
        warehouse.execute(connection, "merge/rejects", **run, rejected_at=now())
        rejected_rows += int(refused["new_rows"].sum()) if "new_rows" in refused.columns else 0
    ticket_merge.note_days(connection, facts, source_name=source.facts_source_name)
    loaded_rows, loaded_seqs = 0, set[int]()
    for shape, frame in facts:
        changed_rows, changed_seqs = merge_facts(
            connection, frame, shape, run=of_facts,
            is_record=batch.rows is not None, replaces_tails=batch.replaces_tails, is_shared=is_shared,
        )  # fmt: skip
        loaded_rows += changed_rows
        loaded_seqs.update(changed_seqs)
    if batch.unused.height:
        unused = (
            erased.of_texts(_storable(batch.unused, settings))
            .group_by("event_name", maintain_order=True)
            .agg(pl.col("is_known").all(), pl.col("read_rows").sum())
        )
        warehouse.execute(
            connection,
            "merge/unused_events",
            **run,
            event_names=unused["event_name"].to_list(),
            are_known=unused["is_known"].to_list(),
            read_rows=unused["read_rows"].to_list(),
        )
    close_loaded(
        connection, batch, refused_rows, source_name=source.name, now=now(),
        stored=lambda told: erased.of_texts(_storable(told, settings)),
    )  # fmt: skip
    ticket_merge.settle(connection, facts, run=of_facts)
    warehouse.one_row(connection, "rollups/lock_shared")
    roll_up(connection)
    if loaded_rows or loaded_seqs:
        notices.tell(connection)
    has_refused = refused_records.height > 0 or bool(refused_facts)
    left_out_words = left_out_text(left_out, retained.whole_from)
    return Merged(loaded_rows + len(loaded_seqs), rejected_rows, has_refused, left_out_words)


def _judged(
    batch: Batch,
) -> tuple[Facts, pl.DataFrame, list[pl.DataFrame]]:
    """The facts that the warehouse takes, the source's rows that it does not (for a log: the facts).

    Of a record of which one fact is refused, all are: it is refused whole, with its place and its text.
    """
    taken, reasons, refused_facts = [], [], []
    known_rows = batch.rows.select("seq") if batch.rows is not None else None
    for shape in FACTS.values():
        if (frame := batch.facts.get(shape.fact_name)) is None:
            continue
        rows = judged(_with_stand_ins(_with_places(frame, shape, batch.rows), shape), shape)
        taken.append((shape, rows.filter(pl.col("reason_text").is_null())))
        refused = rows.filter(pl.col("reason_text").is_not_null())
        if known_rows is not None and "seq" in refused.columns:
            of_records = refused.join(known_rows, on="seq", how="semi")
            named = pl.format("{}: {}", pl.lit(shape.fact_name), "reason_text")
            reasons.append(of_records.select("seq", reason_text=named))
            refused = refused.join(known_rows, on="seq", how="anti", nulls_equal=False)
        if refused.height:
            refused_facts.append(refused)
    first = pl.concat(reasons).unique("seq", keep="first", maintain_order=True) if reasons else None
    if batch.rows is None or first is None or first.is_empty():
        return taken, batch.rejects.clear(), refused_facts
    refused_records = batch.rows.join(first, on="seq", how="inner", maintain_order="left").select(
        "place_text", pl.lit("").alias("file_key"), "reason_text", "raw_text"
    )
    whole = [
        (
            shape,
            good.join(first, on="seq", how="anti", maintain_order="left") if "seq" in good.columns else good,
        )
        for shape, good in taken
    ]
    return whole, refused_records, refused_facts


def _with_places(frame: pl.DataFrame, shape: Shape, rows: pl.DataFrame | None) -> pl.DataFrame:
    """Calls with the place of the row that told of them, where the source gives its rows."""
    if shape is not CALLS or rows is None or "seq" not in frame.columns:
        return frame
    places = rows.select(pl.col("seq").cast(frame.schema["seq"]), "place_text")
    return frame.drop("place_text", strict=False).join(places, on="seq", how="left", maintain_order="left")


def _with_stand_ins(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Keys of queues and agents as they will be judged: any id where the key can be one, none where it cannot."""
    columns: list[pl.Expr] = []
    for kind in ("queue", "agent"):
        if f"{kind}_id" not in shape.columns or f"{kind}_name" not in frame.columns:
            continue
        key = pl.col(f"{kind}_name").cast(pl.String)
        is_bad = key.str.contains("\x00", literal=True) | (key.str.strip_chars() == "")
        is_bad = is_bad | (key.str.len_chars() > LONGEST_KEY)
        # -1 is below every bound: the gate refuses the row and names the column
        columns.append(
            pl.when(is_bad).then(BAD_KEY).when(key.is_not_null()).then(1).cast(pl.Int64).alias(f"{kind}_id")
        )
    counts = "new_rows" in shape.columns and "new_rows" not in frame.columns  # a record counts by its seq
    return frame.with_columns(*columns, *([pl.lit(0, pl.Int64).alias("new_rows")] if counts else []))


def _storable(told: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """What a source told as it is kept: no numbers and addresses of customers, NUL bytes as the sign for them."""
    if told.is_empty():
        return told
    secret, country_name = customer_secret(), settings.site.site.country_name
    columns = [
        pl.Series(name, [text and masked(text, secret, country_name) for text in told[name]], dtype=pl.String)
        for name in ("reason_text", "raw_text", "event_name")
        if name in told.columns
    ]
    storable = cs.string().str.replace_all("\x00", "\u2400", literal=True)
    return told.with_columns(columns).with_columns(storable)


def _stages(facts: Facts) -> list[str]:
    """The statements that make the staging tables that the batch needs."""
    given = {shape.fact_name for shape, frame in facts if frame.height}
    wings = {"merge/stage_tickets": {"tickets", "ticket_events"}}
    others = given - wings["merge/stage_tickets"] - {shape.fact_name for shape in INTERVAL_FACTS}
    return [
        "merge/stage",
        *(name for name, wing in wings.items() if wing & given),
        *(["merge/stage_others"] if others else []),
    ]


def merge_facts(
    connection: sa.Connection,
    frame: pl.DataFrame,
    shape: Shape,
    *,
    run: dict[str, Any],
    is_record: bool = False,
    replaces_tails: bool = True,
    is_shared: bool = False,
) -> tuple[int, list[int]]:
    """Stages and merges one kind of fact and notes the intervals it touches.

    Gives how many of the source's rows changed anything, and for records (is_record) which, by seq.
    """
    if frame.is_empty():
        return 0, []
    frame = _told_once(frame, shape, source_name=run["source_name"], is_record=is_record)
    if shape in (CALLS, AGENT_STATES):
        make_months(connection, frame)
    copy_to_stage(connection, frame, shape)
    options: dict[str, Any] = {}
    if shape is CALLS:
        if is_record:
            warehouse.execute(connection, "merge/calls_told_again", source_name=run["source_name"])
        elif is_shared:
            warehouse.execute(connection, "merge/calls_told_twice", source_name=run["source_name"])
        options = {"is_record": is_record}
        start = pl.col("offered_at").dt.truncate("15m").alias("interval_start_at")
        copy_to_stage(connection, frame.select("queue_id", start).unique(), DIRTY_QUEUE_INTERVALS)
        answered = frame.filter(pl.col("answered_at").is_not_null() & pl.col("agent_id").is_not_null())
        start = pl.col("answered_at").dt.truncate("15m").alias("interval_start_at")
        copy_to_stage(connection, answered.select("agent_id", start).unique(), DIRTY_AGENT_INTERVALS)
    elif shape is AGENT_STATES:
        options = {"replaces_tails": replaces_tails}
        if is_shared:
            warehouse.execute(connection, "merge/agent_states_live", source_name=run["source_name"])
    if shape is QUEUE_MEMBERS:
        warehouse.execute(connection, f"merge/{shape.fact_name}", **run)
        return 0, []
    changed_rows, changed_seqs = warehouse.one_row(connection, f"merge/{shape.fact_name}", **run, **options)
    if shape is CALLS:
        warehouse.execute(connection, "merge/callback_links", run_id=run["run_id"])
    return int(changed_rows), list(changed_seqs)


def _told_once(frame: pl.DataFrame, shape: Shape, *, source_name: str, is_record: bool) -> pl.DataFrame:
    """The facts of a batch by their keys, each as it counts: the newest telling, with what follows from it."""
    if is_record and "version_number" in frame.columns:
        frame = frame.sort("version_number", maintain_order=True)
    if is_record and shape is CALLS:
        frame = _with_waits(_newest_told(frame))
    if shape is CONTACT_LINKS:
        frame = frame.with_columns(pl.col("source_name").fill_null(source_name))
    if shape.key:  # the same key twice in one batch (a clock that was set back): the row told last
        frame = frame.unique(shape.key, keep="last", maintain_order=True)
    return frame


def facts_taken(connection: sa.Connection, settings: Settings, source: SourceSettings, batch: Batch) -> Facts:
    """What of a batch the warehouse takes, as merge_batch would merge it; nothing is merged.

    The columns of the shape, and queue_name and agent_name where the source told them; an id below 0 stands for a
    queue or an agent that the warehouse does not know.
    """
    erased = erased_in(
        connection, customer_secret,
        source_name=source.facts_source_name, country_name=settings.site.site.country_name,
    )  # fmt: skip
    retained = retained_in(connection, source_name=source.facts_source_name)
    young, _ = retained.of_facts(erased.of_facts(_judged(batch)[0]))
    taken = periods_in(connection).of_facts(young)
    taken = _withheld(connection, taken)
    known = _names(connection, source)
    facts = []
    for shape, frame in taken:
        names = [name for name in ("queue_name", "agent_name") if name in frame.columns]
        columns = [
            *(pl.col(name).cast(dtype) for name, dtype in shape.columns.items()),
            *(pl.col(name).cast(pl.String) for name in names),
        ]
        whole = _identified(frame, shape, known).select(columns)
        stand_ins = [
            pl.coalesce(f"{of}_id", _unknown(pl.col(f"{of}_name")))
            for of in (name.removesuffix("_name") for name in names)
            if f"{of}_id" in shape.columns
        ]
        is_record = batch.rows is not None
        facts.append(
            (
                shape,
                _told_once(
                    whole.with_columns(stand_ins),
                    shape,
                    source_name=source.facts_source_name,
                    is_record=is_record,
                ),
            )
        )
    return facts


def _withheld(connection: sa.Connection, taken: Facts) -> Facts:
    """The facts, without the agent where the site's policy does not let them be stored with one."""
    off = policy.stored_without_agent(connection, {shape.fact_name for shape, _ in taken})
    return [
        (shape, frame.with_columns(pl.lit(None, pl.String).alias("agent_name")))
        if shape.fact_name in off and "agent_name" in frame.columns
        else (shape, frame)
        for shape, frame in taken
    ]


def _unknown(name: pl.Expr) -> pl.Expr:
    """A number below 0 for the name of somebody who has none, the same for the same name."""
    return pl.when(name.is_not_null()).then(-2 - (name.hash() % 2**30).cast(pl.Int32))


def _newest_told(calls: pl.DataFrame) -> pl.DataFrame:
    """Of calls that are told several times, all stays of the newest version, each as it was told last."""
    if not calls["call_id"].is_duplicated().any():
        return calls
    newest = calls.group_by("call_id").agg(pl.col("version_number").max())
    of_newest = calls.join(newest, on=["call_id", "version_number"], how="semi", maintain_order="left")
    return of_newest.unique(["call_id", "stay_number"], keep="last", maintain_order=True)


def _with_waits(calls: pl.DataFrame) -> pl.DataFrame:
    """Where a record does not tell the wait, it lasts from the entry to the answer, or to leaving unanswered."""
    left_at = pl.when(pl.col("outcome_name").is_in(LEFT_OUTCOMES)).then("ended_at")
    waited = (pl.coalesce("answered_at", left_at) - pl.col("offered_at")).dt.total_seconds()
    return calls.with_columns(wait_seconds=pl.coalesce("wait_seconds", waited.cast(pl.Int32)))


def roll_up(connection: sa.Connection) -> int:
    """Makes the intervals that are noted as dirty anew from the facts; the number of rollup rows that changed."""
    are_dirty = warehouse.one_row(connection, "rollups/are_dirty")
    wings = (
        "rollups/queue_intervals",
        "rollups/agent_intervals",
    )  # to plan one takes longer than to see it is idle
    return sum(
        warehouse.execute(connection, wing)
        for wing, is_dirty in zip(wings, are_dirty, strict=True)
        if is_dirty
    )


def _refusals(refused: pl.DataFrame, source: SourceSettings) -> pl.DataFrame:
    key = "call_id" if "call_id" in refused.columns else "agent_id"
    return refused.select(
        place_text=pl.format("{} {}", pl.lit(f"{source.name}:"), pl.col(key)),
        file_key=pl.lit(""),
        reason_text="reason_text",
        raw_text=pl.struct(pl.exclude("reason_text")).struct.json_encode(),
    )


def _with_ids(
    connection: sa.Connection,
    settings: Settings,
    source: SourceSettings,
    batch: Batch,
    taken: Facts,
) -> Facts:
    """The facts with our queue_id and agent_id; queues and agents named for the first time are made."""
    taken = _withheld(connection, taken)
    known = _names(connection, source)
    told = {
        (kind, key): name.replace("\x00", "")[:LONGEST_KEY]
        for kind, key, name in batch.names.select("kind_name", "source_key", "display_name").iter_rows()
        if name
    }
    has_new = False
    for kind, more in (
        ("queue", {"time_zone_name": settings.site.time_zone}),
        ("agent", {"site_name": settings.site.name}),
    ):
        if new_keys := _new_keys(taken, kind, known[kind]):
            has_new = True
            names = [told.get((kind, key)) for key in new_keys]
            warehouse.execute(
                connection,
                f"merge/{kind}s",
                source_name=source.facts_source_name,
                source_keys=new_keys,
                display_names=names,
                **more,
            )
    known = _names(connection, source) if has_new else known
    _learn_names(connection, source, known, told)
    return [(shape, fitted(_identified(frame, shape, known), shape)) for shape, frame in taken]


def _new_keys(taken: Facts, kind: str, known: dict[str, _Known]) -> list[str]:
    column = f"{kind}_name"
    named = [frame[column] for _, frame in taken if column in frame.columns]
    if not named:
        return []
    keys = pl.concat([series.cast(pl.String) for series in named]).drop_nulls().unique()
    return [key for key in keys if key not in known]


def _learn_names(
    connection: sa.Connection,
    source: SourceSettings,
    known: dict[str, dict[str, _Known]],
    told: dict[tuple[str, str], str],
) -> None:
    """What was called by its bare key so far gets the name that its source tells now."""
    learned = [
        (kind, key, name)
        for (kind, key), name in told.items()
        if key in known.get(kind, {}) and known[kind][key].display_name == key and name != key
    ]
    if learned:
        warehouse.execute(
            connection,
            "merge/names_learned",
            source_name=source.facts_source_name,
            kind_names=[kind for kind, _, _ in learned],
            source_keys=[key for _, key, _ in learned],
            display_names=[name for _, _, name in learned],
        )


def _identified(frame: pl.DataFrame, shape: Shape, known: dict[str, dict[str, _Known]]) -> pl.DataFrame:
    ids = [
        pl.col(f"{kind}_name")
        .cast(pl.String)
        .replace_strict(
            {key: row.of_id for key, row in known[kind].items()}, default=None, return_dtype=pl.Int32
        )
        .alias(f"{kind}_id")
        for kind in ("queue", "agent")
        if f"{kind}_id" in shape.columns and f"{kind}_name" in frame.columns
    ]
    return frame.with_columns(ids)


@dataclass(frozen=True)
class _Known:
    """A queue or agent that the warehouse has: its number and what it is called."""

    of_id: int
    display_name: str


def _names(connection: sa.Connection, source: SourceSettings) -> dict[str, dict[str, _Known]]:
    known: dict[str, dict[str, _Known]] = {"queue": {}, "agent": {}}
    for kind, key, number, name in connection.execute(
        sa.text(warehouse.statement("merge/names")), {"source_name": source.facts_source_name}
    ):
        known[kind][key] = _Known(number, name)
    return known


def make_months(connection: sa.Connection, frame: pl.DataFrame) -> None:
    """Makes the partitions for every month that a row begins, is answered, or lasts in (as far as rollups follow it)."""
    begin = pl.col(frame.columns[0])
    end = pl.min_horizontal(
        begin + LONGEST_STATE, "ended_at"
    )  # null while it lasts: the months that it may last in
    spans = frame.select(
        begin.dt.date().dt.month_start().alias("first"), end.dt.date().dt.month_start().alias("last")
    ).unique()
    months = set(spans.select(pl.date_ranges("first", "last", "1mo").explode()).to_series().drop_nulls())
    if "answered_at" in frame.columns:
        months |= set(frame["answered_at"].dt.date().dt.month_start().drop_nulls().unique())
    warehouse.execute(connection, "merge/months", months=sorted(months))
