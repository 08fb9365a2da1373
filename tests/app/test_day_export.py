"""The file of a day: what has begun, for which queue, by which definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.calls import day_view
from dashboard.ui import take_along
from sql import metrics

DAY = date(2026, 3, 11)
NINE = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)


def intervals() -> pl.DataFrame:
    starts = [NINE + timedelta(minutes=15 * place) for place in range(4)]
    return pl.DataFrame(
        {
            "interval_start_at": starts,
            "interval_end_at": [start + timedelta(minutes=15) for start in starts],
            "offered_calls": [3, 2, 0, 0],
        }
    )


def test_what_has_not_begun_is_not_in_the_file() -> None:
    found = day_view.export_frame(intervals(), queue_name="Sales", as_of=NINE + timedelta(minutes=20))
    assert found.get_column("offered_calls").to_list() == [3, 2]
    assert found.get_column("is_complete").to_list() == [True, False]  # 9:15 still runs at 9:20


def test_each_row_names_its_queue_and_its_definitions() -> None:
    later = NINE + timedelta(days=1)
    found = day_view.export_frame(intervals(), queue_name="Sales", as_of=later)
    assert found.height == 4
    assert set(found.get_column("queue_name")) == {"Sales"}
    assert set(found.get_column("definition_version")) == {metrics.definition_version()}
    everything = day_view.export_frame(intervals(), queue_name=None, as_of=later)
    assert set(everything.get_column("queue_name")) == {"All queues"}


@pytest.mark.parametrize(
    ("queue_name", "place"),
    [
        ("Sales", "sales"),
        ("../../etc/passwd", "etc-passwd"),
        ('a"b\r\nSet-Cookie: x; y', "a-b-set-cookie-x-y"),
        ("Вопросы & Õnne", "вопросы-õnne"),
        ("\u202egnp.exe", "gnp-exe"),
        ("\u200b", "queue-7"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_file_s_name_holds_the_queue_s_and_nothing_unsafe(queue_name: str, place: str) -> None:
    name = day_view.export_name(DAY, queue_name=queue_name, queue_id=7)
    assert name == f"service-level-2026-03-11-{place}.csv"


def test_the_page_offers_the_file_of_what_it_shows(
    floor: Any, run_page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    offered: list[tuple[pl.DataFrame, str]] = []
    monkeypatch.setattr(
        take_along, "download", lambda frame, *, file_name, zone_name: offered.append((frame, file_name))
    )
    run_page("service_level", queue="1")
    run_page("service_level")
    (one, one_name), (every, every_name) = offered
    assert (one_name, every_name) == (
        "service-level-2026-03-11-sales.csv",
        "service-level-2026-03-11-all-queues.csv",
    )
    assert set(one.get_column("queue_name")) == {"Sales"}
    # 14:00 in Tallinn: 14 hours of four intervals, and the one that begins now
    assert (one.height, every.height) == (14 * 4 + 1, 14 * 4 + 1)
