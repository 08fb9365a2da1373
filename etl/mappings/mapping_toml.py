"""Writes a mapping as the lines of floorboard.toml, as a person would write them.

In: the tables of a source. Out: text that the settings take without a change.
The rule it guards: what is written is read back as the same mapping.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping as AnyMapping
from typing import Any

_ORDER = ("name", "kind", "path", "every_seconds", "facts")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def toml_of(table: AnyMapping[str, Any], *, comments: AnyMapping[str, str] | None = None) -> str:
    """The [[sources]] table with its fields and filters; comments: for fields, what is written behind their lines."""
    comments = comments or {}
    nested = ("fields", "only", "skip")
    names = [
        *(name for name in _ORDER if name in table),
        *(name for name in table if name not in (*_ORDER, *nested)),
    ]
    lines = [
        "[[sources]]",
        *(f"{_key(name)} = {_value(table[name])}" for name in names if _is_told(table[name])),
    ]
    lines += ["", "[sources.fields]"]
    for name, spec in table.get("fields", {}).items():
        told = (
            {key: value for key, value in spec.items() if _is_told(value)} if isinstance(spec, dict) else spec
        )
        written = told["column"] if isinstance(told, dict) and told.keys() == {"column"} else told
        comment = f"  # {_comment(comments[name])}" if name in comments else ""
        lines.append(f"{_key(name)} = {_value(written)}{comment}")
    for name in ("only", "skip"):
        for rule in table.get(name, ()):
            lines += ["", f"[[sources.{name}]]"]
            lines += [f"{_key(column)} = {_value(_condition(told))}" for column, told in rule.items()]
    return "\n".join(lines) + "\n"


def _comment(text: str) -> str:
    """A comment in one line, without the signs that TOML forbids there."""
    return _CONTROL.sub("\u2400", " ".join(text.split())).encode("utf-8", "replace").decode()


def _is_told(value: object) -> bool:
    return value is not None and value not in ({}, [], ())


def _condition(told: object) -> object:
    if not isinstance(told, dict):
        return told
    given = {key: value for key, value in told.items() if _is_told(value)}
    return given["equals"] if given.keys() == {"equals"} else given


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(str(name))} = {_value(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    return _text(str(value))
