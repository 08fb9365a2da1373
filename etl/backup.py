"""Keeps the warehouse in a file, and brings it back as it was with everybody who was erased since erased again.

In: a file, and the settings of the site where they are there. Out: the file; or a warehouse of this version's tables, from
which the next load goes on where the backup's cursors stand.
The rule it guards: nothing is called done before it was read once more, and nobody comes back with an old backup.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from etl import LoadError, erasure
from etl.config import Settings, settings_path
from etl.customer_key import CUSTOMER_KEY_VARIABLE
from etl.erasure_list import list_path, read_list
from etl.load import analyze
from sql import dumps, embedded, migrate, warehouse

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Kept:
    """A backup that was made, and what else must be kept: without it the same customers are not known again."""

    path: Path
    file_bytes: int
    server_text: str
    beside: tuple[Path, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore did: files of the schema applied since the backup, erasures applied again, and where reading stands."""

    migrations: tuple[str, ...]
    erasures_count: int
    newest_event_at: datetime | None
    is_key_missing: bool
    missing_roles: tuple[str, ...] = ()
    """Roles to which something was granted and that this server does not have."""


def backup(url: str, path: Path, *, replacing: bool = False, tell: Tell) -> Kept:
    """Writes the warehouse at `url` to `path`, as it stands at one instant; `tell` hears each table's name.

    Raises WarehouseError; then there is no file, or the one that was there before.
    """
    made = dumps.dump(url, path, replacing=replacing, on_table=tell)
    return Kept(path, path.stat().st_size, made.server_text, beside())


def beside() -> tuple[Path, ...]:
    """The files that must be kept with a backup: the customers' key, the list of erasures and the settings."""
    return tuple(path for path in (_key_path(), list_path(), settings_path()) if path.exists())


def _key_path() -> Path:
    return embedded.home() / "customer.key"


def restore(
    engine: sa.Engine,
    url: str,
    path: Path,
    settings: Settings | None,
    *,
    replacing: bool = False,
    now: Callable[[], datetime],
    tell: Tell,
) -> Restored:
    """Brings the warehouse back from `path`: whole or not at all, brought up to date, with the erasures applied again.

    Raises WarehouseError where the file is broken or from a newer version, or the warehouse is filled and not
    `replacing`; then nothing was changed. LoadError where the list of erasures cannot be read.
    """
    has_key = bool(os.environ.get(CUSTOMER_KEY_VARIABLE)) or _key_path().exists()
    if (
        read_list() and not has_key
    ):  # whoever stands in it must not come back: better found out before than after
        raise LoadError(
            f"{list_path()} names who must stay erased, but {_key_path()} is not there, without which they cannot be found. "
            "Put that file back from where it was kept, then restore again."
        )
    held = dumps.read(path)
    migrate.pending_after(held.migrations)
    if not replacing:
        dumps.refuse_filled(url)
    engine.dispose()
    missing_roles = dumps.restore(url, held, on_table=tell)
    applied = migrate.migrate(engine, on_step=tell)
    erasures_count = erasure.reapply(engine, settings, now=now)
    analyze(engine)
    with warehouse.connected(engine) as connection:
        newest_event_at, has_customers = warehouse.one_row(connection, "merge/restored")
    return Restored(
        tuple(applied), erasures_count, newest_event_at, has_customers and not has_key, missing_roles
    )
