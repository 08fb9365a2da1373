"""Whether a row is somebody's to change: the roles that may make it, and whether that person finds the row.

In: the name of a change of `sql/rights.toml`, a role, or a connection that has entered as whoever changes. Out: yes or no.
The rule it guards: the button, the desk and the warehouse answer from one list; what one may not see, one cannot change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from sql import rights
from sql.warehouse import WarehouseError, statement

ADMINISTRATOR = "administrator"


def roles_of(change_name: str) -> frozenset[str]:
    """The roles that may make this change; raises WarehouseError for a change that `rights.toml` does not name."""
    return frozenset({ADMINISTRATOR, *_change(change_name)["roles"]})


def keys_of(change_name: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    """What names the row that is changed, of the values of a change; None where they name none, or none is looked for."""
    keys = _change(change_name).get("keys", ())
    found = {key: values.get(key) for key in keys}
    return found if any(value is not None for value in found.values()) else None


def key_of_new(change_name: str, done: object) -> dict[str, Any] | None:
    """What names the row that a change has made, whose number it gave; None where none is looked for."""
    keys = _change(change_name).get("keys", ())
    return {keys[0]: done} if len(keys) == 1 and isinstance(done, int) else None


def is_found(connection: sa.Connection, change_name: str, keys: Mapping[str, Any]) -> bool:
    """Whether who has entered this connection finds the row, and may change it."""
    text = statement(f"changes/{change_name.replace('.', '_')}")
    return bool(connection.execute(sa.text(text), dict(keys)).scalar_one())


def _change(change_name: str) -> Mapping[str, Any]:
    known = rights.changes()
    if change_name not in known:
        raise WarehouseError(
            f"There is no change named '{change_name}', expected one of [changes] in sql/rights.toml: {', '.join(known)}."
        )
    return known[change_name]
