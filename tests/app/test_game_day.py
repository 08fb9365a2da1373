"""The pages My day and Badges: what an agent is told, step by step and once, and what nobody else can do for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboard.access import Viewer
from dashboard.game import credential_desk, game_switch, stand_queries
from dashboard.ui import desk, visit
from sql.game_rules import shipped
from tests.app.conftest import NOW, frame
from tests.app.test_pages import Run, blocks

AINO = Viewer("aino", "agent 1", "agent", 1)
SAM = Viewer("sam", "teams 1", "supervisor", None, (1,))
TODAY = date(2026, 3, 11)
SOLVED = shipped.texts()["points-solved-today"]
SECRET = shipped.texts()["clean-sweep"]
STREAK = shipped.texts()["streak-first-time"]
SMILES = shipped.texts()["customer-favourite"]


def standing(_connection: object, *, agent_id: int, as_of: datetime) -> pl.DataFrame:
    return frame({
        "agent_id": agent_id, "agent_name": "Aino <b>Kask</b>", "time_zone_name": "Europe/Tallinn", "day_date": TODAY,
        "posts_at": NOW + timedelta(hours=18), "season_name": "Spring", "season_start_date": date(2026, 1, 1),
        "season_end_date": date(2026, 4, 1), "freezes_count": 2, "lifetime_points": 120, "coins_count": 4, "badges_count": 1,
        "rules_count": 4, "level_spec_text": None,
    })  # fmt: skip


def award(points: int = 8, **more: Any) -> dict[str, Any]:
    return {
        "agent_id": 1, "entry_key": "points-solved-today|1|1|2026-03-11|1", "rule_name": SOLVED.rule.name,
        "version_number": 1,
        "effective_date": TODAY, "account_name": "points", "tier_name": None, "entry_points": points, "is_held": False,
        "workings_text": json.dumps({"value": 10, "n": 10, "above": 10, "curve_percent": 40, "weight_points": 20}),
        "made_at": NOW, "spec_text": SOLVED.spec_text, **more,
    }  # fmt: skip


def entry(entry_id: int, points: int, **more: Any) -> dict[str, Any]:
    return {
        "agent_id": 1, "entry_id": entry_id, "entry_key": f"points-solved-today|1|1|{entry_id}|1", "sequence_number": 1,
        "account_name": "points", "entry_points": points, "kind_name": "award", "rule_name": SOLVED.rule.name,
        "version_number": 1,
        "tier_name": None, "effective_date": TODAY - timedelta(days=1), "period_text": "2026-03-10", "recorded_at": NOW,
        "reason_text": "Earned", "actor_name": "floorboard", "corrects_entry_id": None, "spec_text": SOLVED.spec_text,
        "workings_text": json.dumps({"value": 9, "n": 9, "above": 9, "curve_percent": 36, "weight_points": 20,
        "most_points": 20}),
        "is_taken_back": False, "taken_back_at": None, "taken_back_text": None, "open_dispute_id": None,
        "is_closed": False, **more,
    }  # fmt: skip


def evidence(above: float, place: int = 1) -> dict[str, Any]:
    return {
        "agent_id": 1, "entry_id": 5, "place_number": place, "effective_date": TODAY - timedelta(days=1),
        "fact_name": "resolved_first_contacts", "queue_id": 1, "queue_name": "<b>Sales</b>", "channel_name": "call",
        "direction_name": "inbound", "topic_name": None, "band_number": 3, "above_value": above, "below_value": None,
        "expected_value": None, "window_start_at": datetime(2026, 3, 10, 7, tzinfo=UTC),
        "window_end_at": datetime(2026, 3, 10, 10, tzinfo=UTC),
    }  # fmt: skip


def moment(moment_id: int, seen_at: datetime | None = None) -> dict[str, Any]:
    return {
        "agent_id": 1, "moment_id": moment_id, "kind_name": "badge", "name_text": SECRET.rule.title,
        "tier_name": "gold", "entry_id": 6,
        "happened_at": NOW, "seen_at": seen_at, "rule_name": SECRET.rule.name, "effective_date": TODAY, "entry_points": 1,
        "spec_text": SECRET.spec_text,
    }  # fmt: skip


def hold(state: str = "held") -> dict[str, Any]:
    told = {"title": "Very short contacts", "sentence": "14 of 212; about 4 would be usual.", "facts": []}
    decided = (
        {"decided_at": NOW, "decided_by_name": "sam", "note_text": "Listened."} if state != "held" else {}
    )
    return {
        "agent_id": 1, "hold_id": 3, "entry_key": "k", "rule_name": SOLVED.rule.name, "version_number": 1,
        "effective_date": TODAY,
        "guard_name": "short-calls", "held_points": 6, "found_at": NOW, "evidence_text": json.dumps(told),
        "state_name": state,
        "answer_text": None, "answered_at": None, "decided_at": None, "decided_by_name": None, "note_text": None,
        "open_dispute_id": None, "spec_text": SOLVED.spec_text, **decided,
    }  # fmt: skip


def stands() -> pl.DataFrame:
    drawn = [
        {"kind_name": "level", "spec_text": shipped.texts()["levels"].spec_text, "rule_name": "levels", "earned_points": 120,
         "level_number": 1, "level_name": "New face", "from_points": 0, "next_level_name": "Good listener",
         "next_from_points": 400},
        {"kind_name": "streak", "spec_text": STREAK.spec_text, "rule_name": STREAK.rule.name, "streak_days": 4,
            "best_days": 9,
         "freezes_count": 1, "next_value": 5, "next_tier_name": "bronze",
         "chain_text": json.dumps({"2026-03-09": "met", "2026-03-10": "frozen"})},
        {"kind_name": "badge", "spec_text": SMILES.spec_text, "rule_name": SMILES.rule.name, "found_value": 0.7,
            "counted_value": 30,
         "fewest_value": 20, "is_judged": True, "next_value": 0.75, "next_tier_name": "silver"},
    ]  # fmt: skip
    rows = [{**dict.fromkeys(stand_queries.COLUMNS), "agent_id": 1, **row} for row in drawn]
    return pl.DataFrame(rows, schema=stand_queries.COLUMNS)


def none_of(row: dict[str, Any]) -> Callable[..., pl.DataFrame]:
    filled = {
        name: value if value is not None else 0 if name.endswith("_id") else value
        for name, value in row.items()
    }
    return lambda *_a, **_v: frame(filled).clear()


def badges(_connection: object, **_asked: object) -> pl.DataFrame:
    def row(text: shipped.Text | None, **more: Any) -> dict[str, Any]:
        return {
            "rule_name": text.rule.name if text else None, "version_number": 1 if text else None,
            "spec_text": text and text.spec_text,
            "is_on": True, "published_at": NOW, "plain_count": 0, "bronze_count": 0, "silver_count": 0, "gold_count": 0,
            "first_date": None, "last_date": None, "newest_entry_id": None, "plain_ratio": None, "bronze_ratio": None,
            "silver_ratio": None, "gold_ratio": None, "is_secret": text is None, **more,
        }  # fmt: skip

    held = {
        "bronze_count": 1,
        "first_date": TODAY,
        "last_date": TODAY,
        "newest_entry_id": 6,
        "bronze_ratio": 0.25,
    }
    return frame(row(SMILES, **held), row(None))


@pytest.fixture
def day(floor: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(visit, "viewer", lambda: AINO)
    monkeypatch.setattr(credential_desk, "show", lambda: None)  # it has tests of its own
    floor.changes = []
    monkeypatch.setattr(
        desk,
        "change",
        lambda viewer, name, work, **told: floor.changes.append(
            (viewer.viewer_name, name, work.__name__, told)
        ),
    )
    kept: dict[str, Any] = {}
    monkeypatch.setattr(desk, "kept", lambda name, make: kept.setdefault(name, make()))
    floor.answer(
        game_standing=standing,
        game_today=lambda *_a, **_v: frame(award()),
        game_entries=lambda *_a, **asked: frame(entry(5, 7)) if asked.get("entry_id") in (None, 5) else frame(entry(5,
            7)).clear(),
        game_evidence=lambda *_a, **_v: frame(evidence(4), evidence(5, 2)),
        game_moments=none_of(moment(1)),
        game_holds=none_of(hold()),
        game_disputes=none_of({
            "agent_id": 1, "dispute_id": 1, "entry_id": 5, "hold_id": None, "said_at": NOW, "reason_text": "",
            "state_name": "open",
            "decided_at": None, "decided_by_name": None, "answer_text": None, "made_entry_id": None, "effective_date": TODAY,
            "entry_points": 1, "account_name": "points", "entry_text": "", "made_points": 0, "rule_name": "",
            "spec_text": "",
        }),
        game_trend=none_of({"agent_id": 1, "week_date": TODAY, "worked_days": 1, "earned_points": 1}),
        game_stands=lambda *_a, **_v: stands(),
        game_badges=badges,
        agents=lambda *_a, **_v: frame({"agent_id": 1, "agent_name": "Aino <b>Kask</b>", "team_id": None,
            "team_name": None, "site_name": None}),
        consents=none_of({"board_name": "wall", "given_at": NOW, "withdrawn_at": None, "is_withdrawn_by_person": None}),
    )  # fmt: skip
    yield floor
    game_switch.put_in_force(True)


def block(at: Any, kind: str) -> dict[str, Any]:
    found = [one for one in blocks(at) if one["kind"] == kind]
    assert len(found) == 1, [one["kind"] for one in blocks(at)]
    return dict(found[0])


def test_a_day_tells_todays_points_level_nearest_badge_and_streak(day: Any, run_page: Run) -> None:
    at = run_page("my_day")
    assert not at.exception
    today = block(at, "today")
    assert today["greeting"] == "Good afternoon, Aino <b>Kask</b>"  # 14:00 in Tallinn
    assert "7 points" in today["lead"]
    assert "21 days left" in today["lead"]  # of Spring, from the 11th of March to the last
    points = today["points"]
    assert (points["value"], [part["value"] for part in points["parts"]]) == ("8", ["8 of 20"])
    assert "not final" in points["more"]
    assert (today["level"]["value"], round(today["level"]["share"], 2)) == ("1", 0.3)  # 120 of 400
    assert (today["next"]["name"], today["next"]["tier"]) == (SMILES.rule.title, "Silver")
    assert round(today["next"]["share"], 4) == round(0.7 / 0.75, 4)
    assert today["streak"]["value"] == "4"
    chain = {one["key"]: one["state"] for one in today["streak"]["days"]}
    assert (chain["2026-03-09"], chain["2026-03-10"], chain["2026-03-11"], chain["2026-03-08"]) == (
        "met",
        "frozen",
        "open",
        "off",
    )
    assert day.changes == []


def test_an_award_that_waits_is_not_part_of_the_sum(day: Any, run_page: Run) -> None:
    day.answer(game_today=lambda *_a, **_v: frame(award(), award(6, entry_key="k", is_held=True)))
    points = block(run_page("my_day"), "today")["points"]
    assert points["value"] == "8"
    assert [part["held"] for part in points["parts"]] == [None, "Somebody looks first"]


def test_each_point_is_explained_down_to_its_calls(day: Any, run_page: Run) -> None:
    at = run_page("my_day", entry="5")
    assert not at.exception
    steps = block(at, "workings")["steps"]
    # 4 and 5 solved; 9 of the 25 at which the curve ends are 36 %, of 20 points 7.2, rounded once
    assert [step["result"] for step in steps] == ["9", "36%", "+7 points"]
    assert "36% × 20 = 7.20" in steps[-1]["formula"]
    table = next(one for one in blocks(at) if one["kind"] == "table" and one["label"] == "What was counted")
    leads = [row["cells"][4]["here"] for row in table["rows"]]
    assert [row["cells"][4]["text"] for row in table["rows"]] == ["4", "5"]
    assert all(lead.startswith("contacts?of=flagged_contacts&agent=1&start=2026-03-10T07") for lead in leads)


def test_what_does_not_come_out_again_is_said_with_both_numbers(day: Any, run_page: Run) -> None:
    day.answer(game_evidence=lambda *_a, **_v: frame(evidence(4)))
    last = block(run_page("my_day", entry="5"), "workings")["steps"][-1]
    assert last["result"] == "+7 points"
    assert "it is 3" in last["text"]  # 4 of 25 are 16 %, of 20 points 3.2


def test_good_news_is_shown_once_and_noted_as_seen_by_its_owner_alone(
    day: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    day.answer(
        game_moments=lambda *_a, **_v: frame(moment(1), moment(2, NOW)).with_columns(pl.col("seen_at"))
    )
    news = block(run_page("my_day"), "moments")["moments"]
    assert [one["name"] for one in news] == ["Clean sweep, Gold"]
    assert [(who, name, did, told["moment_ids"]) for who, name, did, told in day.changes] == [
        ("aino", "game.own", "moments_seen", [1])
    ]
    day.changes.clear()
    monkeypatch.setattr(visit, "viewer", lambda: SAM)
    at = run_page("my_day", agent="1")
    assert not [one for one in blocks(at) if one["kind"] == "moments"]
    assert day.changes == []


def test_a_supervisor_sees_the_day_of_an_agent_and_can_say_nothing_for_them(
    day: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: SAM)
    at = run_page("my_day", agent="1")
    assert not at.exception
    today = block(at, "today")
    assert today["greeting"] == "The day of Aino <b>Kask</b>"
    assert today["points"]["parts"][0]["here"].endswith("&agent=1")
    assert [one.label for one in at.button if "Allow" in one.label or "disagree" in one.label] == []
    opened = run_page("my_day", agent="1", entry="5")
    assert not opened.text_area
    nobody = block(run_page("my_day"), "notice")
    assert nobody["title"] == "Whose day?"


def test_an_agent_disagrees_and_answers_in_their_own_words(day: Any, run_page: Run) -> None:
    at = run_page("my_day", entry="5")
    at.text_area[0].set_value("I solved eleven.")
    next(one for one in at.button if one.label == "Say so").click().run()
    assert [(name, did, told["entry_id"], told["reason_text"]) for _, name, did, told in day.changes] == [
        ("game.own", "say_dispute", 5, "I solved eleven.")
    ]
    day.changes.clear()
    day.answer(game_holds=lambda *_a, **_v: frame(hold()))
    at = run_page("my_day", hold="3")
    assert not at.exception
    assert [one["title"] for one in blocks(at) if one["kind"] == "notice"] == ["What was counted"]
    at.text_area[0].set_value("The line was bad.")
    next(one for one in at.button if one.label == "Keep the answer").click().run()
    assert [(did, told["hold_id"], told["answer_text"]) for _, _, did, told in day.changes] == [
        ("answer_hold", 3, "The line was bad.")
    ]


def test_what_is_secret_is_in_nothing_that_the_page_sends(day: Any, run_page: Run) -> None:
    at = run_page("badges")
    assert not at.exception
    gallery = block(at, "badges")
    tiles = [tile for family in gallery["families"] for tile in family["tiles"]]
    assert [(tile["name"], tile["held"], tile["tier"]) for tile in tiles] == [
        (SMILES.rule.title, True, "Bronze"),
        ("A secret badge", False, "Secret"),
    ]
    assert tiles[0]["rarity"] == "About 25% of all agents hold it in bronze or higher"
    assert SMILES.rule.owner in tiles[0]["owner"]
    assert SMILES.rule.purpose in tiles[0]["owner"]
    assert round(tiles[0]["share"], 4) == round(0.7 / 0.75, 4)
    assert SECRET.rule.title not in json.dumps(gallery)


@pytest.mark.parametrize("page", ["my_day", "badges"])
def test_without_a_game_the_page_says_so_and_what_to_do(day: Any, run_page: Run, page: str) -> None:
    day.answer(
        game_standing=lambda *_a, **asked: standing(None, **asked).with_columns(
            pl.lit(0, pl.Int64).alias(name) for name in ("rules_count", "lifetime_points", "badges_count")
        )
    )
    assert block(run_page(page), "notice")["title"] == "The game has not begun"
    game_switch.put_in_force(False)
    off = run_page(page)
    assert block(off, "notice")["title"] == "There is no game on this site"
    assert not off.exception
