"""Makes instants of the times that a phone system writes in its own local hours, also on the night they come twice.

In: a local time as text, the zone it was written in, and what is known of when it can have been. Out: epoch seconds.
The rule it guards: a time that exists twice is told apart by the second in the call's id and by the order of the
rows; a time that never was (the spring gap) is refused; a wrong zone in the settings is found out, not believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from statistics import median_low
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator

from etl.sources import Name

FIRST_INSTANT = 631_152_000  # 1990-01-01
LAST_INSTANT = 4_102_444_800  # 2100-01-01
CHECKED_CALLS = 20  # so many newest ones are compared with their ids
FEWEST_CHECKED = 10
SHIFT_SECONDS = 1800  # no zone differs from its neighbour by less, but for a few of no account
SLACK_SECONDS = 60
_EPOCH = re.compile(r"(?a:\d{9,12})(?:\.(?a:\d{1,9}))?")
_LOCAL = re.compile(
    r"(?a:\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d)(?:\.(?a:\d{1,9}))?(?P<offset>Z|[+-](?a:\d\d)(?::?(?a:\d\d))?)?"
)
_CALL_ID = re.compile(r"(?:^|-)(?P<epoch>(?a:\d{9,12}))\.(?a:\d+)$")
_EXPECTED = "expected a time such as 2026-11-22 00:58:06 or epoch seconds"


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise ValueError('an IANA time zone such as "Europe/Tallinn"') from None
    return name


ZoneName = Annotated[Name, AfterValidator(_known_zone)]
"""The name of a time zone in the settings."""


def epoch_of_call(call_id: str | None) -> int | None:
    """The second at which a call began, from its id (`1795309879.19`, `pbx1-1795309879.19`); null where it holds none."""
    found = _CALL_ID.search(call_id or "")
    epoch = int(found["epoch"]) if found else 0
    return epoch if FIRST_INSTANT <= epoch < LAST_INSTANT else None


def epoch_of_text(text: str | None, zone: ZoneInfo, *, not_before: int | None = None, near: int = 0) -> int:
    """Epoch seconds (fractions cut off) of a local time, of one with an offset, or of epoch seconds as text.

    A time that exists twice: the one not before `not_before` (the second in the call's id), else the one nearest to
    `near` (the newest instant read before it), else the first. Raises ValueError with what was found and expected.
    """
    found = (text or "").strip()
    if _EPOCH.fullmatch(found):
        return int(found.partition(".")[0])
    match = _LOCAL.fullmatch(found)
    if match is None:
        raise ValueError(f"is '{found[:40]}'; {_EXPECTED}")
    try:
        local = datetime.fromisoformat(found[:19])
        if match["offset"]:
            return int(datetime.fromisoformat(f"{found[:19]}{_offset(match['offset'])}").timestamp())
        candidates = _candidates(local, zone)
    except (ValueError, OverflowError):
        raise ValueError(f"is '{found[:40]}', which is no day or no time; {_EXPECTED}") from None
    if not candidates:
        raise ValueError(
            f"is '{found[:40]}', which never was in {zone.key}: clocks were put forward over it; "
            "expected a time of the zone in which the phone system writes"
        )
    return _choose(candidates, not_before=not_before, near=near)


def _offset(text: str) -> str:
    digits = text.replace(":", "")
    return "+00:00" if text == "Z" else f"{digits[:3]}:{digits[3:5] or '00'}"


def _candidates(local: datetime, zone: ZoneInfo) -> list[int]:
    """The instants at which clocks of the zone showed this time: one, two, or none."""
    first, second = (int(local.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    if first == second:
        return [first]
    return [first, second] if first < second else []


def _choose(candidates: list[int], *, not_before: int | None, near: int) -> int:
    if len(candidates) == 1:
        return candidates[0]
    possible = [found for found in candidates if not_before is None or found >= not_before - SLACK_SECONDS]
    possible = possible or candidates
    return min(possible, key=lambda found: abs(found - near)) if near else possible[0]


def with_newest(known: Iterable[int], more: Iterable[int]) -> tuple[int, ...]:
    """By how many seconds the newest calls began after the second in their ids, to be checked by `zone_fault`."""
    return (*known, *more)[-CHECKED_CALLS:]


def zone_fault(differences: tuple[int, ...], zone: ZoneInfo) -> str | None:
    """What is wrong with the zone of the settings, from how far times and call ids lie apart; null where nothing is.

    A call enters a queue some seconds or minutes after its id was made, so in the right zone some differences are near
    0; a few that are not (a call that waited for hours, an id or a time that was garbled) say nothing of the zone.
    """
    if len(differences) < FEWEST_CHECKED:
        return None
    least = SHIFT_SECONDS - SLACK_SECONDS
    before = [difference for difference in differences if difference <= -least]
    if 2 * len(before) <= len(differences) and any(abs(difference) < least for difference in differences):
        return None
    if 2 * len(before) > len(differences):
        smallest = median_low(before)
    else:
        smallest = min(difference for difference in differences if difference not in before)
    hours = round(smallest / SHIFT_SECONDS) / 2
    return (
        f"its times read in {zone.key} lie {abs(hours):g} h {'after' if hours > 0 else 'before'} the seconds in the ids "
        f"of the newest {len(differences)} calls, expected them to agree. Set time_zone to the zone of the phone "
        "system's clock, or is_utc = true where it writes UTC."
    )
