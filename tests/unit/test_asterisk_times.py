"""Local times of a phone system: once, twice, never, and read in the wrong zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.sources.pbx.asterisk_times import epoch_of_call, epoch_of_text, with_newest, zone_fault
from tests.laws import law

TALLINN = ZoneInfo("Europe/Tallinn")
ZONES = (
    "Europe/Tallinn",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
    "Africa/Casablanca",
)


def at(text: str) -> int:
    return int(datetime.fromisoformat(f"{text}+00:00").timestamp())


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-11-22 02:58:06", "Europe/Tallinn", "2026-11-22 00:58:06"),
        ("2026-11-22 02:58:06.999999", "Europe/Tallinn", "2026-11-22 00:58:06"),
        ("2026-07-22T03:58:06", "Europe/Tallinn", "2026-07-22 00:58:06"),
        ("2026-11-22 02:58:06+02", "America/New_York", "2026-11-22 00:58:06"),
        ("2026-11-22 06:28:06+05:30", "UTC", "2026-11-22 00:58:06"),
        ("2026-11-22T00:58:06.5Z", "Europe/Tallinn", "2026-11-22 00:58:06"),
        (" 1795309086 ", "Europe/Tallinn", "2026-11-22 00:58:06"),
        ("1795309086.123456", "Europe/Tallinn", "2026-11-22 00:58:06"),
        (
            "2026-04-05 01:45:00",
            "Australia/Lord_Howe",
            "2026-04-04 14:45:00",
        ),  # half an hour comes twice: the first
    ],
)
def test_a_time_is_the_instant_at_which_clocks_there_showed_it(text: str, zone: str, expected: str) -> None:
    assert epoch_of_text(text, ZoneInfo(zone)) == at(expected)


@pytest.mark.parametrize(
    ("not_before", "near", "expected"),
    [
        (None, "", "2026-10-25 00:30:00"),
        (None, "2026-10-25 00:59:00", "2026-10-25 00:30:00"),
        (None, "2026-10-25 01:20:00", "2026-10-25 01:30:00"),
        ("2026-10-25 01:29:50", "", "2026-10-25 01:30:00"),
        ("2026-10-25 00:29:50", "2026-10-25 00:28:00", "2026-10-25 00:30:00"),
        ("2026-10-25 01:29:50", "2026-10-25 00:28:00", "2026-10-25 01:30:00"),
    ],
)
def test_a_time_that_comes_twice_fits_the_call_and_the_row_before(
    not_before: str | None, near: str, expected: str
) -> None:
    found = epoch_of_text(
        "2026-10-25 03:30:00",
        TALLINN,
        not_before=at(not_before) if not_before else None,
        near=at(near) if near else 0,
    )
    assert found == at(expected)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-29 03:30:00", "", "now", "2026-02-30 00:00:00", "2026-11-22 24:00:00", "2026-11-22 00:00:60",
        "22.11.2026 00:58:06", "2026-11-22", "٢٠٢٦-11-22 00:58:06", "1e9", "-1", "0000-00-00 00:00:00", "inf",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time"):
        epoch_of_text(text, TALLINN)


@law(100)
@given(instant=st.integers(946_684_800, 4_000_000_000), zone=st.sampled_from(ZONES), age=st.integers(0, 1500))
def test_every_instant_comes_back_from_what_clocks_showed_when_its_call_is_known(
    instant: int, zone: str, age: int
) -> None:
    """A call younger than the shortest shift of clocks (30 minutes) tells the two times apart."""
    local = f"{datetime.fromtimestamp(instant, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"
    assert epoch_of_text(local, ZoneInfo(zone), not_before=instant - age) == instant


@pytest.mark.parametrize(
    ("call_id", "expected"),
    [
        ("1795309879.19", 1_795_309_879), ("pbx1-1795309879.19", 1_795_309_879), ("NONE", None), ("1795309879", None),
        ("12345.1", None), ("x1795309879.1", None), (None, None), ("99999999999.1", None),
    ],
)  # fmt: skip
def test_an_id_tells_the_second_of_its_call(call_id: str | None, expected: int | None) -> None:
    assert epoch_of_call(call_id) == expected


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        ([3] * 9, None),
        ([7203] * 9, None),  # too few to say
        ([7203] * 10, "2 h after"),
        ([-7190] * 12, "2 h before"),
        ([19_810] * 12, "5.5 h after"),
        ([7203] * 19 + [4], None),  # one call that fits: the others only waited long
        ([4] * 30 + [7203] * 20, "2 h after"),  # the newest count
        ([4] * 9 + [-99_999_997], None),  # one garbled id among calls that fit
        ([7203] * 9 + [-99_999_997], "2 h after"),
        ([-7190] * 9 + [-99_999_997, 4], "2 h before"),
    ],
)
def test_a_zone_is_wrong_when_no_call_of_the_newest_fits(differences: list[int], word: str | None) -> None:
    fault = zone_fault(with_newest((), differences), TALLINN)
    assert word in fault if fault and word else fault is word, fault


def test_the_clock_of_today_is_among_those_that_are_read() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    assert epoch_of_text(f"{now:%Y-%m-%d %H:%M:%S}", ZoneInfo("UTC")) == int(now.timestamp())
