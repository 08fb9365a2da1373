"""Definitions: a card for every metric, eight service levels on a hundred contacts, search, links, settings, versions."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from dashboard.definitions import definition_view
from dashboard.filters import filters_of
from sql import metrics
from tests.app.conftest import NOW, ROOT, frame
from tests.app.test_pages import Run, block, blocks

YESTERDAY = filters_of({"period": "yesterday"}, today=NOW.date())
OWN = {
    "offered_calls": 50, "answered_calls": 40, "answered_in_threshold_calls": 36, "abandoned_calls": 8,
    "short_abandoned_calls": 2, "abandoned_in_threshold_calls": 3, "flowed_out_calls": 2, "flowed_out_in_threshold_calls": 1,
}  # fmt: skip


def settings(_connection: object) -> pl.DataFrame:
    plain = {
        "service_level_target_ratio": 0.8,
        "service_level_formula_name": "offered_no_short",
        "group_name": None,
    }
    return frame(
        {
            "queue_id": 1, "queue_name": "Sales", **plain, "service_level_threshold_seconds": 20,
            "short_abandon_seconds": 5, "schedule_name": "Office", "is_default_schedule": True,
        },
        {
            "queue_id": 2, "queue_name": "<b>Billing</b>", **plain, "service_level_threshold_seconds": 90,
            "short_abandon_seconds": 0, "schedule_name": None, "is_default_schedule": True,
        },
    )  # fmt: skip


@pytest.fixture
def definitions(floor: Any) -> Any:
    floor.answer(
        queue_together=lambda _c, **_given: metrics.with_metrics(frame(OWN)),
        queue_settings=settings,
    )
    return floor


def cards(at: Any) -> list[dict[str, Any]]:
    return [card for found in blocks(at) if found["kind"] == "meanings" for card in found["cards"]]


def test_every_metric_has_its_card_in_its_group(definitions: Any, run_page: Run) -> None:
    at = run_page("definitions")
    assert not at.exception
    assert [card["key"] for card in cards(at)] == sorted(
        (one.name for one in metrics.metrics()),
        key=lambda name: (
            definition_view.groups().index(metrics.metric(name).group),
            [one.name for one in metrics.metrics()].index(name),
        ),
    )


def test_groups_start_shut_and_open_for_what_is_searched_or_chosen(definitions: Any, run_page: Run) -> None:
    def shut(**address: str) -> set[Any]:
        at = run_page("definitions", **address)
        return {found["is_folded"] for found in blocks(at) if found["kind"] == "meanings"}

    assert shut() == {True}
    assert shut(search="asa") == shut(group="Money") == {False}
    assert shut(metric="abandonment_ratio") == {None}  # one card has nothing to be folded into
    at = run_page("definitions")
    money = next(found for found in blocks(at) if found.get("title") == "Money")
    assert money["lead"] == "Cost per contact"  # a shut group still names what is in it


def test_one_hour_gives_the_eight_service_levels_of_the_contract(definitions: Any, run_page: Run) -> None:
    found = block(run_page("definitions"), "formulas")["formulas"]
    assert [one["value"] for one in found] == [
        "87.50%", "70.00%", "72.92%", "77.78%", "74.47%", "81.40%", "83.33%", "82.00%",
    ]  # fmt: skip
    assert all(len(one["cells"]) == 100 for one in found)
    assert [one["counts"] for one in found[:2]] == ["70 of 80", "70 of 100"]
    assert [one["key"] for one in found if one["usual"]] == ["service_level_offered_no_short_ratio"]


def test_beside_it_stands_what_each_gives_on_the_readers_own_yesterday(
    definitions: Any, run_page: Run
) -> None:
    found = {one["key"]: one["own"] for one in block(run_page("definitions"), "formulas")["formulas"]}
    own = found["service_level_offered_no_short_ratio"]
    assert own["text"] == "75.00%"  # 36 / (50 - 2)
    assert own["more"] == "n = 48"
    assert own["here"] == "contacts?of=service_level_offered_no_short_ratio&period=yesterday"
    assert found["service_level_removed_ratio"]["text"] == "80.00%"  # (36 + 3 + 1) / 50


def test_a_yesterday_without_contacts_has_no_level_and_no_link(definitions: Any, run_page: Run) -> None:
    nothing = metrics.with_metrics(frame(dict.fromkeys(OWN, 0)))
    definitions.answer(queue_together=lambda _c, **_given: nothing)
    own = block(run_page("definitions"), "formulas")["formulas"][0]["own"]
    assert own == {"text": "–", "here": None, "more": "no contact counts"}


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ({"search": "asa"}, {"average_speed_of_answer_seconds", "average_wait_seconds"}),
        ({"search": "promoters"}, {"nps_points"}),
        ({"search": "talk hold wrap"}, {"average_handle_time_seconds"}),
        ({"search": "utilisation_ratio"}, {"utilisation_ratio"}),
        ({"group": "Money"}, {"cost_per_contact_amount"}),
    ],
)
def test_search_and_group_narrow_the_cards(
    definitions: Any, run_page: Run, address: dict[str, str], names: set[str]
) -> None:
    found = cards(run_page("definitions", **address))
    assert names <= {card["key"] for card in found}
    assert len(found) <= len(names) + 2
    assert all(card["is_open"] for card in found)


def test_a_deep_link_shows_one_definition_whole(definitions: Any, run_page: Run) -> None:
    at = run_page("definitions", metric="abandonment_ratio")
    [card] = cards(at)
    assert (card["key"], card["is_chosen"], card["is_open"]) == ("abandonment_ratio", True, True)
    assert card["example"]["text"] == "(16 − 6) / (100 − 6) = 10.6%"
    assert [part["label"] for part in card["fraction"]["above"]] == ["Abandoned", "Short abandons"]
    facts = {fact["label"]: fact for fact in card["facts"]}
    assert facts["Rows"]["links"][0]["here"] == "contacts?of=abandonment_ratio&period=yesterday"
    assert {"text": "Live floor", "here": "live?"} in facts["Shown on"]["links"]


def test_a_deep_link_to_nothing_says_so_and_shows_all(definitions: Any, run_page: Run) -> None:
    at = run_page("definitions", metric="asa")
    assert block(at, "notice")["title"] == "There is no definition 'asa'."
    assert len(cards(at)) == len(metrics.metrics())


def test_a_search_without_result_says_what_to_try(definitions: Any, run_page: Run) -> None:
    at = run_page("definitions", search="zebra")
    assert block(at, "notice")["title"] == "No definition has 'zebra' in it."
    assert cards(at) == []


def test_each_queue_says_by_which_settings_it_counts(definitions: Any, run_page: Run) -> None:
    tables = {found["label"]: found for found in blocks(run_page("definitions")) if found["kind"] == "table"}
    rows = [row["cells"] for row in tables["Settings of the queues"]["rows"]]
    assert rows == [
        ["Sales", "20 s", "80%", "of offered, short abandons left out", "5 s", "Office (default)"],
        ["<b>Billing</b>", "1:30", "80%", "of offered, short abandons left out", "0 s", "none"],
    ]
    versions = tables["Versions of the definitions"]["rows"]
    assert [row["cells"][0] for row in versions] == ["2", "1"]
    assert len(tables["Counts and sums"]["rows"]) == len(metrics.columns())


def test_every_page_that_a_definition_names_is_there_and_every_kind_has_its_word() -> None:
    names = definition_view.page_names()
    files = {"live": "live_floor"}  # every other page goes by its file's name
    assert [
        name
        for name in names
        if not (ROOT / "pages" / f"{files.get(name, name.replace('-', '_'))}.py").is_file()
    ] == []
    for one in metrics.metrics():
        assert set(one.shown) <= names.keys(), one.name
        assert definition_view.kind_word(one.kind)
        assert definition_view.unit_word(one)
        assert definition_view.target_word(one)
        assert definition_view.way(one)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("occupancy_ratio", "between 75% and 85%"),
        ("adherence_ratio", "at least 90%"),
        ("absence_ratio", "at most 10%"),
        ("service_level_ratio", "set for each queue"),
        ("average_wait_seconds", "none by itself; goals and alerts set one"),
    ],
)
def test_the_target_of_a_metric_is_told_in_words(name: str, text: str) -> None:
    assert definition_view.target_word(metrics.metric(name)) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nps_points", "100 × (30 − 10) / 50 = 40"),
        ("average_handle_time_seconds", "(14,400 + 1,200 + 3,600) / 80 = 4:00"),
        ("conformance_ratio", "24,840 / 25,200 = 98.6%"),
        ("service_level_ratio", "74.5%"),
    ],
)
def test_the_worked_example_of_a_card_can_be_checked_by_hand(name: str, text: str) -> None:
    assert definition_view.example(metrics.metric(name)) == text


def test_the_hundred_contacts_are_a_hundred() -> None:
    assert (
        sum(count for count, _ in definition_view.HUNDRED)
        == 100
        == definition_view.hundred()["offered_calls"]
    )
