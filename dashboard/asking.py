"""Turns what a person typed after `floorboard ask` into one of the questions that the pages ask.

In: the name of a question and its parameters as text. Out: the frame that the pages get for that question.
Rule: an instant without its zone is refused, never guessed; an unknown word is answered with known ones.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from dashboard.queries import QUESTIONS

OPTIONS = {"window_start": "--from", "window_end": "--to", "as_of": "--as-of", "day_date": "--day"}


class AskError(Exception):
    """The question or a parameter of it cannot be used; the message is one sentence fit for a terminal."""


def ask(connection: Connection, question: str, given: Mapping[str, str], *, now: datetime) -> pl.DataFrame:
    """The answer to that question; the grain is the question's own.

    `given` maps parameter names to text. `now` stands in for an `as_of` that was not given. Raises AskError.
    """
    function = find(question)
    return function(connection, **typed(question, function, given, now=now))


def find(question: str) -> Callable[..., pl.DataFrame]:
    """The function of that question; AskError with the known names when there is none."""
    if question not in QUESTIONS:
        raise AskError(f'There is no question "{question}"; {_known(question, QUESTIONS)}')
    return QUESTIONS[question]


def parameters(question: str) -> list[str]:
    """What a question can be given, as it is typed: --from, --as-of, --queue-id ..."""
    return [_option(name) for name in _signature(find(question))]


def typed(
    question: str, function: Callable[..., object], given: Mapping[str, str], *, now: datetime
) -> dict[str, Any]:
    """The parameters with the types of the function's signature; AskError for a wrong or missing one."""
    wanted = _signature(function)
    hints = typing.get_type_hints(function)
    for name in given:
        if name not in wanted:
            options = [_option(known) for known in wanted] or ["no parameters"]
            raise AskError(
                f"The question {question} does not take {_option(name)}; {_known(_option(name), options)}"
            )
    values: dict[str, Any] = {}
    for name, parameter in wanted.items():
        if name in given:
            values[name] = _convert(given[name], hints.get(name, str), option=_option(name))
        elif name == "as_of":
            values[name] = now
        elif parameter.default is inspect.Parameter.empty:
            example = "2026-11-22" if name.endswith("_date") else "2026-11-22T00:00:00+02:00"
            raise AskError(
                f"The question {question} needs {_option(name)}, for example {_option(name)} {example}."
            )
    return values


def from_arguments(arguments: Sequence[str]) -> dict[str, str]:
    """`--queue-id 4` and `--queue-id=4` as {"queue_id": "4"}; AskError for anything else."""
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not name.startswith("--") or (not equals and not rest):
            raise AskError(f'Found "{name}", expected parameters as --name value.')
        found[name[2:].replace("-", "_")] = value if equals else rest.pop(0)
    return found


def instant(text: str, *, option: str) -> datetime:
    """The UTC instant of an ISO 8601 text with zone; AskError for everything else."""
    try:
        value = datetime.fromisoformat(text.strip())
    except ValueError:
        raise AskError(
            f'{option} "{text}" is not an instant; expected ISO 8601 with its zone, such as '
            "2026-11-22T08:00:00+02:00 or 2026-11-22T06:00:00Z."
        ) from None
    if value.tzinfo is None:
        raise AskError(
            f'{option} "{text}" has no zone, so it could mean several instants; expected one such as '
            f"{value.isoformat()}Z or {value.isoformat()}+02:00. Add the zone."
        )
    return value.astimezone(UTC)


def _signature(function: Callable[..., object]) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(function).parameters)
    found.pop("connection", None)
    return found


def _option(name: str) -> str:
    return OPTIONS.get(name, "--" + name.replace("_", "-"))


def _convert(text: str, hint: Any, *, option: str) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    kind = next((each for each in kinds if each is not type(None)), str)
    if kind is datetime:
        return instant(text, option=option)
    expected = {
        int: "a whole number",
        float: "a number",
        date: "a day such as 2026-11-22",
        bool: "true or false",
    }
    try:
        if kind is date:
            return date.fromisoformat(text.strip())
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        raise AskError(f'{option} "{text}" cannot be used; expected {expected[kind]}.') from None


def _known(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"expected one of: {', '.join(names)}.{hint}"
