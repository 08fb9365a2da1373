"""Guesses how a file is to be mapped, and shows what would become of its rows before anything is loaded.

In: a file that nobody described. Out: a mapping with its reasons, the first rows mapped, those refused, the lines to write.
The rule it guards: a guess is shown, never loaded; where a column can be read in two ways, the doubt is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError

from etl import LoadError
from etl.frames import gate
from etl.mappings.guess_columns import Column, look
from etl.mappings.guess_fields import MIDNIGHTS, FieldGuess, fields_of, idle_midnights, score_of
from etl.mappings.guess_words import word
from etl.mappings.mapping_toml import toml_of
from etl.mappings.mapping_words import WORDS, FactsName
from etl.shapes import FACTS
from etl.sources import REJECT_SCHEMA, Batch, Name, Site
from etl.sources.files.file_chunks import looks_like_data
from etl.sources.files.file_open import shown
from etl.sources.files.file_sample import MOST_COLUMNS, Sample, sample
from etl.sources.mapped_file import MappedFileSettings

NEW_CHANGES = 1.2  # rows a ticket, from which on a file tells changes
_UNSURE = 0.6
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NOBODY = frozenset(("noserver", "noagent", "none", "nobody", "unassigned", "unknown", "system", "na"))
REPEATED = "repeated_rows"
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_SECRET = b"of a preview, which stores nothing"


@dataclass(frozen=True)
class Guess:
    """What a file seems to hold. settings is None where fields are missing that are needed (`missing`)."""

    path: Path
    facts: FactsName
    confidence_ratio: float
    fields: tuple[FieldGuess, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    settings: MappedFileSettings | None
    toml_text: str


@dataclass(frozen=True)
class Preview:
    """What would become of a file: the first rows mapped, the refused ones (place, reason, raw), counts, warnings."""

    mapped: pl.DataFrame
    rejected: pl.DataFrame
    counts: dict[str, int]
    warnings: tuple[str, ...]
    toml_text: str
    is_whole: bool = True
    """Whether the counts are of the whole file, not of its beginning only."""
    guess: Guess | None = field(default=None, repr=False)


def guess(file: Path, *, facts: FactsName | None = None, name: str | None = None) -> Guess:
    """The mapping that the names of the columns and their texts suggest; LoadError where the file cannot be read.

    facts: what its rows are, where that is known; without it the facts of which most is found are taken.
    """
    title = _title(file, name)
    taken = sample(file)
    columns = look(taken.rows)
    kinds = [facts] if facts is not None else list(WORDS)
    tried = [(score_of(kind, found := fields_of(kind, columns), file), kind, found) for kind in kinds]
    score, kind, found = max(tried, key=lambda item: item[0])
    missing = tuple(
        " or ".join(group)
        for group in WORDS[kind].required
        if not set(group) & {item.field_name for item in found}
    )
    return _told(file, taken, kind, found, missing, columns, score=score, title=title)


def _told(
    file: Path,
    taken: Sample,
    facts: FactsName,
    found: list[FieldGuess],
    missing: tuple[str, ...],
    columns: dict[str, Column],
    *,
    score: float,
    title: str,
) -> Guess:
    """The guess as settings and as text, with everything of which a person must think."""
    warnings = _of_the_file(file, taken, facts, score)
    fields = {item.field_name: dict(item.settings) for item in found}
    table: dict[str, Any] = {
        "name": title,
        "kind": "file",
        "path": str(file.absolute()),
        "every_seconds": 300,
    }
    table |= {"facts": facts, **taken.settings}
    for item in found:
        warnings += _refine(item, fields[item.field_name], columns[item.column_name], facts)
    timed = [
        item.field_name
        for item in found
        if columns[item.column_name].is_time_of_day and "format" in item.settings
    ]
    if timed:
        warnings += _add_day(file, table, [fields[field_name] for field_name in timed], columns)
    if facts == "tickets":
        table |= _changes(fields, columns)
    if facts == "calls" and "queue_name" not in fields:
        fields["queue_name"] = {"constant": _stem(file) or title}
        missing = tuple(item for item in missing if item != "queue_name")
        warnings.append("no column seems to be the queue; the name of the file stands for it.")
    if missing:
        warnings.append(f"no column seems to be {', '.join(missing)}.")
    table["fields"] = fields
    settings = None if missing else _settings(file, table)
    text = toml_of(
        {**table, "path": shown(table["path"])},
        comments={item.field_name: item.reason_text for item in found if item.field_name in fields},
    )
    return Guess(
        file,
        facts,
        round(min(1.0, score), 2),
        tuple(found),
        missing,
        tuple(warnings),
        settings,
        text + _to_add(missing),
    )


def _refine(item: FieldGuess, settings: dict[str, Any], column: Column, facts: FactsName) -> list[str]:
    """Adds what the texts of the column tell beside its name; gives what a person must look at."""
    warnings = [f"{item.column_name}: {column.doubt}."] if column.doubt else []
    if item.reason_text.endswith(" unknown"):
        warnings.append(
            f"{item.column_name}: {item.reason_text.rpartition('; ')[2]}; rows with such words are refused until they "
            "stand in values or in [[sources.skip]]."
        )
    rows = column.texts.len()
    is_first = item.field_name == WORDS[facts].begins_at
    midnights = idle_midnights(column)
    if column.words and not is_first and column.is_time_of_day:
        midnights = [text for text in column.words if text in MIDNIGHTS]
    if midnights:
        settings["null_texts"] = midnights
    if midnights and is_first:
        count = int(column.texts.is_in(midnights).sum())
        warnings.append(
            f"{item.column_name}: {count} of {rows} rows say {midnights[0]}, which seems to mean that nothing is told; they "
            f"are refused for want of {item.field_name}. Name another column for it, or pass them over in [[sources.skip]]."
        )
    nobody = [text for text, count in column.words.items() if word(text) in _NOBODY and count > rows / 100]
    if item.field_name == "agent_name" and nobody:
        settings["null_texts"] = nobody
    if item.field_name == WORDS[facts].id_name and facts != "tickets" and not column.is_unique:
        warnings.append(
            f"{item.column_name}: {rows - column.distinct} of {rows} texts come again, and each counts once. Where they are "
            'different rows, join columns: columns = ["...", "..."].'
        )
    return warnings


def _stem(file: Path) -> str:
    return _CONTROL.sub(" ", shown(file.name).partition(".")[0])[:100].strip()


def _title(file: Path, name: str | None) -> str:
    """The name of the source: the one that is asked for, else after the file; LoadError where it is none."""
    if name is None:
        return _stem(file).replace("_", " ") or "file"
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise LoadError(
            f"The source's name is '{_CONTROL.sub(' ', shown(name))[:40]}' ({len(name)} characters); expected 1 to 100 "
            "characters in one line. Give another with --name."
        ) from None


def _settings(file: Path, table: dict[str, Any]) -> MappedFileSettings:
    try:
        return MappedFileSettings.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part)[:60] for part in first["loc"])
        raise LoadError(
            f"{shown(file)}: no mapping can be made of it ({place}: {first['msg'][:200]}); expected columns with names of "
            "300 characters at most. Name them otherwise, or map the file by hand."
        ) from None


def _of_the_file(file: Path, taken: Sample, facts: FactsName, score: float) -> list[str]:
    """What a person must know of the file as a whole."""
    warnings = []
    if shown(file) != str(file):
        warnings.append("the name of the file is not UTF-8: rename it, or name its folder as path.")
    if looks_like_data(taken.rows.columns):
        warnings.append("the first row looks like data; set has_header = false if there is no header.")
    if taken.left_out_columns:
        warnings.append(
            f"{taken.left_out_columns:,} columns after the first {MOST_COLUMNS:,} were not looked at."
        )
    if score < _UNSURE:
        warnings.append(
            f"nothing tells for sure what the rows are; {facts} is the nearest. Say it with --facts."
        )
    return warnings


def _add_day(
    file: Path, table: dict[str, Any], timed: list[dict[str, Any]], columns: dict[str, Column]
) -> list[str]:
    """Gives times of day their day: from a column of dates, else the day on which the file was written."""
    dated = next(
        (item for item in columns.values() if item.is_instant and not item.is_time_of_day and not item.unit),
        None,
    )
    if dated is None:
        table["day"] = datetime.fromtimestamp(file.stat().st_mtime).astimezone().date().isoformat()
        return [f"the times have no day; {table['day']}, when the file was written, stands for it."]
    for settings in timed:
        settings["day_column"] = dated.name
        if dated.formats[0]:
            settings["day_format"] = dated.formats[0]
    return []


def _to_add(missing: tuple[str, ...]) -> str:
    return "".join(f"# still to be added: {item}\n" for item in missing)


def _changes(fields: dict[str, dict[str, Any]], columns: dict[str, Column]) -> dict[str, Any]:
    """Whether the rows tell changes of tickets; then the moments of their end are left out."""
    ids = columns.get(str(fields.get("ticket_id", {}).get("column")))
    if "updated_at" not in fields or ids is None or ids.distinct * NEW_CHANGES > ids.texts.len():
        return {}
    for name in ("first_reply_at", "solved_at", "reopened_at", "closed_at"):
        fields.pop(name, None)
    return {"one_row_is": "change"}


def preview(
    file: Path, settings: MappedFileSettings | Guess, site: Site, *, now: datetime, rows: int = 20
) -> Preview:
    """What would become of the first 50,000 rows of the file at most; nothing is stored. LoadError."""
    guessed = settings if isinstance(settings, Guess) else None
    chosen = guessed.settings if guessed is not None else settings
    warnings = guessed.warnings if guessed is not None else ()
    if not isinstance(chosen, MappedFileSettings):
        text = guessed.toml_text if guessed is not None else ""
        return Preview(pl.DataFrame(), pl.DataFrame(schema=REJECT_SCHEMA), {}, warnings, text, guess=guessed)
    one = chosen.model_copy(update={"path": file.absolute()})
    batches = one.reader(site, _SECRET).read("", "", now=now, piece_bytes=1 << 40)
    batch = next((item for item in batches if item.read_rows), None)
    text = guessed.toml_text if guessed is not None else toml_of(_table(one))
    if batch is None:
        none = pl.DataFrame(schema=REJECT_SCHEMA)
        return Preview(
            pl.DataFrame(), none, {"read_rows": 0}, (*warnings, "the file has no rows."), text, guess=guessed
        )
    is_whole = next((item for item in batches if item.read_rows), None) is None
    mapped, refused = _judged(batch, chosen.facts)
    rejected = pl.concat([batch.rejects, refused])
    repeated = _repeated(batch, mapped, refused)
    if repeated:
        again = f"{repeated:,} rows tell of an id that another row tells too; the last row of an id counts."
        warnings = (*warnings, again)
    counts = {
        "read_rows": batch.read_rows,
        "mapped_rows": mapped["seq"].n_unique() if "seq" in mapped.columns else 0,
        "rejected_rows": rejected.height,
        **({REPEATED: repeated} if repeated else {}),
        **{name.replace(" ", "_"): count for name, _, count in batch.unused.iter_rows()},
    }
    shown = mapped.head(rows).drop("seq", "version_number", strict=False)
    told = [name for name in shown.columns if shown[name].null_count() < shown.height]
    return Preview(shown.select(told), rejected, counts, warnings, text, is_whole, guessed)


def _repeated(batch: Batch, mapped: pl.DataFrame, refused: pl.DataFrame) -> int:
    """The rows that are neither mapped nor refused since another row of the same id stands for them."""
    if batch.rows is None or "seq" not in mapped.columns:
        return 0
    return max(0, batch.rows.height - mapped["seq"].n_unique() - refused.height)


def _table(settings: MappedFileSettings) -> dict[str, Any]:
    return settings.model_dump(exclude_defaults=True, exclude_none=True, mode="json")


def _judged(batch: Batch, facts: FactsName) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The facts that the warehouse would take, and the rows that it would refuse with its reasons."""
    frame, shape = batch.facts[facts], FACTS[facts]
    if facts == "tickets":
        frame = _with_events(frame, batch.facts["ticket_events"])
    ids = {
        f"{of}_id": pl.when(pl.col(f"{of}_name").is_not_null()).then(pl.lit(1, pl.Int32))
        for of in ("queue", "agent")
        if f"{of}_id" in shape.columns
    }
    counted = {"new_rows": pl.lit(0, pl.Int64)} if "new_rows" in shape.columns else {}
    _, refused = gate(frame.with_columns(**ids, **counted), shape)
    if refused.is_empty() or batch.rows is None:
        return frame, pl.DataFrame(schema=REJECT_SCHEMA)
    reasons = refused.select("seq", reason_text=pl.format("{}: {}", pl.lit(facts), "reason_text")).unique(
        "seq", keep="first"
    )
    rows = batch.rows.join(reasons, on="seq", how="inner", maintain_order="left")
    return (
        frame.join(reasons, on="seq", how="anti", maintain_order="left"),
        rows.with_columns(file_key=pl.lit("")).select(REJECT_SCHEMA.keys()),
    )


def _with_events(tickets: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Tickets with what their events tell: status, priority, group, agent, and when they were replied to and solved."""
    told = events.sort("occurred_at", "event_number")
    states = [
        told.filter(pl.col("event_name") == name)
        .group_by("seq", maintain_order=True)
        .agg(pl.coalesce("value_text", "agent_name").last().alias(f"{name}_name"))
        for name in ("status", "priority", "group", "agent")
    ]
    moments = [
        told.filter((pl.col("event_name") == name) & pl.col("value_text").eq_missing(value))
        .group_by("seq", maintain_order=True)
        .agg(pl.col("occurred_at").last().alias(column))
        for name, value, column in (
            ("reply", None, "first_reply_at"),
            ("status", "solved", "solved_at"),
            ("status", "closed", "closed_at"),
        )
    ]
    for part in (*states, *moments):
        tickets = tickets.join(part, on="seq", how="left", maintain_order="left")
    return tickets
