"""Looks at the files that people upload, shows what would become of them, and loads them when they are told to.

In: the open rows of ops.uploads with their files. Out: a mapping with the first rows mapped, later the rows loaded.
The rule it guards: what is loaded is loaded through the very mapping that was shown; an upload can break nothing else.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import sqlalchemy as sa
from pydantic import ValidationError

from etl import LoadError
from etl.config import Settings
from etl.load import BatchSummary, RunSummary, reset_cursor, run_source
from etl.mappings.guess import Guess, guess, preview
from etl.mappings.mapping_toml import toml_of
from etl.on_request.source_notes import UPLOAD_KIND, note
from etl.on_request.upload_look import look_text
from etl.sources.mapped_file import MappedFileSettings
from etl.supervise import Stopping
from sql import warehouse

LEFT_BEHIND_AFTER = timedelta(minutes=10)
KEPT_FOR = timedelta(days=30)
SHOWN_ROWS = 12
MOST_PARQUET_CELLS = 20_000_000
SETTLED_BY = timedelta(minutes=2)  # nobody writes on at an uploaded file
_LOG = logging.getLogger("floorboard.etl")


@dataclass(frozen=True)
class _Taken:
    """An upload that is worked on: its number, file, and the mapping asked for or shown."""

    upload_id: int
    uploaded_at: datetime
    state_name: str
    file_name: str
    source_name: str
    wanted_text: str
    mapping_text: str | None
    content: bytes


@dataclass(frozen=True)
class _Look:
    """What was found in an upload; mapping_text is None where it cannot be loaded so."""

    mapping_text: str | None
    preview_text: str | None
    error_text: str | None


def work_uploads(
    engine: sa.Engine,
    settings: Settings,
    *,
    now: Callable[[], datetime],
    check: Callable[[], None] = lambda: None,
) -> int:
    """Looks at or loads every upload that waits, the oldest first; how many. Raises WarehouseError where it is away.

    `check` is called after every batch and may end the load by raising; the upload is then taken up again later.
    """
    done = 0
    while (taken := _take(engine, now=now)) is not None:
        if taken.state_name == "looking":
            _look(engine, settings, taken, now=now)
        else:
            _load(engine, settings, taken, now=now, check=check)
        done += 1
        check()
    return done


def upload_source(connection: sa.Connection, source_name: str) -> MappedFileSettings | None:
    """The mapping of the newest upload of that source; None where none is kept."""
    row = connection.execute(
        sa.text(warehouse.statement("requests/upload_mapping")), {"source_name": source_name}
    ).one_or_none()
    return None if row is None else _from_toml(row.mapping_text, source_name, Path("/upload") / "none.csv")


def _take(engine: sa.Engine, *, now: Callable[[], datetime]) -> _Taken | None:
    with warehouse.connected(engine) as connection:
        warehouse.execute(connection, "requests/uploads_old", older_than=now() - KEPT_FOR)
        row = connection.execute(
            sa.text(warehouse.statement("requests/upload_take")),
            {"taken_at": now(), "left_behind_at": now() - LEFT_BEHIND_AFTER},
        ).one_or_none()
    if row is None:
        return None
    return _Taken(**{**row._asdict(), "content": bytes(row.content)})


@contextmanager
def _as_file(taken: _Taken, *, now: datetime) -> Iterator[Path]:
    """The upload as a file of its own name in a folder of its own, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="floorboard-upload-") as folder:
        path = Path(folder) / taken.file_name
        path.write_bytes(taken.content)
        written_at = (min(now, datetime.now(UTC)) - SETTLED_BY).timestamp()
        os.utime(path, (written_at, written_at))
        yield path


def _look(engine: sa.Engine, settings: Settings, taken: _Taken, *, now: Callable[[], datetime]) -> None:
    try:
        with _as_file(taken, now=now()) as path:
            _refuse_bombs(path)
            found = _looked(taken, path, settings, now=now())
    except (LoadError, pl.exceptions.PolarsError, OSError) as error:
        found = _Look(None, None, _without_folder(str(error), taken.file_name))
    except Exception as error:  # noqa: BLE001 - a file that nobody foresaw must not be taken up for ever
        _LOG.exception("The upload '%s' could not be looked at", taken.file_name)
        found = _Look(
            None,
            None,
            f"{taken.file_name}: it could not be looked at ({type(error).__name__}); the loader's log has the details. "
            "Save it as CSV in UTF-8 and upload that, or map it by hand.",
        )
    with warehouse.connected(engine) as connection:
        warehouse.execute(
            connection,
            "requests/upload_looked",
            upload_id=taken.upload_id,
            state_name="ready" if found.mapping_text else "unfit",
            looked_at=now(),
            mapping_text=_storable(found.mapping_text),
            preview_text=found.preview_text,
            error_text=_storable(found.error_text),
        )


def _storable(text: str | None) -> str | None:
    """The text without what the warehouse cannot keep: a file may hold anything, and messages repeat it."""
    return None if text is None else text.replace("\x00", "\u2400").encode("utf-8", "replace").decode()


def _looked(taken: _Taken, path: Path, settings: Settings, *, now: datetime) -> _Look:
    """The mapping asked for (or guessed) and what it makes of the file; a wrong mapping is a sentence."""
    wanted = json.loads(taken.wanted_text)
    guessed = guess(path, facts=wanted.get("facts"))
    chosen: Guess | MappedFileSettings = guessed
    try:
        if "toml" in wanted:
            chosen = _from_toml(wanted["toml"], taken.source_name, path)
        elif "table" in wanted:
            chosen = _validated(wanted["table"], taken.source_name, path)
    except LoadError as error:
        return _Look(None, None, str(error))
    if isinstance(chosen, MappedFileSettings) and chosen.facts != guessed.facts:
        guessed = guess(path, facts=chosen.facts)
    seen = preview(path, chosen, settings.site.site, now=now, rows=SHOWN_ROWS)
    one = chosen.settings if isinstance(chosen, Guess) else chosen
    is_fit = isinstance(one, MappedFileSettings)
    table = (
        _table(one, taken.file_name)
        if isinstance(one, MappedFileSettings)
        else _unfit_table(guessed, taken.file_name)
    )
    text = look_text(path, chosen, guessed, seen, table, toml_text=_toml(table, guessed))
    return _Look(toml_of(table) if is_fit else None, text, None)


def _table(one: MappedFileSettings, file_name: str) -> dict[str, Any]:
    told = one.model_dump(exclude_defaults=True, exclude_none=True, mode="json")
    return {**told, "name": _plain_name(file_name), "kind": "file", "path": file_name, "every_seconds": 300}


def _unfit_table(guessed: Guess, file_name: str) -> dict[str, Any]:
    """What was guessed, as far as it goes, where a field that is needed was not found."""
    try:
        table: dict[str, Any] = tomllib.loads(guessed.toml_text)["sources"][0]
    except tomllib.TOMLDecodeError:  # names that TOML cannot hold
        table = {"facts": guessed.facts, "fields": {}}
    return {**table, "name": _plain_name(file_name), "path": file_name}


def _plain_name(file_name: str) -> str:
    return file_name.partition(".")[0].replace("_", " ")[:90] or "file"


def _toml(table: dict[str, Any], guessed: Guess) -> str:
    """The lines for floorboard.toml, each guessed field with its reason."""
    reasons = {
        item.field_name: item.reason_text
        for item in guessed.fields
        if isinstance(spec := table["fields"].get(item.field_name), dict)
        and spec.get("column") == item.column_name
    }
    return toml_of(table, comments=reasons)


def _from_toml(text: str, source_name: str, path: Path) -> MappedFileSettings:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise LoadError(
            f'These lines are no TOML ({error}); expected key = value, with text in "quotes". Correct that line.'
        ) from None
    sources = tables.get("sources")
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], dict):
        raise LoadError(
            "These lines hold no mapping that can be used; expected one [[sources]] table with its [sources.fields]. "
            "Keep its first line and change what stands below."
        )
    return _validated(sources[0], source_name, path)


def _validated(table: dict[str, Any], source_name: str, path: Path) -> MappedFileSettings:
    """The mapping with the upload's own name and place; LoadError with the first thing that is wrong."""
    own = {"name": source_name, "kind": "file", "path": str(path), "every_seconds": 86_400}
    told = {key: value for key, value in table.items() if key != "stale_after_seconds"}
    try:
        return MappedFileSettings.model_validate({**told, **own}, context={"folder": path.parent})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(set(MappedFileSettings.model_fields) - own.keys()))
            raise LoadError(
                f"The mapping holds the unknown key {place}; expected one of {known}. Remove it."
            ) from None
        said = first.get("ctx", {}).get("error")
        expected = f"expected {said}" if said else f"{first['msg'][:1].lower()}{first['msg'][1:]}"
        where = f" ({place})" if place else ""
        raise LoadError(f"The mapping cannot be used{where}: {expected}. Correct it.") from None


def _refuse_bombs(path: Path) -> None:
    """A small Parquet file can stand for billions of cells; they are counted before any is read."""
    if path.suffix.lower() != ".parquet":
        return
    columns = len(pl.read_parquet_schema(path))
    rows = int(pl.scan_parquet(path).select(pl.len()).collect().item())
    if rows * max(columns, 1) > MOST_PARQUET_CELLS:
        raise LoadError(
            f"{path.name}: found {rows:,} rows of {columns} columns, expected at most {MOST_PARQUET_CELLS:,} cells in an "
            "upload. Name the file in floorboard.toml instead."
        )


def _without_folder(text: str, file_name: str) -> str:
    """A message without the folder in which the upload lay for a moment."""
    start = text.find(tempfile.gettempdir())
    end = text.find(file_name, start)
    return text[:start] + _without_folder(text[end:], file_name) if start >= 0 and end >= 0 else text


def _load(
    engine: sa.Engine,
    settings: Settings,
    taken: _Taken,
    *,
    now: Callable[[], datetime],
    check: Callable[[], None],
) -> None:
    read_rows = 0

    def heard(batch: BatchSummary) -> None:
        nonlocal read_rows
        read_rows += batch.read_rows
        with warehouse.connected(engine) as connection:
            warehouse.execute(
                connection,
                "requests/upload_progress",
                upload_id=taken.upload_id,
                read_rows=read_rows,
                taken_at=now(),
            )
        check()

    try:
        with _as_file(taken, now=now()) as path:
            _refuse_bombs(path)
            source = _from_toml(taken.mapping_text or "", taken.source_name, path)
            with warehouse.connected(engine) as connection:
                note(connection, (source,), is_whole=False, at=now(), kind_name=UPLOAD_KIND)
            reset_cursor(engine, source.name)
            both = settings.model_copy(update={"sources": (*settings.sources, source)})
            summary = run_source(engine, both, source, now=now, on_batch=heard)
    except Stopping:
        with warehouse.connected(engine) as connection:
            warehouse.execute(connection, "requests/upload_put_back", upload_id=taken.upload_id)
        raise
    except (LoadError, pl.exceptions.PolarsError, OSError) as error:
        _fail(engine, taken, _without_folder(str(error), taken.file_name), now=now)
    except warehouse.WarehouseError:
        raise  # it is away: the upload is taken up again
    except Exception as error:  # noqa: BLE001 - as above
        _LOG.exception("The upload '%s' could not be loaded", taken.file_name)
        text = f"{taken.file_name}: it could not be loaded ({type(error).__name__}); the loader's log has the details."
        _fail(engine, taken, text, now=now)
    else:
        _end(engine, taken, summary, now=now)


def _end(engine: sa.Engine, taken: _Taken, summary: RunSummary, *, now: Callable[[], datetime]) -> None:
    _LOG.info(
        "Upload '%s': %d rows read, %d refused", taken.file_name, summary.read_rows, summary.rejected_rows
    )
    with warehouse.connected(engine) as connection:
        warehouse.execute(
            connection,
            "requests/upload_loaded",
            upload_id=taken.upload_id,
            ended_at=now(),
            read_rows=summary.read_rows,
            loaded_rows=summary.loaded_rows,
            unchanged_rows=summary.unchanged_rows,
            rejected_rows=summary.rejected_rows,
        )


def _fail(engine: sa.Engine, taken: _Taken, error_text: str, *, now: Callable[[], datetime]) -> None:
    _LOG.error("Upload '%s': %s", taken.file_name, error_text)
    with warehouse.connected(engine) as connection:
        warehouse.execute(
            connection,
            "requests/upload_failed",
            upload_id=taken.upload_id,
            ended_at=now(),
            error_text=_storable(error_text),
        )
