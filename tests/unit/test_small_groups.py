"""Which numbers tell of agents' work, how few may stand behind them, and what stands where one is kept back."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from dashboard import withheld
from dashboard.calls import queue_view
from dashboard.people import team_view
from etl.config import ConfigError, load_settings
from sql import metrics, small_groups

SITE = """[site]
name = "Tallinn"
time_zone = "Europe/Tallinn"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 5
"""


def test_every_count_and_sum_says_of_whom_it_tells() -> None:
    assert {one.about for one in metrics.columns()} == metrics.ABOUT


@pytest.mark.parametrize(
    ("name", "is_of_agents"),
    [
        ("average_handle_time_seconds", True),
        ("occupancy_ratio", True),
        ("adherence_ratio", True),
        ("transfer_ratio", True),
        ("average_quality_score", True),
        ("csat_ratio", True),
        ("service_level_ratio", False),
        ("average_speed_of_answer_seconds", False),
        ("abandonment_ratio", False),
        ("average_first_reply_seconds", False),
    ],
)
def test_a_metric_tells_of_agents_where_one_of_its_columns_does(name: str, *, is_of_agents: bool) -> None:
    assert metrics.metric(name).is_of_agents == is_of_agents


def test_what_was_usual_tells_of_whom_it_tells_today() -> None:
    assert small_groups.is_of_agents("usual_paused_seconds")
    assert not small_groups.is_of_agents("usual_calls")


@pytest.mark.parametrize("question", ["queue_hours", "channels", "a question of the next year"])
def test_a_question_with_agents_work_is_kept_back_unless_somebody_says_how_it_is_told(question: str) -> None:
    columns = [("offered_calls", "bigint"), ("talk_seconds", "bigint")]
    shown, body = small_groups.guarded(question, columns, {"window_start": 1, "window_end": 2}, "select 1")
    assert [name for name, _ in shown] == ["offered_calls", "talk_seconds", "withheld_name", "fewest_agents"]
    assert 'case when f.is_free then shown."talk_seconds" end' in body
    assert 'case when f.is_free then shown."offered_calls"' not in body


def test_a_question_of_customers_alone_stays_as_it_is_until_it_is_asked_of_a_team() -> None:
    columns = [("offered_calls", "bigint")]
    assert small_groups.guarded("any", columns, {"window_start": 1}, "select 1") == (columns, "select 1")
    shown, body = small_groups.guarded("any", columns, {"team_id": 1}, "select 1")
    assert shown == columns
    assert body.endswith("where f.is_free or (not ($1 is not null))")


def settings(folder: Path, text: str) -> int:
    file = folder / "floorboard.toml"
    file.write_text(SITE + text, encoding="utf-8")
    return load_settings(file).privacy.fewest_agents


def test_five_agents_must_stand_together_unless_the_site_says_otherwise(tmp_path: Path) -> None:
    assert settings(tmp_path, "") == 5
    for count in (3, 50):
        assert settings(tmp_path, f"\n[privacy]\nfewest_agents = {count}\n") == count


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fewest_agents = 2", "found fewest_agents = 2, expected a whole number of at least 3"),
        ("fewest_agents = 0", "a whole number of at least 3"),
        ("fewest_agents = 51", "a whole number of at most 50"),
        ('fewest_agents = "5"', "a whole number"),
        ("fewest_agents = 5.5", "a whole number"),
        ("fewest_agent = 5", 'did you mean "fewest_agents"'),
    ],
)
def test_another_number_is_refused_by_its_line(tmp_path: Path, line: str, expected: str) -> None:
    with pytest.raises(ConfigError) as refused:
        settings(tmp_path, f"\n[privacy]\n{line}\n")
    assert "floorboard.toml, line 12: " in str(refused.value)
    assert expected in str(refused.value)


@pytest.mark.parametrize("reason", small_groups.REASONS)
def test_what_is_kept_back_is_said_in_words_on_the_page_and_in_a_file(reason: str) -> None:
    row = {"talk_seconds": None, "withheld_name": reason, "fewest_agents": 5}
    assert withheld.of(row)
    found = withheld.in_words(pl.DataFrame([row, {**row, "withheld_name": None, "fewest_agents": None}]))
    assert found.columns == ["talk_seconds", "withheld_name"]
    assert found["withheld_name"].to_list() == [withheld.why(row), None]


def test_a_small_group_is_named_by_its_number() -> None:
    assert withheld.cell("few", 5) == "fewer than 5 agents"
    assert withheld.cell(None, None) == ""
    assert withheld.in_words(pl.DataFrame({"offered_calls": [1]})).columns == ["offered_calls"]


DAY = {
    "is_floor": False, "team_id": 1, "team_name": "Early", "days_count": 7, "contacts_days_count": 6, "time_days_count": 7,
    "handled_calls": 100, "average_handle_time_seconds": 245.0, "transfer_ratio": 0.05, "signed_in_seconds": 36_000,
    "occupancy_ratio": 0.8, "paused_ratio": 0.1, "contacts_withheld_name": "few", "time_withheld_name": None,
    "fewest_agents": 5,
}  # fmt: skip
KEPT = {
    "contacts_days_count": 0,
    "handled_calls": None,
    "average_handle_time_seconds": None,
    "transfer_ratio": None,
}


def cells(**changed: object) -> list[object]:
    frame = pl.DataFrame([DAY | changed], infer_schema_length=None)
    return list(team_view.team_table(frame)["rows"][0]["cells"])


def test_a_team_says_of_how_many_days_its_figures_are_made() -> None:
    assert cells() == ["Early", "100", "4:05", "5.0%", "80.0%", "10.0%", "10 h", "contacts 6, time 7 of 7"]
    assert cells(contacts_days_count=7)[-1] == "7 of 7"


def test_a_small_team_says_so_where_its_contacts_would_stand_and_its_time_is_told() -> None:
    assert cells(**KEPT)[1:5] == ["fewer than 5 agents", "\N{EN DASH}", "\N{EN DASH}", "80.0%"]
    assert cells(**KEPT, contacts_withheld_name="beside")[1] == "kept back beside fewer than 5"


def test_the_tile_of_handle_time_says_why_it_is_empty() -> None:
    row = {"handled_calls": 4, "talk_seconds": None, "hold_seconds": None, "wrap_up_seconds": None,
           "average_handle_time_seconds": None, "withheld_name": "open", "fewest_agents": 5}  # fmt: skip
    tile = queue_view._plain("average_handle_time_seconds", row)
    assert (tile["value"], tile["more"]) == ("\N{EN DASH}", "when the day is over")
    assert "Told when the day is over" in tile["tip"]
