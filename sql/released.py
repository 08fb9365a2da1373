"""Makes the functions that answer the sums of a whole floor, out of the very statements that the pages ask.

In: the name of a statement of `sql/queries` and a cursor of the tables' owner. Out: a function of the same columns that
reads every row and tells sums only, and its call.
The rule it guards: a released question cannot be narrowed to one agent; what it tells of the work of a few is kept back
(sql/small_groups.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import psycopg

from sql import small_groups
from sql.warehouse import WarehouseError, statement

SEARCH_PATH: Final = (
    "pg_catalog, pg_temp"  # the last first of all: a type that a reader made would stand for ours
)
_TYPES = {
    "as_of": "timestamptz", "start": "timestamptz", "end": "timestamptz", "formulas": "text[]",
    "at": "timestamptz", "date": "date", "id": "integer", "name": "text", "text": "text", "key": "text",
    "hours": "boolean", "seconds": "integer", "days": "integer", "rows": "integer", "score": "float8", "ratio": "float8",
}  # fmt: skip
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)")
_COMMENT = re.compile(r"--[^\n]*")
_WITHOUT_AGENT = frozenset({"agent_id"})


def call(name: str, params: Mapping[str, object]) -> tuple[str, dict[str, object]]:
    """The call of the released function for `queries/<name>`; raises WarehouseError where it is narrowed to one agent."""
    asked = {key: value for key, value in params.items() if key not in _WITHOUT_AGENT}
    if any(params.get(key) is not None for key in _WITHOUT_AGENT):
        raise WarehouseError(
            "Figures of one agent are not part of what your role may see; take the agent out of the view."
        )
    arguments = ", ".join(f":{key}" for key in _parameters(name))
    return f"select * from released.{name}({arguments})", asked  # noqa: S608 - a name of rights.toml, and parameters


def _parameters(name: str) -> dict[str, str]:
    """The parameters of a statement that its released function takes, with their types, in the order of the text."""
    found = dict.fromkeys(_PARAMETER.findall(_COMMENT.sub("", statement(f"queries/{name}"))))
    return {key: _type(key) for key in found if key not in _WITHOUT_AGENT}


def _type(key: str) -> str:
    if key.startswith(("is_", "has_")):
        return "boolean"
    return _TYPES.get(key) or _TYPES[key.rpartition("_")[2]]


def function_text(cursor: psycopg.Cursor[Any], name: str) -> str:
    """The statement that makes the function for `queries/<name>`, whose columns the database itself names."""
    parameters = _parameters(name)
    places = {key: place for place, key in enumerate(parameters, 1)}
    text = _COMMENT.sub("", statement(f"queries/{name}"))

    def put(found: re.Match[str]) -> str:
        key = found[1]
        return "cast(null as integer)" if key in _WITHOUT_AGENT else f"${places[key]}"

    def probe(found: re.Match[str]) -> str:
        return f"cast(null as {_type(found[1])})"

    probed = f"select * from ({_PARAMETER.sub(probe, text)}) as shown limit 0"  # noqa: S608 - our own statement
    cursor.execute(probed.encode(), prepare=False)
    columns = [(column.name, column.type_code) for column in cursor.description or ()]
    types = cursor.execute(
        "select array_agg(format_type(o, null) order by n) from unnest(%s::oid []) with ordinality as t (o, n)",
        [[oid for _, oid in columns]],
    ).fetchone()
    assert types is not None
    typed = [(column, kind) for (column, _), kind in zip(columns, types[0], strict=True)]
    shown, body = small_groups.guarded(name, typed, places, _PARAMETER.sub(put, text))
    shape = ", ".join(f'"{column}" {kind}' for column, kind in shown)
    arguments = ", ".join(f"in_{key} {kind}" for key, kind in parameters.items())
    return (
        f"create function released.{name} ({arguments}) returns table ({shape}) "
        f"language sql stable security definer set search_path = {SEARCH_PATH} as $released$ {body} $released$"
    )
