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
from etl.customer_periods import periods_path
from etl.erasure_list import list_path, read_list
from etl.load import analyze
from etl.policy_file import apply, load_policy, policy_path
from etl.retention import retain
from sql import audit, dumps, embedded, migrate, rights, warehouse

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
    deleted_rows: int = 0
    """Rows of the backup that are older than they are kept, and went again."""
    taken_back_count: int | None = 0
    """Accounts, wall displays and consents of the backup that were closed, revoked or withdrawn since, and are again; None
    where nobody can tell, because the warehouse before is gone."""


def backup(url: str, path: Path, *, replacing: bool = False, tell: Tell) -> Kept:
    """Writes the warehouse at `url` to `path`, as it stands at one instant; `tell` hears each table's name.

    Raises WarehouseError; then there is no file, or the one that was there before.
    """
    made = dumps.dump(url, path, replacing=replacing, on_table=tell)
    return Kept(path, path.stat().st_size, made.server_text, beside())


def note_backup(engine: sa.Engine, kept: Kept) -> None:
    """Notes in the trail that the whole warehouse was saved to a file; one of an older version has no trail yet."""
    with warehouse.connected(engine) as connection:
        if audit.is_there(connection):
            told = {"file_name": kept.path.name, "file_bytes": kept.file_bytes}
            audit.note(connection, what_name="exported.dump", told=told)


def beside() -> tuple[Path, ...]:
    """The files that must be kept with a backup: the customers' keys, the list of erasures, the settings and the policy."""
    files = (_key_path(), periods_path(), list_path(), settings_path(), policy_path())
    return tuple(path for path in files if path.exists())


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
    """Brings the warehouse back from `path`: whole or not at all, brought up to date, with the erasures and the policy
    applied again and without what is older than the settings keep it.

    Raises WarehouseError where the file is broken or from a newer version, or the warehouse is filled and not
    `replacing`, ConfigError where the policy is wrong; then nothing was changed. LoadError where the list of erasures
    cannot be read.
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
    named = load_policy(policy_path())
    if held.has_rights:
        rights.make_roles(engine)
    before = _end_of_trail(engine)
    taken_back = _taken_back(engine)
    engine.dispose()
    missing_roles = dumps.restore(url, held, on_table=tell)
    applied = migrate.migrate(engine, on_step=tell)
    taken_back_count = _take_back_again(engine, taken_back)
    rights.keep_up(engine)
    erasures_count = erasure.reapply(engine, settings, now=now)
    deleted = retain(engine, settings, now=now) if settings is not None else {}
    if named is not None:  # what was switched off since the backup goes again, before anybody is shown it
        apply(engine, now=now, tell=tell)
    analyze(engine)
    with warehouse.connected(engine) as connection:
        newest_event_at, has_customers = warehouse.one_row(connection, "merge/restored")
        told = {
            "file_name": path.name,
            "migrations": applied,
            "before": before,
            "taken_back": taken_back_count,
        }
        audit.note(connection, what_name="warehouse.restored", told=told)
    return Restored(
        tuple(applied), erasures_count, newest_event_at, has_customers and not has_key, missing_roles,
        sum(deleted.values()), taken_back_count,
    )  # fmt: skip


def _end_of_trail(engine: sa.Engine) -> dict[str, object]:
    """Number and hash of the trail's last line before it is given up for that of a backup; nothing where there is none."""
    with warehouse.connected(engine) as connection:
        if not audit.is_there(connection):
            return {}
        row = audit.head(connection).row(0, named=True)
        return {"last_number": row["last_number"], "last_sha256": row["last_sha256_text"]}


def _taken_back(engine: sa.Engine) -> str | None:
    """What is closed, revoked and withdrawn in the warehouse that is given up; None where it never had an account."""
    with warehouse.connected(engine) as connection:
        if not _has_consents(connection):
            return None
        has_accounts, found = warehouse.one_row(connection, "merge/taken_back")
        return str(found) if has_accounts else None


def _take_back_again(engine: sa.Engine, taken_back: str | None) -> int | None:
    """Closes, revokes and withdraws again, how many; None where that is not known and the backup has accounts."""
    with warehouse.connected(engine) as connection:
        if taken_back is None:
            has_accounts, _ = warehouse.one_row(connection, "merge/taken_back")
            return None if has_accounts else 0
        again = warehouse.one_row(connection, "merge/take_back_again", taken_back_text=taken_back)
        return sum(int(count) for count in again)


def _has_consents(connection: sa.Connection) -> bool:
    """Whether the warehouse is of a version in which people sign in."""
    return bool(connection.exec_driver_sql("select to_regclass('access.consents') is not null").scalar_one())
