"""What every table and chart of a page offers to take along."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import downloads


def app() -> None:
    import altair as alt
    import polars as pl

    from dashboard.ui import take_along

    frame = pl.DataFrame({"day_text": ["a"], "offered_calls": [3]})
    take_along.download(frame, file_name="calls-2026-03-11.csv", zone_name="Europe/Tallinn")
    drawn = alt.Chart(frame).mark_bar().encode(x="day_text:N", y="offered_calls:Q")
    take_along.chart(
        drawn, key="bars", name="calls-2026-03-11", frame=frame, title="Calls by day", lines=["Sales · n = 3"]
    )


@pytest.fixture
def drawn(floor: Any) -> AppTest:
    at = AppTest.from_function(app, default_timeout=30).run()
    assert not at.exception
    return at


def test_a_table_and_a_chart_offer_every_file_each_under_its_own_name(drawn: AppTest) -> None:
    buttons = [one.proto for one in drawn.get("download_button")]
    assert [one.label for one in buttons] == [
        *("CSV", "Excel", "Parquet"),
        *("PNG picture", "SVG picture", "CSV", "Excel", "Parquet"),
    ]
    assert len({one.id for one in buttons}) == 8


def test_a_chart_is_told_to_whoever_cannot_see_it(drawn: AppTest) -> None:
    (chart,) = drawn.get("vega_lite_chart")
    assert chart.proto.alt == "Calls by day. Sales · n = 3"


def told_app() -> None:
    import streamlit as st

    from dashboard.ui import choices

    if "tell" in st.query_params:
        choices.tell_view("Yesterday; queue Sales")
        st.query_params.pop("tell")
    st.text(choices.view_words())


def test_a_file_tells_the_view_in_words_only_while_the_address_is_the_same(floor: Any) -> None:
    at = AppTest.from_function(told_app, default_timeout=30)
    at.query_params["queue"] = "4"
    assert at.run().text[0].value == "queue = 4"
    at.query_params["tell"] = "1"
    assert at.run().text[0].value == "Yesterday; queue Sales"
    at.query_params["view"] = "trends"
    assert at.run().text[0].value == "Yesterday; queue Sales; view = trends"
    at.query_params["queue"] = "5"
    assert at.run().text[0].value.startswith("queue = 5")


def test_a_table_that_no_sheet_holds_offers_no_sheet(floor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MOST_PAGE_CELLS", 0)
    at = AppTest.from_function(app, default_timeout=30).run()
    assert "Excel" not in [one.proto.label for one in at.get("download_button")]


def test_the_files_hold_the_rows_of_the_table(floor: Any) -> None:
    frame = pl.DataFrame({"offered_calls": [3]})
    from dashboard.ui import clock

    told = downloads.about(frame, title="Calls", view_text="queue = 4", zone_name="UTC", made_at=clock.now())
    made = {one.ending: one.make() for one in downloads.table_offers(frame, told)}
    assert made["csv"].decode("utf-8-sig").splitlines()[1].startswith("3,")
    assert pl.read_parquet(made["parquet"])["offered_calls"].to_list() == [3]
    assert pl.read_excel(made["xlsx"], sheet_name="Data")["offered_calls"].to_list() == [3]
