"""The word by which other machines may read the figures, and the marks and ticks of the timeline."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboard import server, words
from dashboard.loading import outage_view

AS_OF = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # 14:00 in Tallinn


@pytest.mark.parametrize(
    "text", ["secret", "changeme", "x" * 40, "abababababababababab", "õ" * 8 + "äöüšžabcdefghijk"]
)
def test_a_token_that_is_easily_guessed_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(server.ServerError, match="easily guessed") as caught:
        server.metrics_token({server.TOKEN_VARIABLE: text})
    assert text not in str(caught.value)


def test_a_token_at_random_is_taken_and_an_empty_one_is_none() -> None:
    assert server.metrics_token({server.TOKEN_VARIABLE: " 9f86d081884c7d659a2f "}) == "9f86d081884c7d659a2f"
    assert server.metrics_token({server.TOKEN_VARIABLE: " "}) is None
    assert server.metrics_token({}) is None


def stretches(*drawn: tuple[str | None, str, float, float]) -> pl.DataFrame:
    """Drawn as (source, or None for the loader; state; from and to in minutes before the end)."""
    rows = [
        {
            "is_loader": source is None,
            "source_name": source,
            "state_name": state,
            "started_at": AS_OF - timedelta(minutes=start),
            "ended_at": AS_OF - timedelta(minutes=end),
            "duration_seconds": int((start - end) * 60),
            "loaded_rows": 7 if state == "catching_up" else None,
            "error_text": "The file is gone." if state == "failing" else None,
        }
        for source, state, start, end in drawn
    ]
    return pl.DataFrame(
        rows, schema_overrides={"source_name": pl.String, "loaded_rows": pl.Int64, "error_text": pl.String}
    )


def listed(outages: pl.DataFrame) -> list[list[object]]:
    rows = outage_view.outage_table(outages, as_of=AS_OF, zone_name="Europe/Tallinn")["rows"]
    return [[cell["word"] if isinstance(cell, dict) else cell for cell in row["cells"]][:5] for row in rows]


def test_a_silence_of_the_loader_is_one_outage_and_not_one_of_every_source() -> None:
    found = stretches(
        (None, "not_read", 120, 90), (None, "delivering", 90, 0),
        ("a", "not_read", 120, 90), ("a", "catching_up", 90, 89), ("a", "delivering", 89, 0),
        ("b", "not_read", 120, 90), ("b", "catching_up", 90, 88), ("b", "delivering", 88, 0),
    )  # fmt: skip
    assert listed(found) == [["11 Mar, 12:00", "Loader", "No sign of life", "30 min", "14 rows in 2 min"]]


def test_an_outage_that_lasts_is_told_as_lasting_and_short_silences_are_only_drawn() -> None:
    found = stretches(
        ("a", "silent", 120, 91),
        ("a", "delivering", 91, 60),
        ("a", "silent", 60, 30),
        ("a", "failing", 30, 0),
    )
    assert listed(found) == [
        ["11 Mar, 13:30", "a", "Failing", "30 min so far", "–"],
        ["11 Mar, 13:00", "a", "Silent", "30 min", "–"],
    ]


def test_what_is_drawn_of_the_time_before_a_source_was_read_stands_in_the_legend() -> None:
    def legend(*drawn: tuple[str | None, str, float, float]) -> list[str]:
        block = outage_view.timeline(stretches(*drawn), as_of=AS_OF, days=1, zone_name="Europe/Tallinn")
        return [item["word"] for item in block["legend"]]

    known = ["Delivering", "Catching up", "Silent", "Not read", "Failing"]
    assert legend(("a", "delivering", 1440, 0)) == known
    assert legend(("a", "delivering", 1440, 0), ("b", "silent", 700, 0)) == [*known, "Not read before"]


def test_every_outage_is_drawn_however_short_and_calm_flicker_is_not() -> None:
    drawn: list[tuple[str | None, str, float, float]] = [
        ("a", "delivering", 1440, 700),
        ("a", "failing", 700, 699.9),
    ]
    drawn += [("a", "silent" if n % 2 else "delivering", 699.9 - n / 10, 699.8 - n / 10) for n in range(50)]
    block = outage_view.timeline(stretches(*drawn), as_of=AS_OF, days=1, zone_name="Europe/Tallinn")
    (band,) = block["bands"]
    assert [part["state"] for part in band["parts"]] == ["delivering", "failing", "delivering"]
    assert band["parts"][1]["width"] == pytest.approx(
        100 * 0.1 / 1440, abs=0.001
    )  # no calm is added to an outage
    assert band["summary"] == "1 outage, 6 s"
    assert band["parts"][0]["width"] == pytest.approx(100 * 740 / 1440, abs=0.001)


@pytest.mark.parametrize(
    ("day", "labels"),
    [
        (
            (2026, 3, 29),
            ["00:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"],
        ),  # 03:00 did not exist
        (
            (2026, 10, 25),
            ["00:00", "03:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"],
        ),  # twice
        ((2026, 6, 1), ["00:00", "03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00"]),
    ],
)
def test_the_hours_below_the_timeline_are_those_of_the_place(
    day: tuple[int, int, int], labels: list[str]
) -> None:
    date = datetime(*day).date()  # noqa: DTZ001 - a calendar day
    start = words.day_start(date, "Europe/Tallinn") - timedelta(minutes=1)
    end = words.day_start(words.shifted_day(date, 1), "Europe/Tallinn")
    found = outage_view.ticks(start, end, zone_name="Europe/Tallinn", step_hours=3)
    assert [tick["label"] for tick in found] == labels
    assert all(0 < tick["left"] < 100 for tick in found)


def test_a_zone_off_by_three_quarters_of_an_hour_has_its_full_hours() -> None:
    found = outage_view.ticks(AS_OF - timedelta(days=1), AS_OF, zone_name="Asia/Kathmandu", step_hours=3)
    assert [tick["label"] for tick in found] == [
        "18:00",
        "21:00",
        "00:00",
        "03:00",
        "06:00",
        "09:00",
        "12:00",
        "15:00",
    ]
