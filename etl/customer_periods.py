"""Changes the key that stands between callers and what stands for them, and destroys old ones.

In: the hash of a number (etl.customer_key) and the instant of the fact that it stands in. Out: the hash of that hash under
the key of its time, which is what the warehouse keeps; the same one within a time, unlike ones across two.
The rule it guards: a record that is told again gets what it got before; once the key of a time is destroyed, nobody finds a
caller of that time by a number any more.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import sqlalchemy as sa
from psycopg import sql as words

from etl import LoadError
from etl.erased import Taken
from etl.shapes import INSTANT
from sql import audit, embedded, warehouse

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
KEY_BYTES = 32
DEADLINE_SECONDS = 3600.0


@dataclass(frozen=True)
class Period:
    """A time with a key of its own, from `started_at` until the next begins; key is None where it was destroyed."""

    started_at: datetime
    key: bytes | None = field(repr=False)

    def of(self, customer_key: str) -> str | None:
        """What stands for the caller in this time; None for nobody, once the key is destroyed."""
        return hmac.digest(self.key, customer_key.encode(), "sha256").hex()[:32] if self.key else None


@dataclass(frozen=True)
class Periods:
    """The times of all keys, the earliest first; none while the key was never changed: then the hash is kept as it is."""

    periods: tuple[Period, ...] = ()

    def of_facts(self, taken: Taken) -> Taken:
        """The facts with what stands for the caller in the time of each."""
        if not self.periods:
            return taken
        return [
            (
                shape,
                self._of_fact(frame, next(iter(shape.columns))) if "customer_key" in frame.columns else frame,
            )
            for shape, frame in taken
        ]

    def _of_fact(self, frame: pl.DataFrame, instant_name: str) -> pl.DataFrame:
        key = pl.lit(None, pl.String)
        for period in self.periods:  # a later one overrides an earlier one where it has begun
            known = (
                frame.filter(pl.col(instant_name) >= period.started_at)["customer_key"].drop_nulls().unique()
            )
            hashed = {text: period.of(text) for text in known}
            of_period = pl.col("customer_key").replace_strict(hashed, default=None, return_dtype=pl.String)
            has_begun = pl.col(instant_name) >= pl.lit(period.started_at, INSTANT)
            key = pl.when(has_begun).then(of_period).otherwise(key)
        return frame.with_columns(customer_key=key)

    def keys_of(self, customer_key: str) -> list[str]:
        """All that may stand for this caller in the warehouse, of every time whose key is still there."""
        if not self.periods:
            return [customer_key]
        return [hashed for period in self.periods if (hashed := period.of(customer_key))]


def periods_in(connection: sa.Connection) -> Periods:
    """The times as the warehouse knows them, with the keys of this computer; raises LoadError where one is missing."""
    rows = connection.execute(sa.text(warehouse.statement("periods/periods"))).fetchall()
    if not rows:
        return Periods()
    keys, destroyed = _read_keys(), _read_destroyed()
    # The file knows of a key that it was destroyed, where a backup of the warehouse from before does not.
    missing = [
        row
        for row in rows
        if row.destroyed_at is None and row.key_hash_text not in keys and row.key_hash_text not in destroyed
    ]
    if missing:
        raise LoadError(
            f"{periods_path()}: the key of callers since {missing[0].started_at:%Y-%m-%d} is not in it; restore the file "
            "from a backup. Without it the same caller would count as a new one."
        )
    return Periods(
        tuple(
            Period(row.started_at, None if row.destroyed_at else keys.get(row.key_hash_text)) for row in rows
        )
    )


def rotate(engine: sa.Engine, alone: Callable[[sa.Engine], Any], *, now: Callable[[], datetime]) -> datetime:
    """Begins a time with a new key, and gives when. At the first change what is kept gets a key of its own, too.

    alone: a transaction beside which no batch is loaded. Raises LoadError where the keys cannot be kept.
    """
    with alone(engine) as connection:
        known = connection.execute(sa.text(warehouse.statement("periods/periods"))).fetchall()
        at = now()
        if known and known[-1].started_at >= at:
            raise LoadError(
                f"The newest key is of {known[-1].started_at:%Y-%m-%d %H:%M} UTC; there is none to follow it yet."
            )
        started = [at] if known else [BEGINNING, at]
        made = {instant: secrets.token_bytes(KEY_BYTES) for instant in started}
        _keep_keys({**_read_keys(), **{_hash_of(key): key for key in made.values()}})
        if not known:
            _rekey(connection, Period(BEGINNING, made[BEGINNING]))
        for instant, key in made.items():
            warehouse.execute(
                connection, "periods/period_new", started_at=instant, key_hash_text=_hash_of(key)
            )
        audit.note(connection, what_name="customer.key_changed")
    return at


def destroy(
    engine: sa.Engine, alone: Callable[[sa.Engine], Any], *, before: datetime, now: Callable[[], datetime]
) -> int:
    """Destroys the keys of the times that ended before that instant; how many. Their callers are nobody's for ever."""
    with alone(engine) as connection:
        known = connection.execute(sa.text(warehouse.statement("periods/periods"))).fetchall()
        over = [
            row
            for row, following in pairwise(known)
            if following.started_at <= before and row.destroyed_at is None
        ]
        for row in over:
            warehouse.execute(connection, "periods/period_destroyed", started_at=row.started_at, at=now())
        if over:
            audit.note(connection, what_name="customer.keys_destroyed", told={"periods": len(over)})
    # After the commit: a lost key cannot come back. One that a fault left in the file goes now.
    gone = {row.key_hash_text for row in known if row.destroyed_at is not None or row in over}
    keys = _read_keys()
    if gone & keys.keys() or gone - _read_destroyed():
        _keep_keys({name: key for name, key in keys.items() if name not in gone}, destroyed=gone)
    return len(over)


def _rekey(connection: sa.Connection, period: Period) -> None:
    """Gives all that is kept so far what stands for it under the first key; equal ones stay equal."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # the only driver of the warehouse
    tables = [
        words.Identifier(row.schema_name, row.table_name)
        for row in connection.execute(sa.text(warehouse.statement("periods/tables")))
    ]
    with raw.cursor() as cursor:
        cursor.execute(
            "create temporary table rekeyed (old_key text primary key, new_key text) on commit drop"
        )
        found = words.SQL(" union ").join(
            words.SQL("select customer_key from {} where customer_key is not null").format(table)
            for table in tables
        )
        keys = [str(row[0]) for row in cursor.execute(found).fetchall()]
        with cursor.copy("copy rekeyed (old_key, new_key) from stdin") as copy:
            for key in keys:
                copy.write_row((key, period.of(key)))
        for table in tables:
            move = words.SQL(
                "update {} as t set customer_key = r.new_key from rekeyed as r where t.customer_key = r.old_key"
            ).format(table)
            cursor.execute(move)


def _hash_of(key: bytes) -> str:
    """By what the warehouse knows a key; it does not lead to it."""
    return hashlib.sha256(b"customer period" + key).hexdigest()[:16]


def periods_path() -> Path:
    """Where the keys lie: beside the customers' key, outside the warehouse."""
    return embedded.home() / "customer.periods"


def _read_keys() -> dict[str, bytes]:
    """The keys that are there, by what the warehouse knows them."""
    try:
        keys = [bytes.fromhex(one["key"]) for one in _told() if "destroyed" not in one]
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(error) from error
    return {_hash_of(key): key for key in keys}


def _read_destroyed() -> set[str]:
    """By what the warehouse knew the keys that were destroyed; a backup of it from before does not know of that."""
    return {str(one["destroyed"]) for one in _told() if "destroyed" in one}


def _told() -> list[dict[str, str]]:
    path = periods_path()
    if not path.exists():
        return []
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, ValueError) as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> LoadError:
    return LoadError(
        f"{periods_path()}: the keys of callers cannot be read ({error}); restore the file from a backup."
    )


def _keep_keys(keys: Mapping[str, bytes], *, destroyed: Collection[str] = ()) -> None:
    """Writes all keys, and which were destroyed, whole and settled on the disk, readable by this user alone."""
    path = periods_path()
    gone = sorted(_read_destroyed().union(destroyed))
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    lines: Sequence[str] = [
        *(json.dumps({"key": key.hex()}) for key in keys.values()),
        *(json.dumps({"destroyed": name}) for name in gone),
    ]
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise LoadError(
            f"{path}: the keys of callers cannot be written ({error.strerror}), so nothing was changed. See that the folder "
            "belongs to this user and the disk has room."
        ) from error
