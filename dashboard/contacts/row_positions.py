"""Where a row stands in its list: a page goes on behind it, even when the row itself has left the list meanwhile.

In: the row_text of the last row of a page. Out: its rank, instant and name, as the order of the list compares them.
The rule it guards: "more" never begins again at the top because a call has ended; only a text that names no position does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

_POSITION = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,30})?)\|(-?[0-9]{1,16})\|([^\x00]*)", re.DOTALL)


class Position(NamedTuple):
    """The rank of a row, its instant in microseconds since 1970, and its name among rows of the same rank and instant."""

    rank_number: Decimal
    microseconds: int
    text: str


def position_of(row_text: str | None) -> Position | None:
    """The position that a row_text names; None, which means the top of the list, where it names none."""
    named = _POSITION.fullmatch(row_text or "")
    if named is None:
        return None
    rank_number, microseconds, text = named.groups()
    return Position(Decimal(rank_number), int(microseconds), text)


def behind(after_text: str | None) -> dict[str, Any]:
    """The position as parameters of a statement."""
    if (position := position_of(after_text)) is None:
        return {"after_rank_number": None, "after_at": None, "after_text": None}
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=position.microseconds)
    return {"after_rank_number": position.rank_number, "after_at": at, "after_text": position.text}
