"""Tiles from drawn figures: what they say in words, what is left out, and that the browser knows the same words."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard import live, words
from dashboard.access import LOCAL_VIEWER
from dashboard.ui.moments import Moment
from dashboard.wall import boards, news, payload, tile_day, tile_news, tile_parts
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, Threshold, Tile
from dashboard.wall.news import Against, News, Satisfaction, TeamBar, TopPerson, TopThree
from dashboard.wall.thresholds import Standings
from dashboard.wall.tile_kinds import KINDS, MOST_BIG_NUMBERS, hints
from dashboard.wall.tile_parts import Scene

NOON = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
STATIC = Path(__file__).parents[2] / "dashboard" / "static"
AT = Moment(LOCAL_VIEWER, live.Snapshot(NOON, {}), NOON)
SCENE = Scene(AT, Wall(), Board("b", "Board", "everybody", ()), Standings(), key="k")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Draws one kind of tile of what a function of the news gives."""
    monkeypatch.setattr(tile_news, "asked", lambda _scene, _name: pl.DataFrame())
    monkeypatch.setattr(Moment, "calm", lambda _self, _name, **_given: pl.DataFrame())

    def draw(kind_name: str, function_name: str, found: object, wall: Wall | None = None) -> dict[str, Any]:
        monkeypatch.setattr(news, function_name, lambda *_frames, **_given: found)
        return KINDS[kind_name].drawn(replace(SCENE, wall=wall or Wall()), Tile(kind_name, 6, 3))

    return draw


def team(name: str, standing: str, **more: Any) -> TeamBar:
    plain = {"in_time_ratio": 0.84, "n": 120, "low_ratio": 0.8, "high_ratio": 0.9, "usual_ratio": 0.75, "usual_n": 400,
             "is_rounded": False, "until_at": NOON, "withheld_name": None, "fewest_agents": None}  # fmt: skip
    return TeamBar(team_id=len(name), team_name=name, standing=standing, **{**plain, **more})  # type: ignore[arg-type]


def test_a_team_stands_beside_its_own_usual_and_none_has_a_tone_of_failure(told: Any) -> None:
    withheld = {
        "in_time_ratio": None,
        "n": None,
        "usual_ratio": None,
        "withheld_name": "few",
        "fewest_agents": 5,
    }
    bars = (team("A", "above"), team("BB", "below", is_rounded=True), team("CCC", "withheld", **withheld))
    found = told("team_bars", "team_bars", bars)["rows"]
    assert [(row["name"], row["text"], row["share"], row["goal"]) for row in found] == [
        ("A", "84.0%", 0.84, 0.75), ("BB", "84.0%", 0.84, 0.75), ("CCC", "–", None, None),
    ]  # fmt: skip
    assert [row["word"] for row in found] == ["better · n = 120", "n ≥ 120", "fewer than 5 agents"]
    assert [row["tone"] for row in found] == ["good", "none", "none"]
    [own] = told("team_bars", "team_bars", bars, Wall(team_id=2))["rows"]
    assert own["name"] == "BB"


def test_nobody_is_named_without_having_allowed_it(told: Any) -> None:
    nobody = TopThree((), "nobody", "Nobody is named without having allowed it.", "")
    assert told("top_three", "top_three", nobody) | {"items": [], "nothing": nobody.nothing_text} == told(
        "top_three", "top_three", nobody
    )
    one = TopThree((TopPerson("Mari", 0.9, 0.95, 40, "90% satisfied (n = 40)"),), "", "", "of 28 days")
    assert [(row["title"], row["text"]) for row in told("top_three", "top_three", one)["items"]] == [
        ("Mari", "90% satisfied (n = 40)")
    ]


@pytest.mark.parametrize(("is_on", "names", "nothing"), [(True, ["Mari"], ""), (False, [], "off")])
def test_whoever_was_named_before_the_site_switched_ratings_off_is_named_no_longer(
    monkeypatch: pytest.MonkeyPatch, is_on: bool, names: list[str], nothing: str
) -> None:
    kept = pl.DataFrame(  # the places are asked for every five minutes
        {"place_number": [1], "agent_id": [7], "agent_name": ["Mari"], "csat_count": [40], "csat_satisfied_count": [38],
         "shrunken_ratio": [0.9], "needed_count": [20], "reason_name": [None],
         "first_date": [NOON.date()], "last_date": [NOON.date()]}
    )  # fmt: skip
    policy = dict.fromkeys(
        ("purpose_text", "legal_basis_text", "works_agreement_text", "since_date", "by_text", "place_text")
    )
    frames = {
        "consented_agents": pl.DataFrame({"agent_id": [7]}),
        "individual_figures": pl.DataFrame(
            [{"family_name": "ratings", "is_on": is_on, "is_taken_over": False, **policy}]
        ),
        "wall_top": kept,
    }
    monkeypatch.setattr(Moment, "calm", lambda _self, name, **_given: frames[name])
    tile = KINDS["top_three"].drawn(SCENE, Tile("top_three", 5, 5))
    assert [one["title"] for one in tile["items"]] == names
    assert ("switched off" in tile["nothing"]) == (nothing == "off")


def test_satisfaction_has_its_n_its_interval_and_its_usual(told: Any) -> None:
    days = {"first_date": date(2026, 2, 23), "last_date": date(2026, 3, 1)}
    found = Satisfaction(
        0.82, 50, 0.6920, 0.9023, 0.9, 200, "usual", **days, withheld_name=None, fewest_agents=None
    )
    tile = told("satisfaction", "satisfaction", found)
    assert (tile["value"], tile["n"], tile["target"], tile["word"]) == (
        "82.0%",
        50,
        "usual 90.0%",
        "as usual",
    )
    assert tile["more"] == "n = 50 · 95 of 100: 69.2% to 90.2% · 23 Feb\u2009–\u20091 Mar 2026"
    kept = replace(found, csat_ratio=None, standing="withheld", withheld_name="few", fewest_agents=5)
    assert told("satisfaction", "satisfaction", kept)["why"].startswith("Fewer than 5 agents stand behind it")
    none = told("satisfaction", "satisfaction", None)
    assert (none["value"], none["why"]) == ("–", "No customer has answered a survey yet.")


def test_today_stands_beside_the_same_weekday_of_last_week(told: Any) -> None:
    rows = (
        Against("offered_calls", 110, None, 100, None, None, None),
        Against("answered_calls", 5, None, 0, None, None, None),
        Against("service_level_ratio", 0.812, 110, 0.85, 100, None, None),
        Against("average_handle_time_seconds", None, None, None, None, "open", 5),
    )
    cells = [row["cells"] for row in told("day_against_last_week", "against", rows)["rows"]]
    assert cells == [
        ["Offered", "110", "100", "+10 (+10.0%)", ""],
        ["Answered", "5", "0", "+5", ""],  # of nothing there is no share
        ["Service level", "81.2%", "85.0%", "−3.8 points", "110 / 100"],
        ["Handle time", "when the day is over", "", "", ""],
    ]
    assert tile_news.change("average_handle_time_seconds", 200, 260) == "−1:00"
    assert tile_news.change("service_level_ratio", None, 0.8) == "–"


def test_good_news_say_how_they_were_counted(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = News("a", "100 contacts", "Reached at 12:00.", NOON, NOON, NOON, "counted")
    monkeypatch.setattr(news, "good_news", lambda *_frames, **_given: (one,))
    assert told("good_news", "good_news", (one,))["items"] == [
        {"key": "a", "title": "100 contacts", "text": "Reached at 12:00.", "tone": "good", "shape": "circle"}
    ]


def goal(**more: Any) -> dict[str, Any]:
    """From 5:00 to 2:00 in 90 days, 28 of them gone when 3:30 was measured."""
    return {
        "goal_id": 7, "goal_name": "Faster answers", "metric_name": "average_speed_of_answer_seconds",
        "scope_kind_name": "team", "scope_key": "1", "scope_name": "A", "owner_name": "Ada", "note_text": "",
        "baseline_value": 300.0, "baseline_count": 500, "baseline_first_date": date(2026, 1, 1),
        "baseline_last_date": date(2026, 1, 28), "target_value": 120.0, "started_date": date(2026, 2, 1),
        "deadline_date": date(2026, 5, 2), "window_days": 7, "minimum_count": 50, "made_at": NOON, "closed_at": None,
        "measured_date": date(2026, 3, 1), "measured_value": 210.0, "measured_count": 549, **more,
    }  # fmt: skip


def goals(monkeypatch: pytest.MonkeyPatch, wall: Wall, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    found = pl.DataFrame(list(rows), schema_overrides={"closed_at": pl.Datetime("us", "UTC")})
    monkeypatch.setattr(Moment, "calm", lambda _self, _name, **_given: found)
    drawn: list[dict[str, Any]] = KINDS["goals"].drawn(replace(SCENE, wall=wall), Tile("goals", 4, 2))["rows"]
    return drawn


def test_a_goal_stands_by_how_much_of_its_way_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    late = goal(goal_id=8, measured_value=330.0, measured_count=60)
    few = goal(goal_id=9, measured_count=49, scope_key="2")
    one, two, three = goals(monkeypatch, Wall(), goal(), late, few, goal(goal_id=10, closed_at=NOON))
    # (300 - 210) / (300 - 120) = 0.5 of the way; the path says 28 / 90
    assert (one["share"], one["goal"]) == (0.5, round(28 / 90, 4))
    assert (one["name"], one["text"], one["word"]) == (
        "Faster answers · n = 549", "3:30", "On track · target 2:00",
    )  # fmt: skip
    assert (two["share"], two["tone"], two["word"]) == (
        0.0,
        "off",
        "Behind · target 2:00",
    )  # worse than at its beginning
    assert (three["tone"], three["word"]) == ("none", "Too few to judge · target 2:00")
    assert [row["key"] for row in goals(monkeypatch, Wall(team_id=2), goal(), late, few)] == ["9"]
    later = goal(closed_at=NOON + timedelta(days=1))  # it was open at the instant that a replay shows
    assert len(goals(monkeypatch, Wall(), later)) == 1


def busy(busy_seconds: int | None, available: int, kept: str | None = None) -> pl.DataFrame:
    row = {"is_floor": True, "day_date": date(2026, 3, 2), "on_contact_seconds": busy_seconds, "wrapping_up_seconds": 0,
           "available_seconds": available, "time_withheld_name": kept, "fewest_agents": 5,
           "occupancy_ratio": None if busy_seconds is None else busy_seconds / (busy_seconds + available)}  # fmt: skip
    return pl.DataFrame(
        [row], schema_overrides={"time_withheld_name": pl.String, "occupancy_ratio": pl.Float64}
    )


@pytest.mark.parametrize(
    ("days", "value", "tone", "word"),
    [
        (busy(8000, 2000), "80.0%", "good", "Within limits"),  # 8000 / 10000, between 75 and 85 %
        (busy(8600, 1400), "86.0%", "near", "above 85%"),
        (busy(9100, 900), "91.0%", "off", "above 90%"),
        (busy(6000, 4000), "60.0%", "none", "below 75%"),
        (busy(3000, 100), "96.8%", "none", "Too few to judge"),  # less than an hour of all agents together
        (busy(None, 0, "open"), "–", "none", ""),
    ],
)
def test_occupancy_is_good_between_its_two_sides_and_a_warning_above_them(
    monkeypatch: pytest.MonkeyPatch, days: pl.DataFrame, value: str, tone: str, word: str
) -> None:
    monkeypatch.setattr(Moment, "calm", lambda _self, _name, **_given: days)
    tile = KINDS["occupancy"].drawn(replace(SCENE, standings=Standings()), Tile("occupancy", 3, 2))
    assert (tile["value"], tile["tone"], tile["word"], tile["target"]) == (
        value,
        tone,
        word,
        "target 75% to 85%",
    )
    assert ("why" in tile) == (value == "–")


def test_a_site_may_set_its_own_limits_for_occupancy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Moment, "calm", lambda _self, _name, **_given: busy(7000, 3000))
    own = Tile("occupancy", 3, 2, threshold=Threshold(0.65, 0.9, "up"))
    tile = KINDS["occupancy"].drawn(replace(SCENE, standings=Standings()), own)
    assert (tile["tone"], tile["word"], tile["target"]) == ("near", "above 65%", "target ≤ 65%")


@pytest.mark.parametrize(
    ("value", "text"), [(0.08, "+8%"), (-0.2349, "−23%"), (2.0, "+200%"), (0.004, "+0.4%"), (0, "0%")]
)
def test_a_change_is_told_in_whole_per_cents(value: float, text: str) -> None:
    assert tile_day.signed_ratio(value) == text


def test_a_step_of_the_clock_is_as_long_as_the_floor_runs_fast() -> None:
    now = NOON + timedelta(seconds=59)
    moment = replace(AT, snapshot=live.Snapshot(now, {}))
    assert replace(SCENE, at=moment).whole(60) == NOON
    past = replace(SCENE, at=replace(moment, is_past=True), wall=Wall(at=NOON, speed=60))
    assert past.whole(60) == NOON
    assert (
        replace(past, at=replace(past.at, snapshot=live.Snapshot(NOON + timedelta(minutes=59), {}))).whole(60)
        == NOON
    )


def test_a_text_of_the_site_stands_as_it_was_written() -> None:
    said = Tile("text", 4, 2, title="Today", options={"text": "<b>Cake</b> in the kitchen"})
    tile = KINDS["text"].drawn(SCENE, said)
    assert (tile["label"], tile["text"]) == ("Today", "<b>Cake</b> in the kitchen")
    assert "give this tile a text" in KINDS["text"].drawn(SCENE, Tile("text", 4, 2))["text"]


@pytest.mark.parametrize(
    ("given", "found"), [(60, 60), (0.5, 0.5), (-1, 0), (1e12, 1e6), ("x", 120), (True, 120), (None, 120)]
)
def test_an_option_that_is_no_number_counts_as_not_given(given: object, found: float) -> None:
    options = {} if given is None else {"wrap_up": given}
    assert tile_parts.options(Tile("long_states", 3, 2, options=options), {"wrap_up": 120.0}) == {
        "wrap_up": found
    }


def test_a_board_of_too_many_numbers_is_told_so() -> None:
    def of(count: int) -> Board:
        tiles = (
            *(Tile("waiting_calls", 2, 2) for _ in range(count)),
            Tile("queues", 6, 3),
            Tile("unknown", 2, 2),
        )
        return Board("b", "Board", "supervisors", tiles)

    assert hints(of(MOST_BIG_NUMBERS)) == []
    [sentence] = hints(of(MOST_BIG_NUMBERS + 1))
    assert sentence.startswith(
        "7 big numbers stand on this board; from five metres nobody takes in more than 6."
    )


def test_the_browser_knows_the_same_english_words() -> None:
    text = (STATIC / "wall_frame.js").read_text(encoding="utf-8")
    block = text[text.index("export const WORDS = {") : text.index("};")]
    assert dict(re.findall(r'(\w+): "([^"]*)"', block)) == payload.browser_words()
    assert payload.running_words() == {}


def test_other_languages_are_sent_their_words() -> None:
    words.use_locale("de")
    try:
        assert payload.running_words().keys() == payload.browser_words().keys()
    finally:
        words.use_locale("en_GB")


def test_the_docs_have_a_row_for_every_kind_of_tile() -> None:
    text = (STATIC.parents[1] / "docs" / "walls.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (\d+) × (\d+) \| (.*?) \|$", text, re.MULTILINE)
    assert rows == [
        (
            kind.name,
            kind.about,
            "all" if len(kind.audiences) == len(boards.AUDIENCES) else ", ".join(kind.audiences),
            str(kind.least_width),
            str(kind.least_height),
            ", ".join(f"`{one}`" for one in (*(["threshold"] * kind.has_threshold), *kind.options)) or "–",
        )
        for kind in KINDS.values()
    ]
