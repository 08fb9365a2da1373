"""Turns what a person typed after `floorboard ask` into one of the questions that the pages ask.

In: the name of a question and its parameters as text. Out: the frame that the pages get for that question.
Rule: an instant without its zone is refused, never guessed; an unknown word is answered with known ones; and
what no floor can have (a window without length, the year 1, an unknown queue) is refused, not answered with zeros.
"""

from __future__ import annotations

import difflib
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection

from dashboard.calls.call_queries import call_names, queues
from dashboard.queries import QUESTIONS
from sql.metrics import SERVICE_LEVEL_FORMULAS

OPTIONS = {"window_start": "--from", "window_end": "--to", "as_of": "--as-of", "day_date": "--day"}
YEARS = range(1990, 2100)
WHOLE_NUMBERS = range(-(2**31), 2**31)  # what an integer of the warehouse holds
THRESHOLD_SECONDS = range(14_401)
NARROWED = frozenset({"team_id", "agent_id", "group_name", "site_name", "channel_name", "topic_name"})
AHEAD = timedelta(minutes=1)  # clocks of two machines differ a little


class AskError(Exception):
    """The question or a parameter of it cannot be used; the message is one sentence fit for a terminal."""


def ask(
    connection: Connection,
    question: str,
    given: Mapping[str, str],
    *,
    now: datetime,
    warn: Callable[[str], None] = lambda _text: None,
) -> pl.DataFrame:
    """The answer to that question; the grain is the question's own.

    `given` maps parameter names to text. `now` stands in for an `as_of` that was not given. `warn` hears what the
    answer does not say: an instant in the future is answered from what is known by now. Raises AskError.
    """
    function = find(question)
    values = typed(question, function, given, now=now)
    refuse_unanswerable(values)
    as_of = values.get("as_of")
    if as_of is not None and as_of > now + AHEAD:
        warn(
            f"--as-of {as_of.isoformat()} is in the future: the answer knows nothing after "
            f"{now.astimezone(UTC).isoformat(timespec='seconds')}."
        )
    if values.get("queue_id") is not None:
        _refuse_unknown_queue(connection, values["queue_id"])
    narrowed = NARROWED & {name for name, value in values.items() if value is not None}
    if narrowed and "is_business_hours" in _signature(
        function
    ):  # a question about calls: others have groups of their own
        _refuse_unknown_names(connection, {name: values[name] for name in sorted(narrowed)})
    return function(connection, **values)


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
    for name in given:
        if name not in wanted:
            options = [_option(known) for known in wanted] or ["no parameters"]
            raise AskError(
                f"The question {question} does not take {_option(name)}; {_known(_option(name), options)}"
            )
    values: dict[str, Any] = {}
    for name, (hint, default) in wanted.items():
        if name in given:
            values[name] = _convert(given[name], hint, option=_option(name))
        elif name == "as_of":
            values[name] = now
        elif default is inspect.Parameter.empty:
            example = "2026-11-22" if name.endswith("_date") else "2026-11-22T00:00:00+02:00"
            raise AskError(
                f"The question {question} needs {_option(name)}, for example {_option(name)} {example}."
            )
    return values


def refuse_unanswerable(values: Mapping[str, Any]) -> None:
    """AskError for what no floor can answer: a window without length, an absurd threshold, an unknown formula."""
    refuse_empty_window(values.get("window_start"), values.get("window_end"))
    formula = values.get("formula_name")
    if formula is not None and formula not in SERVICE_LEVEL_FORMULAS:
        raise AskError(f'--formula-name "{formula}" is no formula; {_known(formula, SERVICE_LEVEL_FORMULAS)}')
    threshold = values.get("threshold_seconds")
    if threshold is not None and threshold not in THRESHOLD_SECONDS:
        raise AskError(
            f"--threshold-seconds is {threshold}, expected 0 to {THRESHOLD_SECONDS[-1]} (four hours); give "
            "another one, or leave it out for the threshold of each queue."
        )


def refuse_empty_window(start: datetime | None, end: datetime | None) -> None:
    """AskError when a window does not end after its start."""
    if start is not None and end is not None and start >= end:
        raise AskError(
            f"--from {start.isoformat()} is not before --to {end.isoformat()}, expected a window that ends after "
            "its start; exchange or correct them (the end is not part of the window)."
        )


def _refuse_unknown_queue(connection: Connection, queue_id: int) -> None:
    known = queues(connection)["queue_id"].to_list()
    if queue_id not in known:
        some = ", ".join(map(str, sorted(known)[:20])) or "none yet"
        raise AskError(
            f"There is no queue with --queue-id {queue_id}, expected one of: {some}; "
            "`floorboard queue list` shows them with their names."
        )


def _refuse_unknown_names(connection: Connection, narrowed: Mapping[str, Any]) -> None:
    """AskError for a team, agent, group, site, channel or topic that nothing here has."""
    names = call_names(connection)
    for name, value in narrowed.items():
        kind, _, by = name.partition("_")
        known = names.filter(pl.col("kind_name") == kind)
        if value in known["name_id" if by == "id" else "name_text"].to_list():
            continue
        shown = [
            f"{row['name_id']} ({row['name_text']})" if by == "id" else row["name_text"] or '""'
            for row in known.head(20).iter_rows(named=True)
        ]
        raise AskError(
            f"There is no {kind} with {_option(name)} {value}, expected one of: {', '.join(shown) or 'none yet'}; "
            "`floorboard ask call_names` shows them all."
        )


def from_arguments(arguments: Sequence[str], *, taken: Iterable[str] = ()) -> dict[str, str]:
    """`--queue-id 4` and `--queue-id=4` as {"queue_id": "4"}; AskError for anything else.

    `taken` are the parameters that were given already, by an option of their own.
    """
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        name, equals, value = rest.pop(0).partition("=")
        if not name.startswith("--") or (not equals and not rest):
            raise AskError(f'Found "{name}", expected parameters as --name value.')
        key = name[2:].replace("-", "_")
        if key in found or key in taken:
            raise AskError(f"Found {_option(key)} twice, expected it once; remove one of the two.")
        found[key] = value if equals else rest.pop(0)
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
    try:
        moment = value.astimezone(UTC)
    except OverflowError:  # at the very edge of the calendar
        moment = value.replace(tzinfo=UTC)
    _refuse_year(moment.year, text, option=option)
    return moment


def _refuse_year(year: int, text: str, *, option: str) -> None:
    if year not in YEARS:
        raise AskError(
            f'{option} "{text}" is in the year {year}, expected {YEARS[0]} to {YEARS[-1]}; correct the year.'
        )


def _signature(function: Callable[..., object]) -> dict[str, tuple[Any, Any]]:
    """Each parameter's type and default (`inspect.Parameter.empty` where it must be given), the unpacked ones too."""
    hints = typing.get_type_hints(function)
    found: dict[str, tuple[Any, Any]] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        hint = hints.get(name, str)
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            [words] = typing.get_args(hint)
            found |= {one: (kind, None) for one, kind in typing.get_type_hints(words).items()}
        elif name != "connection":
            found[name] = (hint, parameter.default)
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
            day = date.fromisoformat(text.strip())
            _refuse_year(day.year, text, option=option)
            return day
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
        if kind is int and int(text) not in WHOLE_NUMBERS:
            raise AskError(
                f'{option} "{text}" is too large, expected {WHOLE_NUMBERS[0]} to {WHOLE_NUMBERS[-1]}; correct it.'
            )
        return kind(text) if kind in (int, float) else text
    except (ValueError, KeyError):
        raise AskError(f'{option} "{text}" cannot be used; expected {expected[kind]}.') from None


def _known(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"expected one of: {', '.join(names)}.{hint}"
