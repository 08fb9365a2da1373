"""Takes those who were erased out of what the sources carry from one batch to the next.

In: the cursors with their texts, in a form of each reader's own. Out: the same texts, without values that stand for them.
The rule it guards: what a source carries of the time before an erasure brings nobody back, and of the time after it nothing
is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import sqlalchemy as sa

from etl.config import Settings
from etl.customer_key import customer_key, customer_secret
from etl.customer_periods import periods_in
from etl.erased import ERASED, NO_CUSTOMER, OUTSIDE, Erased, erased_in, hash_of_key, hash_of_name, is_name
from etl.masking import MASK, NOBODY
from sql import warehouse

_HASH = re.compile("[0-9a-f]{32}")


def tidy(connection: sa.Connection, settings: Settings | None) -> None:
    """Takes out of every cursor and mark whoever was erased and has told nothing new since.

    After a source was read again from its beginning, it carries again what it carried then. Whoever works or calls under
    the same key since the erasure is another one, or has come anew, and stays.
    """
    if clean := _cleaning(connection, settings):
        carry_without(connection, clean)


def tidied(
    connection: sa.Connection, settings: Settings, source_name: str, texts: Iterable[str]
) -> list[str]:
    """Texts that a reader of the source carries, tidied in the same way before they are kept."""
    clean = _cleaning(connection, settings)
    return [_clean_json(text, partial(clean, source_name)) if clean else text for text in texts]


def _cleaning(connection: sa.Connection, settings: Settings | None) -> Callable[[str, str], str] | None:
    """What takes the erased out of a value that a source carries; null where nobody was erased."""
    country_name = settings.site.site.country_name if settings else None
    erased = erased_in(connection, customer_secret, source_name="", country_name=country_name)
    if erased.newest_at is None:
        return None
    periods = periods_in(connection)
    of_kept = {kept: key for key in erased.customers for kept in periods.keys_of(key)}
    keys = {"customer_keys": list(of_kept)}
    new = connection.execute(sa.text(warehouse.statement("merge/erasures_present")), keys).scalars()
    gone = set(erased.customers).difference(of_kept[kept] for kept in new)
    agents = connection.execute(sa.text(warehouse.statement("merge/agents_with_keys"))).fetchall()
    at_work = {(row.source_name, row.source_key) for row in agents} | {("", row.agent_name) for row in agents}
    facts_of = facts_names(settings)

    def clean(source_name: str, text: str) -> str:
        text = _without_customer(text, gone, erased)
        return (
            _hidden(text, facts_of.get(source_name, source_name), at_work, erased) if is_name(text) else text
        )

    return clean


def facts_names(settings: Settings | None) -> dict[str, str]:
    """Under whose name the facts of each source stand."""
    return {source.name: source.facts_source_name for source in settings.sources} if settings else {}


def _without_customer(text: str, gone: set[str], erased: Erased) -> str:
    for key in gone.intersection(_HASH.findall(text)):
        text = text.replace(f"{MASK}{key}", NOBODY).replace(key, NO_CUSTOMER)
    is_theirs = (
        gone and OUTSIDE.search(text) and customer_key(erased.secret, text, erased.country_name) in gone
    )
    return NOBODY if is_theirs else text


def _hidden(text: str, facts_name: str, at_work: set[tuple[str, str]], erased: Erased) -> str:
    hashed = hash_of_key(erased.secret, facts_name, text)
    if hashed in erased.agent_keys and (facts_name, text) not in at_work:
        return ERASED + hashed
    alias = erased.names.get(hash_of_name(erased.secret, text)) if erased.names else None
    return alias if alias and ("", text) not in at_work else text


def carry_without(connection: sa.Connection, clean_of: Callable[[str, str], str]) -> None:
    """Cleans the values in what each source carries, so that nothing unfinished brings anybody back."""
    for kept, erase in (
        ("merge/cursors_kept", "merge/erase_cursor"),
        ("reconcile/marks_kept", "reconcile/mark_erase"),
    ):
        for row in warehouse.frame(connection, kept).rows(named=True):
            clean = partial(clean_of, row["source_name"])
            after = {name: _clean_json(row[name], clean) for name in ("position_text", "carry_text")}
            if not after.items() <= row.items():
                warehouse.execute(connection, erase, **{**row, **after})


def _clean_json(text: str, clean: Callable[[str], str]) -> str:
    """A text with its values cleaned where it is JSON (also JSON within JSON); as it was where nothing changes."""
    try:
        whole = json.loads(text) if text[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        whole = None
    if whole is None:
        return clean(text)
    cleaned = _clean_values(whole, clean)
    return text if cleaned == whole else json.dumps(cleaned, ensure_ascii=False, separators=(",", ":"))


def _clean_values(value: Any, clean: Callable[[str], str], depth: int = 0) -> Any:
    if isinstance(value, dict):  # what the form itself is made of stands at the top
        return {
            clean(key) if depth else key: _clean_values(inner, clean, depth + 1)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_clean_values(inner, clean, depth + 1) for inner in value]
    return _clean_json(value, clean) if isinstance(value, str) else value
