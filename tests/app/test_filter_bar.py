"""The bar of filters: what its controls choose stands in the address, and views are kept, opened, deleted, put back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from sql import warehouse
from tests.app.conftest import DrawnFloor
from tests.app.test_organisation import blocks, titles, use
from tests.db.test_records import ask, call, tell

Open = Callable[..., AppTest]


def numbers() -> None:
    """A page that shows nothing but what was chosen."""
    import streamlit as st

    from dashboard import filter_bar, filters
    from dashboard.ui import layout
    from dashboard.ui.moments import Moment

    def content(_at: Moment, chosen: filters.Filters) -> None:
        st.text(chosen.address())

    layout.page(
        "Numbers",
        content=content,
        filters=lambda at: filter_bar.choose(at, period_name="7_days", page_name="numbers"),
        refresh_seconds=30,
    )


@pytest.fixture
def opened() -> Open:
    """Opens the page with an address such as queue="1"."""

    def open_page(**address: str) -> AppTest:
        page = AppTest.from_function(numbers, default_timeout=30)
        for key, value in address.items():
            page.query_params[key] = value
        return page.run()

    return open_page


@pytest.fixture
def kept_floor(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    tell(engine, {"calls": [call(), call("c2", queue_name="billing")]})
    use(engine, monkeypatch)
    return engine


def address(page: AppTest) -> dict[str, str]:
    assert not page.exception
    return {key: "".join(value) for key, value in dict(page.query_params).items()}


def said(page: AppTest) -> str:
    """The line below the controls."""
    return (
        next(found.value for found in page.caption if "Mar 2026" in found.value)
        .replace("\\", "")
        .replace("\u2009", " ")
    )


def test_without_an_address_the_pages_own_period_stands(floor: DrawnFloor, opened: Open) -> None:
    page = opened()
    assert said(page) == "Last 7 days, 5–11 Mar 2026"
    assert address(page) == {}
    assert page.selectbox(key="filter-queue").value == "all"


def test_what_a_control_chooses_stands_in_the_address_and_in_words(floor: DrawnFloor, opened: Open) -> None:
    page = opened(measure="waits")
    page.selectbox(key="filter-queue").select("=1").run()
    page.selectbox(key="filter-comparison").select("last_week").run()
    page.selectbox(key="filter-group").select("=").run()
    page.toggle(key="filter-hours").set_value(True).run()
    assert address(page) == {
        "measure": "waits",
        "period": "7_days",
        "compare": "last_week",
        "queue": "1",
        "group": "",
        "hours": "business",
    }
    assert said(page) == (
        "Last 7 days, 5–11 Mar 2026, compared with the same weekdays a week before (26 Feb – 4 Mar 2026); "
        "queue Sales; group (none); business hours only"
    )


def test_the_same_address_opens_the_same_view(floor: DrawnFloor, opened: Open) -> None:
    page = opened(period="days", to="2026-03-03", queue="2", **{"from": "2026-03-01"})
    assert page.date_input(key="filter-first_date").value == date(2026, 3, 1)
    assert page.date_input(key="filter-last_date").value == date(2026, 3, 3)
    assert said(page) == "1–3 Mar 2026; queue <b>Billing</b> [x](http://evil)"
    (fold,) = [found for found in blocks(page) if found["kind"] == "fold"]
    assert fold["text"].replace("\u2009", " ") == said(
        page
    )  # the line that a phone shows instead of the controls
    assert page.selectbox(key="filter-queue").value == "=2"


def test_what_of_the_address_cannot_be_is_told_once_and_until_it_is_chosen_anew(
    floor: DrawnFloor, opened: Open
) -> None:
    page = opened(period="never", queue="99", compare="x")
    [notice] = [
        found for found in blocks(page) if found.get("title") == "Not all of this address can be shown"
    ]
    assert "“period=never” cannot be shown; expected one of today, " in notice["body"]
    assert "Shown instead: Last 7 days." in notice["body"]
    assert "“compare=x” cannot be shown; expected one of before, last_week, last_year" in notice["body"]
    assert (
        "“queue=99” cannot be shown; expected a queue that is still there. Shown instead: all."
        in notice["body"]
    )
    page.selectbox(key="filter-queue").select("=1").run()  # writes the whole view
    assert "Not all of this address can be shown" not in titles(page)


def test_a_name_of_the_address_is_not_drawn_as_markup(floor: DrawnFloor, opened: Open) -> None:
    page = opened(queue="2")
    line = next(found.value for found in page.caption if "Mar 2026" in found.value)
    assert "\\<b\\>" in line
    assert "\\[x\\]" in line


@pytest.mark.parametrize(
    ("end", "picked", "first", "last"),
    [
        ("first_date", date(2026, 3, 2), "2026-03-02", "2026-03-03"),
        ("first_date", date(2026, 3, 5), "2026-03-05", "2026-03-05"),
        ("last_date", date(2026, 2, 20), "2026-02-20", "2026-02-20"),
        ("first_date", date(2020, 1, 1), "2020-01-01", "2022-12-31"),  # 1,096 days, the longest
    ],
)
def test_days_that_are_picked_stay_in_order_and_within_three_years(
    floor: DrawnFloor, opened: Open, end: str, picked: date, first: str, last: str
) -> None:
    page = opened(period="days", to="2026-03-03", **{"from": "2026-03-01"})
    page.date_input(key=f"filter-{end}").set_value(picked).run()
    assert address(page) == {"period": "days", "from": first, "to": last}


def test_own_days_begin_with_the_days_that_were_shown(floor: DrawnFloor, opened: Open) -> None:
    page = opened()
    page.selectbox(key="filter-period").select("days").run()
    assert address(page) == {"period": "days", "from": "2026-03-05", "to": "2026-03-11"}


def test_what_is_no_longer_there_is_left_out_and_said(floor: DrawnFloor, opened: Open) -> None:
    page = opened(queue="99", group="Gone", team="1")
    assert said(page) == "Last 7 days, 5–11 Mar 2026; team A"
    assert "Not all of this address can be shown" in titles(page)


def test_without_a_timetable_business_hours_are_not_offered(floor: DrawnFloor, opened: Open) -> None:
    plain = floor.answers["call_names"]
    floor.answer(call_names=lambda _c: (found := plain(_c)).filter(found["kind_name"] != "schedule"))
    page = opened(hours="business")
    assert said(page) == "Last 7 days, 5–11 Mar 2026"
    assert not page.toggle


def test_all_can_be_shown_again(floor: DrawnFloor, opened: Open) -> None:
    page = opened(queue="1", team="1", hours="business")
    page.button(key="filter-clear").click().run()
    assert address(page) == {"period": "7_days", "queue": "1"}


def test_a_kept_view_opens_with_a_click(floor: DrawnFloor, opened: Open) -> None:
    page = opened(queue="2", period="today")
    page.button(key="view-open-1").click().run()
    assert address(page) == {"period": "7_days", "queue": "1"}
    assert page.selectbox(key="filter-queue").value == "=1"


def test_a_view_is_saved_renamed_deleted_and_put_back(kept_floor: sa.Engine, opened: Open) -> None:
    kept = "select view_name, address_text, is_start from ops.saved_views where viewer_name = 'local'"
    page = opened(period="today", hours="business", at="2026-03-02T10:00")
    page.text_input(key="view-name").set_value("  Every   day ")
    page.button(key="view-save").click().run()
    assert ask(kept_floor, kept) == [("Every day", "period=today", False)]
    page.button(key="view-start").click().run()
    page.text_input(key="view-new-name").set_value("Mornings")
    page.button(key="view-rename").click().run()
    assert ask(kept_floor, kept) == [("Mornings", "period=today", True)]
    page.button(key="view-delete").click().run()
    assert ask(kept_floor, kept) == []
    page.button(key="view-undo").click().run()
    assert ask(kept_floor, kept) == [("Mornings", "period=today", True)]
    assert address(opened()) == {"period": "today"}, "the page starts with it"
    assert address(opened(period="7_days")) == {"period": "7_days"}, "a link shows what it says"


def test_a_view_without_a_name_is_refused_with_a_sentence(kept_floor: sa.Engine, opened: Open) -> None:
    page = opened(queue="1")
    page.button(key="view-save").click().run()
    assert "Not saved" in titles(page)
    with warehouse.connected(kept_floor) as connection:
        assert connection.execute(sa.text("select count(*) from ops.saved_views")).scalar() == 0
