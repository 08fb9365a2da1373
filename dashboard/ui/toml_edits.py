"""Changes to a text of TOML by buttons and fields: one more tile of a board, another weight of a rule, a new title.

In: TOML text, and what is to be different. Out: TOML text that says just that, with the comments that somebody wrote.
The rule it guards: what is not changed stays as it was written; a text that is no TOML is changed by hand alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit import TOMLDocument as Document
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

__all__ = ["Document", "added", "changed", "changed_in", "document", "moved", "without", "written"]


def document(toml_text: str, *, lists: str | None = "tiles") -> Document | None:
    """The values of a text, None where it cannot be read; lists: the key whose value is a list of tables, such as tiles,
    None for a text without one."""
    try:
        found = tomlkit.parse(toml_text)
    except (TOMLKitError, RecursionError):
        return None
    if lists is None:
        return found
    if not found.get(lists, []):
        found.pop(lists, None)
        found[lists] = tomlkit.aot()
    return found if isinstance(found[lists], AoT) else None


def written(found: Document) -> str:
    """The text of it."""
    return tomlkit.dumps(found)


def moved(found: Document, place: int, by: int, *, lists: str = "tiles") -> Document:
    """One entry of the list so many places further; at an end it stays."""
    made = _copy(found, lists)
    entries = list(made[lists])
    to = max(0, min(len(entries) - 1, place + by))
    entries.insert(to, entries.pop(place))
    return _with(made, lists, entries)


def without(found: Document, place: int, *, lists: str = "tiles") -> Document:
    """The list without that entry."""
    made = _copy(found, lists)
    entries = list(made[lists])
    del entries[place]
    return _with(made, lists, entries)


def added(
    found: Document, entry: Mapping[str, Any], *, at: int | None = None, lists: str = "tiles"
) -> Document:
    """The list with one more entry, last or at that place."""
    made = _copy(found, lists)
    entries = list(made[lists])
    table = tomlkit.table()
    table.update(entry)
    entries.insert(len(entries) if at is None else at, table)
    return _with(made, lists, entries)


def changed(
    found: Document, values: Mapping[str, Any], place: int | None = None, *, lists: str | None = "tiles"
) -> Document:
    """Other values in that entry of the list, or in the whole where no place is given; None takes a value out."""
    made = _copy(found, lists)
    target = made if place is None or lists is None else made[lists][place]
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        elif target.get(name) != value:
            target[name] = value
    return made


def changed_in(found: Document, table_name: str, values: Mapping[str, Any]) -> Document:
    """Other values in a table of the text, such as `curve` or `tiers.gold`; it is made where it is not there, and goes with
    its last value. None takes a value out."""
    made = _copy(found, None)
    parents: list[tuple[Any, str]] = []
    target: Any = made
    for name in table_name.split("."):
        parents.append((target, name))
        if not isinstance(target.get(name), Mapping):
            target[name] = tomlkit.table()
        target = target[name]
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        elif target.get(name) != value:
            target[name] = value
    for parent, name in reversed(parents):
        if not parent[name]:
            parent.pop(name)
    return made


def _copy(found: Document, lists: str | None) -> Document:
    made = document(written(found), lists=lists)
    assert made is not None  # it was read before
    return made


def _with(made: Document, lists: str, entries: list[Any]) -> Document:
    made[lists] = tomlkit.aot()
    for entry in entries:
        made[lists].append(entry)
    return made
