"""What a person at the terminal reads and types: lines, passing steps, tables, JSON, instants, a yes.

In: texts, rows, and what was typed. Out: tables for people, JSON for programs, alone on standard output.
The rule it guards: what is said goes to standard error; no text of a source can move a terminal's cursor.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

AsJson = Annotated[bool, typer.Option("--json", help="JSON, alone on standard output.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")]
From = Annotated[str | None, typer.Option("--from", help="Start of the window: ISO 8601 with its zone.")]
To = Annotated[
    str | None, typer.Option("--to", help="End of the window, not part of it: ISO 8601 with its zone.")
]
AsOf = Annotated[
    str | None, typer.Option(help="The instant asked about, now when left out: ISO 8601 with its zone.")
]

DASH = "–"
# What moves the cursor, colours the terminal or turns the order of a line around; never shown as it is.
UNSHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
WIDEST_TABLE = 8
ROWS_SIDE_BY_SIDE = 4


class FrontDoorError(Exception):
    """What was typed cannot be done; the message says what was found, what was expected and what to do."""


def tell(text: str) -> None:
    """A line for the person at the terminal; never on standard output, which belongs to the answer."""
    print(shown(text), file=sys.stderr, flush=True)


def shown(text: str, *, line_break: str = "\n") -> str:
    """The text as a terminal may show it: every control character is replaced."""
    return UNSHOWN.sub("\ufffd", text).replace("\n", line_break)


class Steps:
    """Tells how far a start has come: lasting lines, and passing ones where a terminal takes them back."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._passing = False

    def say(self, text: str) -> None:
        """A line that stays."""
        self._wipe()
        self._console.print(shown(text), markup=False)

    def passing(self, text: str) -> None:
        """A line that the next one replaces; left out where the output is no terminal."""
        if self._console.is_terminal:
            self._wipe()
            self._console.print(shown(text), markup=False, end="\r", style="dim")
            self._passing = True

    def _wipe(self) -> None:
        if self._passing:
            self._console.file.write("\x1b[2K\r")
            self._passing = False


def show(answer: pl.DataFrame | Sequence[Mapping[str, Any]], *, title: str, as_json: bool) -> None:
    """Rows as JSON objects, or as a table; null stays null, and a dash in the table."""
    rows = list(answer) if isinstance(answer, Sequence) else answer.to_dicts()
    if as_json:
        typer.echo(json.dumps([{k: plain(v) for k, v in row.items()} for row in rows], ensure_ascii=False))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    names = list(rows[0]) if rows else [] if isinstance(answer, Sequence) else answer.columns
    cells = [
        [Text(DASH if row[name] is None else shown(str(plain(row[name])), line_break=" ")) for name in names]
        for row in rows
    ]
    console = Console(highlight=False)
    if len(names) <= WIDEST_TABLE or not rows:
        table = Table(title=title, box=box.SIMPLE_HEAD)
        for name in names:
            table.add_column(name, overflow="fold")
        for line in cells:
            table.add_row(*line)
        console.print(table)
        return
    for first in range(0, len(cells), ROWS_SIDE_BY_SIDE):  # too wide for a terminal: on its side, in blocks
        table = Table(title=title, box=box.SIMPLE_HEAD, show_header=False)
        table.add_column(no_wrap=True)
        block = cells[first : first + ROWS_SIDE_BY_SIDE]
        for _ in block:
            table.add_column(overflow="fold")
        for number, name in enumerate(names):
            table.add_row(name, *(line[number] for line in block))
        console.print(table)


def plain(value: object) -> object:
    """The value as JSON knows it: instants and days as ISO 8601, a number that is none as null."""
    if isinstance(value, date):  # an instant is a date too
        return value.isoformat()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def confirm(sentence: str, *, is_sure: bool) -> None:
    """Asks before what cannot be taken back; FrontDoorError when the answer is no."""
    if not is_sure and not typer.confirm(f"{sentence}. Go on?", err=True):
        raise FrontDoorError("Nothing was changed.")


def day(text: str | None, *, option: str) -> date | None:
    """The day that an option names, None where it was left out; FrontDoorError for what is no day."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise FrontDoorError(f'{option} is "{text}", expected a day such as 2026-11-21.') from None
