"""Reads the business hours and holidays of a Zendesk account as rows of the warehouse's timetables.

In: schedules as the API or the Fivetran schema gives them: minutes since Sunday midnight, zones under Rails' names.
Out: frames schedules, business_hours and holidays. The rule it guards: an unknown zone stops with its name; none is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import polars as pl

from etl import LoadError
from etl.sources import Timetables
from etl.sources.desks.zendesk_records import Record, an_id, shown, shown_name

DAY_MINUTES = 1440
# Rails' names that are not the last word of a zone of the tz database; the others are.
_ZONES = {
    "Abu Dhabi": "Asia/Muscat", "Alaska": "America/Juneau", "American Samoa": "Pacific/Pago_Pago",
    "Arizona": "America/Phoenix", "Astana": "Asia/Almaty", "Atlantic Time (Canada)": "America/Halifax",
    "Beijing": "Asia/Shanghai", "Bern": "Europe/Zurich", "Brasilia": "America/Sao_Paulo",
    "Buenos Aires": "America/Argentina/Buenos_Aires",
    "Canberra": "Australia/Canberra", "Cape Verde Is.": "Atlantic/Cape_Verde", "Central America": "America/Guatemala",
    "Central Time (US & Canada)": "America/Chicago", "Chatham Is.": "Pacific/Chatham", "Chennai": "Asia/Kolkata",
    "Eastern Time (US & Canada)": "America/New_York", "Edinburgh": "Europe/London", "Ekaterinburg": "Asia/Yekaterinburg",
    "Georgetown": "America/Guyana", "Greenland": "America/Nuuk", "Guadalajara": "America/Mexico_City",
    "Hanoi": "Asia/Bangkok", "Hawaii": "Pacific/Honolulu", "Indiana (East)": "America/Indiana/Indianapolis",
    "International Date Line West": "Etc/GMT+12", "Islamabad": "Asia/Karachi", "Kyiv": "Europe/Kyiv",
    "La Paz": "America/La_Paz", "Marshall Is.": "Pacific/Majuro", "Mid-Atlantic": "Atlantic/South_Georgia",
    "Midway Island": "Pacific/Midway", "Mountain Time (US & Canada)": "America/Denver", "Mumbai": "Asia/Kolkata",
    "New Caledonia": "Pacific/Noumea", "New Delhi": "Asia/Kolkata", "Newfoundland": "America/St_Johns",
    "Nuku'alofa": "Pacific/Tongatapu", "Osaka": "Asia/Tokyo", "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Pretoria": "Africa/Johannesburg", "Quito": "America/Guayaquil", "Rangoon": "Asia/Yangon", "Samoa": "Pacific/Apia",
    "Sapporo": "Asia/Tokyo", "Saskatchewan": "America/Regina", "Solomon Is.": "Pacific/Guadalcanal",
    "Sri Jayawardenepura": "Asia/Colombo", "St. Petersburg": "Europe/Moscow", "Tokelau Is.": "Pacific/Fakaofo",
    "UTC": "Etc/UTC", "Wellington": "Pacific/Auckland", "West Central Africa": "Africa/Algiers",
}  # fmt: skip


@dataclass(frozen=True)
class Schedules(Timetables):
    """Timetables in the columns of warehouse.schedules, business_hours and holidays; `names` by their id in Zendesk."""

    names: dict[str, str]


SCHEDULES: dict[str, pl.DataType] = {"schedule_name": pl.String(), "time_zone_name": pl.String()}
HOURS: dict[str, pl.DataType] = {
    "schedule_name": pl.String(), "weekday_number": pl.Int16(), "opens_seconds": pl.Int32(), "closes_seconds": pl.Int32()
}  # fmt: skip
HOLIDAYS: dict[str, pl.DataType] = {
    "schedule_name": pl.String(), "first_date": pl.Date(), "last_date": pl.Date(), "holiday_name": pl.String()
}  # fmt: skip


def zone_name(name: str) -> str:
    """The name in the tz database of a zone as Rails names it ("Tallinn"); LoadError where there is none."""
    zones = _by_last_word()
    found = _ZONES.get(name) or (name if name in available_timezones() else zones.get(name.replace(" ", "_")))
    if found is None:
        raise LoadError(
            f"a schedule's time zone is {shown(name)}; expected a name such as 'Tallinn' or 'Europe/Tallinn'. "
            "Choose another zone for the schedule in Zendesk's admin centre, under business hours."
        )
    return ZoneInfo(found).key


@cache
def _by_last_word() -> dict[str, str]:
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    zones = sorted((zone for zone in available_timezones() if zone.startswith(areas)), key=len, reverse=True)
    return {zone.rpartition("/")[2]: zone for zone in zones}


def schedules_of(schedules: Iterable[Record], holidays: Iterable[Record]) -> Schedules:
    """Timetables as frames. Two schedules of one name are told apart by their id.

    schedules: id, name, time_zone and intervals (start_time and end_time in minutes since Sunday midnight);
    holidays: schedule_id, name, start_date and end_date (both included). Raises LoadError for what is none of it.
    """
    names: dict[str, str] = {}
    rows: list[list[tuple[object, ...]]] = [[], [], []]
    try:
        for schedule in schedules:
            schedule_id = an_id(schedule, "id")
            name = shown_name(schedule.get("name"), f"schedule {schedule_id}")
            names[schedule_id] = name = f"{name} ({schedule_id})" if name in names.values() else name
            rows[0].append((name, zone_name(str(schedule.get("time_zone")))))
            rows[1].extend((name, *hours) for hours in _hours(schedule.get("intervals") or []))
        for holiday in holidays:
            name = names.get(an_id(holiday, "schedule_id"), "")
            first, last = (
                date.fromisoformat(str(holiday.get(key))[:10]) for key in ("start_date", "end_date")
            )
            if name:
                rows[2].append((name, first, last, shown_name(holiday.get("name"), "holiday")))
    except (ValueError, TypeError, AttributeError) as error:
        raise LoadError(
            f"a schedule cannot be read ({error}); expected id, name, time_zone, intervals and holidays. "
            "Look at the business hours in Zendesk's admin centre, and report this if they are in order."
        ) from None
    return Schedules(
        _frame(rows[0], SCHEDULES, 1), _frame(rows[1], HOURS, 3), _frame(rows[2], HOLIDAYS, 2), names
    )


def _frame(rows: list[tuple[object, ...]], schema: dict[str, pl.DataType], key_columns: int) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.unique(frame.columns[:key_columns], maintain_order=True)


def _hours(intervals: Iterable[Record]) -> Iterable[tuple[int, int, int]]:
    """Each stretch of opening hours by weekday (0 is Monday), cut at midnight; Zendesk's week begins on Sunday."""
    for interval in intervals:
        start, end = int(interval["start_time"]), int(interval["end_time"])
        if not 0 <= start < end <= 7 * DAY_MINUTES:
            raise ValueError(f"hours from minute {start} to {end} of the week")
        while start < end:
            day = start // DAY_MINUTES
            until = min(end, (day + 1) * DAY_MINUTES)
            yield (day - 1) % 7, (start - day * DAY_MINUTES) * 60, (until - day * DAY_MINUTES) * 60
            start = until
