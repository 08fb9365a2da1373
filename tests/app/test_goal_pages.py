"""Goals and Alerts: what they say with data, without any, and what a reader can do there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import queries
from dashboard.goals import alert_saves, alert_view, amount_view, goal_saves
from dashboard.goals.alert_saves import Rule
from dashboard.goals.amount_view import AmountError
from tests.app.conftest import NOW, firing_alert, frame
from tests.app.test_pages import block, blocks

Run = Callable[..., AppTest]
TODAY = date(2026, 3, 11)


def goal_row(**more: Any) -> dict[str, Any]:
    """ASA from 5:00 to 2:00 in 90 days, 30 days ago; now 3:40, where the path says 4:00."""
    return {
        "goal_id": 7,
        "version_number": 2,
        "goal_name": "Average wait from 5 to 2 minutes",
        "metric_name": "average_speed_of_answer_seconds",
        "scope_kind_name": "queue",
        "scope_key": "1",
        "scope_name": "Sales",
        "owner_name": "Mari",
        "note_text": "",
        "baseline_value": 300.0,
        "baseline_count": 900,
        "baseline_first_date": date(2026, 1, 1),
        "baseline_last_date": date(2026, 1, 28),
        "target_value": 120.0,
        "started_date": date(2026, 2, 9),
        "deadline_date": date(2026, 5, 10),
        "window_days": 7,
        "minimum_count": 20,
        "made_at": NOW - timedelta(days=30),
        "closed_at": None,
        "measured_date": TODAY,
        "measured_value": 220.0,
        "measured_count": 310,
        **more,
    }


def rule_row(**more: Any) -> dict[str, Any]:
    return {
        "rule_id": 1,
        "version_number": 1,
        "rule_name": "Somebody waits too long",
        "measure_name": "oldest_wait_seconds",
        "metric_name": "",
        "scope_kind_name": "queue",
        "scope_key": "",
        "scope_name": "",
        "window_seconds": 1800,
        "comparison_name": "above",
        "threshold_value": 300.0,
        "clear_value": 240.0,
        "minimum_count": 1,
        "hold_seconds": 60,
        "severity_name": "critical",
        "email_text": "floor@example.com",
        "webhook_text": "",
        "quiet_from_seconds": 79_200,
        "quiet_until_seconds": 25_200,
        "muted_until_at": None,
        "is_active": True,
        "error_text": None,
        "viewer_name": "mari",
        "made_at": NOW,
        "scope_count": 3,
        "firing_count": 1,
        "pending_count": 0,
        "unknown_count": 0,
        "evaluated_at": NOW,
        **more,
    }


def answers(**frames: pl.DataFrame) -> dict[str, Any]:
    def always(found: pl.DataFrame) -> Any:
        return lambda _connection, **_given: found

    return {name: always(found) for name, found in frames.items()}


def scopes() -> pl.DataFrame:
    return frame({"scope_kind_name": "queue", "scope_key": "1", "scope_name": "Sales"})


@pytest.fixture
def aimed(floor: Any) -> Any:
    """A floor with one goal, one rule and nothing that fires."""
    day = {"goal_id": 7, "day_date": TODAY, "measured_value": 220.0, "measured_count": 310}
    few = {"goal_id": 7, "day_date": TODAY - timedelta(days=20), "measured_value": 290.0, "measured_count": 3}
    save = {
        "goal_id": 7,
        "version_number": 1,
        "saved_at": NOW - timedelta(days=30),
        "viewer_name": "mari",
        "action_name": "made",
        "reason_text": "",
        "values_text": json.dumps(
            {
                "metric_name": "average_speed_of_answer_seconds",
                "baseline_value": 300,
                "target_value": 120,
                "deadline_date": "2026-05-10",
            }
        ),
    }
    log = {
        "event_id": 5,
        "occurred_at": NOW,
        "rule_id": 1,
        "rule_name": "Somebody waits too long",
        "measure_name": "oldest_wait_seconds",
        "metric_name": "",
        "severity_name": "critical",
        "scope_name": "Sales",
        "change_name": "fired",
        "measured_value": 372.0,
        "measured_count": 3,
        "viewer_name": None,
        "note_text": None,
        "word_count": 2,
        "delivered_count": 1,
        "given_up_count": 1,
        "error_text": "hooks.example.com answers 500.",
    }
    way = {"way_name": "email", "is_ready": False, "told_text": "", "noted_at": NOW}
    base = {"scope_id": "", "scope_name": "", "value": 310.0, "n": 400, "is_known": True}
    floor.answer(
        **answers(
            goals=frame(goal_row()),
            goal_days=frame(few, day),
            goal_saves=frame(save),
            measured_scopes=pl.DataFrame(scopes()).with_columns(pl.col("scope_key").cast(pl.String)),
            goal_baseline=pl.DataFrame(base),
            alert_rules=frame(rule_row()),
            alert_log=frame(log),
            alert_ways=frame(way),
        )
    )
    return floor


def fire(floor: Any, **more: Any) -> None:
    row = firing_alert(**more)
    found = frame({**row, "scope_id": 1}).with_columns(pl.lit(row["scope_id"]).alias("scope_id"))
    floor.answer(firing_alerts=lambda _connection, **_given: found)


def test_a_goal_stands_with_its_path_its_n_and_its_rows(aimed: Any, run_page: Run) -> None:
    at = run_page("goals")
    assert not at.exception
    [card] = block(at, "goals")["cards"]
    assert (card["value"], card["status"]["word"], card["what"]) == ("3:40", "On track", "ASA · Queue Sales")
    assert {fact["label"]: fact["value"] for fact in card["facts"]} == {
        "Path says": "4:00", "Target": "2:00", "n": "310", "Owner": "Mari",
    }  # fmt: skip
    assert card["value_here"] == (
        "contacts?of=average_speed_of_answer_seconds&period=days&from=2026-03-05&to=2026-03-11&queue=1"
    )
    assert [point["is_few"] for point in card["picture"]["points"]] == [True, False]
    assert "the path says 4:00, target 2:00" in card["spoken"]


def test_one_goal_shows_its_days_and_its_history(aimed: Any, run_page: Run) -> None:
    at = run_page("goals", goal="7")
    assert not at.exception
    tables = [found for found in blocks(at) if found["kind"] == "table"]
    assert [found["title"] for found in tables] == ["Day by day", "History of this goal"]
    assert tables[0]["rows"][1]["cells"][4] == "too few to judge"
    assert tables[1]["rows"][0]["cells"][1:4] == ["mari", "made", "ASA: 5:00 to 2:00 by Sun, 10 May 2026"]
    assert {button.label for button in at.button} >= {"Close this goal", "Take the last save back", "Save"}


def test_a_site_without_goals_is_told_what_to_do(aimed: Any, run_page: Run) -> None:
    aimed.answer(goals=lambda _connection, **_given: frame(goal_row()).clear())
    at = run_page("goals")
    notice = block(at, "notice")
    assert notice["page"]
    assert any("from 5 to 2 minutes" in step for step in notice["steps"])
    assert any(button.label == "Set a goal" for button in at.button)


def test_the_form_fills_in_the_baseline_and_saves_what_was_typed(
    aimed: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    monkeypatch.setattr(goal_saves, "make_goal", lambda _connection, **given: made.append(given["goal"]) or 7)
    at = run_page("goals", new="1")
    assert not at.exception
    assert any(found["kind"] == "notice" and found["title"] == "Baseline: 5:10" for found in blocks(at))
    fields = {field.label: field for field in at.text_input}
    assert fields["Target"].value == "2:00"
    fields["Owner"].set_value("Mari")
    button = next(button for button in at.button if button.label == "Save this goal")
    at = button.click().run()
    [goal] = made
    assert (goal.baseline_value, goal.baseline_count, goal.target_value, goal.owner_name) == (
        310,
        400,
        120,
        "Mari",
    )
    assert goal.deadline_date == TODAY + timedelta(days=91)


def test_a_goal_in_the_wrong_direction_is_refused_in_a_sentence(
    aimed: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(goal_saves, "make_goal", lambda *_a, **_k: pytest.fail("it was saved"))
    at = run_page("goals", new="1")
    fields = {field.label: field for field in at.text_input}
    fields["Owner"].set_value("Mari")
    fields["Target"].set_value("6:00")
    at = next(button for button in at.button if button.label == "Save this goal").click().run()
    refusal = next(
        found for found in blocks(at) if found["kind"] == "notice" and found["title"] == "Not saved"
    )
    assert "ASA is better when it is lower: this goal would make it worse" in refusal["body"]


@pytest.mark.parametrize("page", ["live_floor", "service_level", "goals"])
def test_what_fires_stands_on_every_page_with_a_button(aimed: Any, run_page: Run, page: str) -> None:
    fire(aimed)
    at = run_page(page)
    band = block(at, "alerts")
    [item] = band["items"]
    assert (item["severity"]["word"], item["scope"], item["value"], item["since"]) == (
        "Critical", "Sales", "6:12", "for 4 min",
    )  # fmt: skip
    assert item["limit"] == "Oldest wait above 5:00"
    gap = {"measure_name": "target_gap", "metric_name": "service_level_ratio", "comparison_name": "below"}
    day = firing_alert(**gap, threshold_value=0.0, measured_value=-0.086, window_seconds=86_400)
    [item] = alert_view.firing(pl.DataFrame([day]), at=NOW)["items"]  # never taken for the figure of now
    assert (item["value"], item["limit"]) == (
        "8.6 points below its target", "Service level, over the last 24 h",
    )  # fmt: skip
    assert band["button"]["label"] == "Acknowledge Somebody waits too long, Sales"
    assert band["button"]["key"] in {button.key for button in at.button if button.label == "Acknowledge"}


def test_acknowledging_from_the_band_names_the_firing(
    aimed: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(alert_saves, "acknowledge", lambda _connection, **given: seen.append(given))
    fire(aimed)
    at = run_page("live_floor")
    next(button for button in at.button if button.label.startswith("Acknowledge")).click().run()
    assert [(one["rule_id"], one["scope_id"], one["firing_number"]) for one in seen] == [(1, "1", 1)]


def test_what_is_muted_or_quiet_is_on_no_band(aimed: Any, run_page: Run) -> None:
    fire(aimed, is_muted=True)
    at = run_page("live_floor")
    assert [found for found in blocks(at) if found["kind"] == "alerts"] == []


def test_an_acknowledged_alert_says_by_whom_and_why(aimed: Any, run_page: Run) -> None:
    fire(
        aimed,
        state_name="acknowledged",
        acknowledged_at=NOW,
        acknowledged_by_name="mari",
        note_text="Two come at ten",
    )
    at = run_page("alerts")
    [item] = block(at, "alerts")["items"]
    assert item["note"] == "seen by mari · “Two come at ten”"
    assert item["tone"] == "none"


def test_an_alert_without_fresh_data_says_so(aimed: Any, run_page: Run) -> None:
    fire(aimed, is_known=False)
    at = run_page("alerts")
    assert block(at, "alerts")["items"][0]["note"] == "no fresh data"


def test_the_rules_say_when_they_fire_in_a_sentence(aimed: Any, run_page: Run) -> None:
    at = run_page("alerts", part="rules")
    assert not at.exception
    [row] = block(at, "table")["rows"]
    assert row["cells"][2] == (
        "Oldest wait · Each queue: above 5:00, for 1 min, ends at 4:00, no words from 22:00 to 07:00"
    )
    assert row["cells"][1]["word"] == "1 firing"
    assert row["cells"][4] == "the boards, floor@example.com"
    assert block(at, "notice")["title"] == "No mail server is named."


def test_a_template_is_saved_as_it_stands(aimed: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Rule] = []
    monkeypatch.setattr(alert_saves, "make_rule", lambda _connection, **given: made.append(given["rule"]))
    at = run_page("alerts", part="rules")
    next(button for button in at.button if button.label == "Save this rule").click().run()
    [rule] = made
    assert (rule.measure_name, rule.threshold_value, rule.clear_value, rule.hold_seconds, rule.severity_name) == (
        "oldest_wait_seconds", 300, 240, 60, "critical",
    )  # fmt: skip
    assert (rule.scope_kind_name, rule.scope_key, rule.comparison_name) == ("queue", "", "above")


def test_one_rule_can_be_tested_muted_and_removed(
    aimed: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(
        alert_saves, "switch_rule", lambda _connection, **given: done.append(given["change_name"])
    )
    monkeypatch.setattr(alert_saves, "try_rule", lambda _connection, **_given: done.append("test"))
    for label in ("Test", "Mute", "Switch off", "Remove"):
        at = run_page("alerts", part="rules", rule="1")
        assert not at.exception
        next(button for button in at.button if button.label == label).click().run()
    assert done == ["test", "muted", "switched off", "removed"]


def test_the_log_says_whether_words_arrived(aimed: Any, run_page: Run) -> None:
    at = run_page("alerts", part="log")
    [row] = block(at, "table")["rows"]
    assert row["cells"][1]["word"] == "Fired"
    assert row["cells"][3:] == ["Sales", "6:12", "1 of 2 delivered · hooks.example.com answers 500."]


def test_without_a_rule_the_page_says_how_to_make_one(aimed: Any, run_page: Run) -> None:
    aimed.answer(alert_rules=lambda _connection, **_given: frame(rule_row()).clear())
    notice = block(run_page("alerts"), "notice")
    assert notice["page"]
    assert any("Oldest wait over 5 minutes" in step for step in notice["steps"])


def test_every_template_is_a_rule_that_can_be_saved() -> None:
    from dashboard.goals import alert_desk

    for name, rule in alert_desk.templates().items():
        unit = amount_view.unit_of(rule.measure_name, rule.metric_name)
        assert (
            alert_saves.faults(Rule(**{**{f: getattr(rule, f) for f in Rule.__slots__}, "rule_name": name}))
            == []
        )
        for value in (rule.threshold_value, rule.clear_value):
            assert amount_view.read(amount_view.typed(value, unit), unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("2:00", "seconds", 120), ("120", "seconds", 120), ("2 min", "seconds", 120), ("1:02:05", "seconds", 3725),
        ("80 %", "ratio", 0.8), ("80", "ratio", 0.8), ("0,5%", "ratio", 0.005), ("-5 %", "ratio", -0.05),
        ("12", "count", 12),
    ],
)  # fmt: skip
def test_values_are_read_as_people_write_them(text: str, unit: str, value: float) -> None:
    assert amount_view.read(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit"), [("", "count"), ("abc", "ratio"), ("2:75", "seconds"), ("1e9", "count")]
)
def test_what_is_no_value_is_refused_with_an_example(text: str, unit: str) -> None:
    with pytest.raises(AmountError, match="expected for example"):
        amount_view.read(text, unit)


def test_the_questions_of_goals_and_alerts_can_be_asked() -> None:
    names = {
        "goals",
        "goal_days",
        "goal_saves",
        "goal_baseline",
        "firing_alerts",
        "alert_rules",
        "alert_log",
        "alert_ways",
    }
    assert names <= queries.QUESTIONS.keys()


def test_the_band_shows_the_worst_three_and_counts_the_rest() -> None:
    rows = [firing_alert(rule_id=n, scope_id="1") for n in range(5)]
    drawn = pl.DataFrame(
        rows, schema_overrides={"acknowledged_at": pl.Datetime("us", "UTC"), "note_text": pl.String}
    )
    band = alert_view.band(drawn, at=NOW)
    assert band is not None
    assert (len(band["items"]), band["more"]["text"]) == (3, "2 more alerts fire")
    seen = alert_view.band(drawn.with_columns(acknowledged_at=pl.lit(NOW)), at=NOW)
    assert seen is not None
    assert (seen["items"], seen["more"]["text"]) == ([], "5 alerts fire, seen by somebody")
    assert alert_view.band(drawn.clear(), at=datetime(2026, 3, 11)) is None  # noqa: DTZ001 - not looked at
