"""Notes who saw, took along or changed what, in the very transaction in which it happens.

In: a connection, the act by its name in `sql/audit.toml`, whose or what it was about, and what was there before and after.
Out: one line of a trail that is only ever added to and proves its own order; and a walk along it that finds tampering.
The rule it guards: no change without its line and no line without its change; never a secret and never a caller's number.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Literal

import polars as pl
import sqlalchemy as sa

from sql import warehouse
from sql.warehouse import WarehouseError

LONGEST_NAME, LONGEST_TOLD, LONGEST_PLACE = 400, 20_000, 200
KEPT_MONTHS = 24
QUARTER_SECONDS = 900
Kind = Literal["open", "command", "loader", "stranger"]
_SECRET = re.compile(
    r"password|passwd|secret|token|cookie|api_?key|password_hash|authorization|customer_key", re.I
)
# With its + or 00 in groups, or seven to fifteen digits on end; a date, a clock and an amount are none.
_NUMBER = re.compile(r"(?<![\w.:-])(?:(?:\+|00)\d(?:[ ().-]{0,2}\d){6,14}|\d{7,15})(?![\w:]|[.-]\d)")
_IN_ADDRESS = re.compile(r"(?P<before>://[^\s:/@'\"]{0,200}:)(?:[^\s@'\"/]|/(?!/)){1,400}(?=@)")
_PLACES_OF_SECRETS = ("_env", "_file")  # the name of the place, not what lies there;
STARS = "*****"


class AuditError(WarehouseError):
    """An act cannot be noted as it was told; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts where nobody has signed in, and at which page or by which command."""

    kind_name: Kind
    person_name: str
    place_text: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One act that is noted. kind: saw, exported, changed, access or upkeep; sentence: what a person did."""

    what_name: str
    kind_name: str
    sentence: str


_actor: ContextVar[Actor | None] = ContextVar("actor", default=None)
_of_program: list[Actor] = []  # what the program is, for those of its threads that know nothing better


def note(
    connection: sa.Connection,
    *,
    what_name: str,
    of_name: str = "",
    told: Mapping[str, object] | None = None,
    once_text: str | None = None,
) -> None:
    """Adds one line to the trail; it stands or falls with the transaction of the connection.

    what_name: an act of `sql/audit.toml`. of_name: kind and id of what it is about, such as 'agent 12', 'queue 3',
    'contact pbx/1700.1', 'goal 7'; a person's name never. told: values before and after, counts, ids; 'agent_ids' names
    the agents whose data it is, where of_name is none. once_text: where a line with these words is there, none is added.
    Who acts is found by the database: the account that entered in this transaction, else `acting`.
    Secrets, by their key, and what could be a caller's number are stars. Raises AuditError for an act that has no name.
    """
    if what_name not in acts():
        raise AuditError(
            f"There is no act '{what_name}' in the trail; expected one of {', '.join(sorted(acts()))}. "
            "Give it a line in sql/audit.toml."
        )
    actor = acting_now()
    told_text = json.dumps(_plain(told or {}), ensure_ascii=False, sort_keys=True)
    if len(told_text) > LONGEST_TOLD:
        told_text = json.dumps({"told_length": len(told_text), "shortened": True})
    warehouse.one_row(
        connection,
        "audit/note",
        what_name=what_name,
        of_name=_text(of_name)[:LONGEST_NAME],
        told_text=told_text,
        place_text=_text(actor.place_text)[:LONGEST_PLACE],
        kind_name=actor.kind_name,
        person_name=actor.person_name[:320],
        once_text=once_text,
    )


def note_seen(
    connection: sa.Connection,
    *,
    what_name: str,
    viewer_name: str,
    at: datetime,
    of_name: str = "",
    agent_ids: Collection[int] = (),
    told: Mapping[str, object] | None = None,
) -> None:
    """Notes that somebody looked at another's data: once per viewer, whose, act, page and quarter of an hour."""
    quarter = int(at.timestamp()) // QUARTER_SECONDS
    whose = sorted(agent_ids)
    parts = (viewer_name, what_name, of_name, acting_now().place_text, whose, quarter)
    once_text = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    note(
        connection,
        what_name=what_name,
        of_name=of_name,
        told={**(told or {}), "agent_ids": whose},
        once_text=once_text,
    )


@contextmanager
def acting(
    kind_name: Kind | None = None, *, person_name: str | None = None, place_text: str | None = None
) -> Iterator[None]:
    """Says for the length of the block who acts and where; what is left out stays as it was, a stranger has no name."""
    person = "" if kind_name == "stranger" and person_name is None else person_name
    told = {"kind_name": kind_name, "person_name": person, "place_text": place_text}
    before = acting_now()
    given = {key: value for key, value in told.items() if value is not None}
    token = _actor.set(replace(before, **given))  # type: ignore[arg-type]
    try:
        yield
    finally:
        _actor.reset(token)


def act_as(kind_name: Kind, place_text: str) -> None:
    """Says for the rest of this program, in all its threads, what it is; the person is this computer's user."""
    _of_program[:] = [Actor(kind_name, _system_user(), place_text)]


def acting_now() -> Actor:
    """Who acts, unless somebody signed in; in a program that said nothing, this computer's user on the console."""
    return _actor.get() or next(iter(_of_program), None) or Actor("command", _system_user())


@cache
def acts() -> Mapping[str, Act]:
    """Every act that is noted, by its name, in the order in which they are listed."""
    found = tomllib.loads((files("sql") / "audit.toml").read_text(encoding="utf-8"))
    return {
        f"{group}.{name}": Act(f"{group}.{name}", one["kind"], one["sentence"])
        for group, named in found.items()
        for name, one in named.items()
    }


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """What differs between two states of a row: its values before, and those after."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    kept = {
        "before": {n: before[n] for n in names if n in before},
        "after": {n: after[n] for n in names if n in after},
    }
    return {when: values for when, values in kept.items() if values}


def forget(connection: sa.Connection, *, before_date: date) -> int:
    """Forgets the trail's lines before that first of a month, and notes it; how many lines.

    Raises WarehouseError within `warehouse.connected` for a day that is no first of a month or is not six months old.
    """
    actor = acting_now()
    who = {"kind_name": actor.kind_name, "person_name": actor.person_name, "place_text": actor.place_text}
    return int(warehouse.one_row(connection, "audit/forget", before_date=before_date, **who)[0])


def faults(connection: sa.Connection) -> pl.DataFrame:
    """One row per place where the trail was tampered with, the first one first; none in one that is whole.

    fault_name: missing (a line was taken out before this one), cut (it does not follow from the line before), beginning
    (what stood before it was not forgotten by the retention), content, actor (its person was changed), actor_gone.
    """
    return warehouse.frame(connection, "audit/check")


def head(connection: sa.Connection) -> pl.DataFrame:
    """One row: how many lines there are, from when to when, number and hash of the last one."""
    return warehouse.frame(connection, "audit/head")


def is_there(connection: sa.Connection) -> bool:
    """Whether this warehouse has a trail; one of an older version has none yet."""
    return bool(warehouse.one_row(connection, "audit/is_there")[0])


def agent_ids_of(frame: pl.DataFrame) -> list[int]:
    """The agents whose data a frame holds, by their numbers; none where it has no such column."""
    return sorted(frame["agent_id"].drop_nulls().unique().to_list()) if "agent_id" in frame.columns else []


def agents_called(connection: sa.Connection, agent_names: Collection[str]) -> set[int]:
    """The numbers of the agents who are called so, of namesakes all."""
    found = warehouse.frame(connection, "audit/agents_called", agent_names=sorted(agent_names))
    return set(found["agent_id"].to_list())


def holds(connection: sa.Connection, *, line_number: int, sha256_text: str) -> bool:
    """Whether the trail still holds the line with the hash that somebody wrote down."""
    return bool(
        warehouse.one_row(connection, "audit/has_line", line_number=line_number, sha256_text=sha256_text)[0]
    )


def _plain(value: object, key: str = "") -> object:
    """What is told, as JSON takes it: instants as text; stars for secrets, and for numbers that could be a caller's."""
    if _SECRET.search(key) and not key.endswith(_PLACES_OF_SECRETS):
        return STARS
    if isinstance(value, Mapping):
        return {str(name): _plain(one, str(name)) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    return _text(_masked(value.isoformat() if isinstance(value, (datetime, date)) else str(value)))


def _masked(text: str) -> str:
    return _NUMBER.sub(STARS, _IN_ADDRESS.sub(rf"\g<before>{STARS}", text))


def _text(text: str) -> str:
    """The text without what Postgres does not take: NUL, and half of a pair of signs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return f"user {os.getuid()}"
