"""Kudos, Challenges, Rewards and Employee of the month: what each reader finds, and what they can do there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.access import EVERYONE, Viewer
from dashboard.game import contest_saves, kudos_saves, month_saves, store_saves
from dashboard.game.social_states import SocialError
from dashboard.ui import visit
from tests.app import conftest
from tests.app.conftest import NOW
from tests.app.test_pages import block, blocks, table

Run = Callable[..., AppTest]
AINO = Viewer("aino", "agent 1", "agent", 1)
MARA = Viewer("mara", EVERYONE, "manager")
HOSTILE = "<b>Bo</b> [x](http://evil)"
PAGES = ("kudos", "challenges", "rewards", "employee_of_the_month")
SETTINGS = {
    "kudos_week_count": 5, "kudos_colleague_count": 2, "kudos_points": 0, "coin_life_days": 180, "cool_down_months": 6,
    "month_fewest_hours": 8, "coin_points": 10, "rate_from_date": date(2026, 1, 1), "counted_kinds_text": "award adjust",
    "site_date": date(2026, 3, 11),
}  # fmt: skip


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame as the warehouse types it; a contact's number is a text."""
    if "contact_id" not in rows[0]:
        return conftest.frame(*rows)
    plain = [{name: value for name, value in row.items() if name != "contact_id"} for row in rows]
    numbers = pl.Series("contact_id", [row["contact_id"] for row in rows], pl.String)
    return conftest.frame(*plain).with_columns(numbers)


def kudos_row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "kudos_id": number, "given_at": NOW - timedelta(minutes=number), "category_name": "calm",
        "message_text": "You kept <i>calm</i>.", "agent_id": 2, "agent_name": HOSTILE, "team_name": "A", "from_name": None,
        "from_role_name": "agent", "is_given_by_me": False, "is_for_me": False, "is_mine_to_hide": False,
        "state_name": "standing", "note_text": None, "source_name": None,
        "contact_id": "c-1" if number == 1 else None, **more,
    }  # fmt: skip


def contest_row(**more: Any) -> dict[str, Any]:
    return {
        "contest_id": 7, "contest_name": HOSTILE, "about_text": "Solve it at once.", "kind_name": "individual",
        "team_id": None, "team_name": None, "rule_name": None, "above_name": "resolved_first_contacts",
        "below_name": "followed_contacts", "is_less_better": False, "first_date": date(2026, 3, 9),
        "last_date": date(2026, 3, 13), "minimum_count": 10, "minimum_hours": 0, "minimum_agents": 3,
        "minimum_qualified_agents": 2, "tie_name": "share", "is_anonymous": False, "is_prorated": True,
        "account_name": "coins", "state_name": "running", "joined_agents": 9, "is_joined": True, "is_mine": True,
        "is_joinable": True, "begins_at": NOW - timedelta(days=2), "ends_at": NOW + timedelta(days=2),
        "settles_at": NOW + timedelta(days=2, hours=4), "spec_text": None, **more,
    }  # fmt: skip


def place_row(number: int, good: float, **more: Any) -> dict[str, Any]:
    return {
        "agent_id": 1 if number == 5 else None, "alias_number": number, "agent_name": "Aino" if number == 5 else None,
        "team_id": 1, "team_name": "A", "is_me": number == 5, "is_seen": False, "is_disqualified": False, "note_text": None,
        "above_value": good, "below_value": 100.0, "exposure_seconds": 144_000, "counted_count": 100,
        "baseline_above_value": None, "baseline_below_value": None, "baseline_exposure_seconds": None, "place_number": None,
        "result_value": None, "tier_name": None, **more,
    }  # fmt: skip


def tier_row(name: str, last: int, prize: int) -> dict[str, Any]:
    return {
        "contest_id": 7,
        "tier_name": name,
        "last_position": last,
        "prize_points": prize,
        "prize_text": "",
    }


def item_row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "item_id": number, "item_name": f"Mug {number}", "about_text": "", "price_coins": 30 * number, "stock_count": None,
        "person_limit_count": None, "approver_name": "supervisor", "season_name": None, "tax_text": "", "is_on": True,
        "is_for_sale": True, "left_count": None, "own_count": 0, **more,
    }  # fmt: skip


def order_row(number: int, **more: Any) -> dict[str, Any]:
    return {
        "order_id": number, "item_id": 1, "item_name": "Mug 1", "approver_name": "supervisor", "tax_text": "",
        "agent_id": 1, "agent_name": HOSTILE, "price_coins": 30, "state_name": "requested", "requested_at": NOW,
        "changed_at": NOW, "note_text": None, **more,
    }  # fmt: skip


def coin_row(number: int, coins: int, balance: int, kind: str) -> dict[str, Any]:
    return {
        "entry_id": number, "effective_date": date(2026, 3, 10), "recorded_at": NOW, "kind_name": kind, "entry_coins": coins,
        "balance_coins": balance, "reason_text": "Coins for the points of the day", "rule_name": None, "spec_text": None,
    }  # fmt: skip


def month_row(**more: Any) -> dict[str, Any]:
    return {
        "month_date": date(2026, 2, 1), "state_name": "named", "agent_id": None, "agent_name": HOSTILE, "team_name": "A",
        "is_me": False, "is_seen": False, "reason_text": "Calm in the storm", "decided_at": NOW, **more,
    }  # fmt: skip


def evidence_row(number: int) -> dict[str, Any]:
    return {
        "agent_id": number, "agent_name": f"Agent {number}", "kudos_count": 2, "kudos_people_count": 2,
        "review_earned_value": 8.0, "review_possible_value": 10.0, "satisfied_value": None, "answered_value": None,
        "held_count": 0, "chosen_date": None,
    }  # fmt: skip


def proposal_row(number: int) -> dict[str, Any]:
    told = {"week_points": 120, "top_ratio": 0.8, "hours": 60, "days": 8, "kudos": 2, "kudos_people": 2,
            "review_earned": 8, "review_possible": 10, "satisfied": None, "answered": None}  # fmt: skip
    return {
        "month_date": date(2026, 2, 1), "state_name": "proposed", "agent_id": number, "agent_name": f"Agent {number}",
        "place_number": number, "lowest_position": number, "highest_position": number + 1, "people_count": 9,
        "evidence_text": json.dumps(told), "is_chosen": False,
    }  # fmt: skip


DRAWN: dict[str, list[dict[str, Any]]] = {
    "game_kudos": [kudos_row(1, is_mine_to_hide=True), kudos_row(2, is_for_me=True, from_name="Chen")],
    "game_colleagues": [{"agent_id": 2, "agent_name": HOSTILE, "team_name": "A"}],
    "game_social_settings": [SETTINGS],
    "game_contests": [contest_row()],
    "game_contest_tiers": [tier_row("gold", 1, 100), tier_row("silver", 2, 50)],
    "game_contest_board": [place_row(number, 100 - 10 * number) for number in range(1, 9)],
    "game_contest_moves": [
        {
            "move_id": 1,
            "moved_at": NOW,
            "from_name": None,
            "to_name": "draft",
            "actor_name": "mara",
            "note_text": "",
        }
    ],
    "game_points_rules": [{"rule_name": "solved", "spec_text": 'title = "Solved at once"'}],
    "game_store_items": [item_row(1), item_row(2)],
    "game_store_orders": [order_row(1)],
    "game_coins": [coin_row(2, -10, 40, "purchase"), coin_row(1, 50, 50, "earning")],
    "game_store_budgets": [{"team_id": 1, "team_name": "A", "month_coins": 100, "spent_coins": 85}],
    "game_months": [month_row()],
    "game_month_proposals": [proposal_row(1), proposal_row(2)],
    "game_month_evidence": [evidence_row(1), evidence_row(2)],
    "game_month_days": [
        {
            "agent_id": agent,
            "day_date": date(2026, 2, day),
            "earned_points": 10 * agent + day % 2,
            "exposure_seconds": 28_800,
        }
        for agent in (1, 2)
        for day in range(1, 9)
    ],
}


@pytest.fixture
def game(floor: Any) -> Any:
    """The drawn floor with its game."""
    for name, rows in DRAWN.items():
        drawn = frame(*rows)
        floor.answer(**{name: lambda *_args, _found=drawn, **_values: _found})
    return floor


def empty(game: Any, *names: str) -> None:
    for name in names:
        drawn = frame(*DRAWN[name]).clear()
        game.answer(**{name: lambda *_args, _found=drawn, **_values: _found})


def change(game: Any, name: str, *rows: dict[str, Any]) -> None:
    game.answer(**{name: lambda *_args, **_values: frame(*rows)})


def be(game: Any, who: Viewer) -> None:
    game.monkeypatch.setattr(visit, "viewer", lambda: who)


def kept(game: Any, module: Any, name: str, *, fails: str = "") -> list[dict[str, Any]]:
    """What was asked of a save, instead of the save."""
    asked: list[dict[str, Any]] = []

    def save(_connection: object, **values: Any) -> int:
        asked.append(values)
        if fails:
            raise SocialError(fails)
        return 1

    game.monkeypatch.setattr(module, name, save)
    return asked


def button(at: AppTest, label: str) -> Any:
    return next(one for one in at.button if label in one.label)


@pytest.mark.parametrize("who", [AINO, MARA], ids=["agent", "manager"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_shows_what_there_is_and_what_to_do_where_there_is_nothing(
    game: Any, run_page: Run, name: str, who: Viewer
) -> None:
    be(game, who)
    at = run_page(name)
    assert not at.exception
    assert not [one for one in blocks(at) if one["kind"] == "notice" and one["page"]]
    empty(game, *(one for one in DRAWN if one != "game_social_settings"))
    at = run_page(name)
    assert not at.exception
    notice = next(one for one in blocks(at) if one["kind"] == "notice" and one["page"])
    assert len(notice["steps"]) >= 2


def test_the_feed_names_only_whom_it_was_told_and_places_words_as_text(game: Any, run_page: Run) -> None:
    be(game, AINO)
    at = run_page("kudos")
    cards = block(at, "thanks")["cards"]
    assert [(one["to"], one["by"]) for one in cards] == [
        (HOSTILE, "thanked by a colleague · A"),
        ("You", "thanked by Chen · A"),
    ]
    assert cards[0]["message"] == "You kept <i>calm</i>."
    assert [one.label for one in at.button if "Hide" in one.label] == []  # an agent hides nothing


def test_thanks_are_given_in_ones_own_name_and_a_refusal_is_told(game: Any, run_page: Run) -> None:
    be(game, AINO)
    asked = kept(game, kudos_saves, "give", fails="You have thanked 5 times this week.")
    at = run_page("kudos")
    at.selectbox[0].select(2)
    at.text_area[0].input("You kept calm")
    button(at, "Thank").click()
    at.run()
    assert [(one["agent_id"], one["thanks"].to_agent_id, one["thanks"].message_text) for one in asked] == [
        (1, 2, "You kept calm")
    ]
    assert any(one["kind"] == "notice" and "thanked 5 times" in one["body"] for one in blocks(at))


def test_ones_own_fresh_thanks_can_be_taken_back(game: Any, run_page: Run) -> None:
    be(game, AINO)
    change(
        game, "game_kudos", kudos_row(3, is_given_by_me=True),
        kudos_row(4, is_given_by_me=True, given_at=NOW - timedelta(minutes=31)),
    )  # fmt: skip
    asked = kept(game, kudos_saves, "take_back")
    at = run_page("kudos")
    assert [one.label for one in at.button if "Take back" in one.label] == [f"Take back: thanks to {HOSTILE}"]
    button(at, "Take back").click().run()
    assert [one["kudos_id"] for one in asked] == [3]


def test_a_colleague_reads_the_places_with_prizes_and_those_around_their_own(
    game: Any, run_page: Run
) -> None:
    """Eight take part; two places have prizes; the reader is fifth: 1, 2 and 4, 5, 6 are shown, 3, 7 and 8 are not."""
    be(game, AINO)
    at = run_page("challenges", contest="7")
    rows = block(at, "places")
    assert [one["place"] for one in rows["rows"]] == ["1", "2", "4", "5", "6"]
    assert [one["name"] for one in rows["rows"]].count("You") == 1
    assert "3 more places are not listed" in rows["rest"]
    assert rows["rows"][0]["prize"]["text"] == "100 coins"
    be(game, MARA)
    at = run_page("challenges", contest="7")
    assert [one["place"] for one in block(at, "places")["rows"]] == [str(place) for place in range(1, 9)]


def test_an_agent_who_takes_no_part_reads_no_places_and_can_join(game: Any, run_page: Run) -> None:
    be(game, AINO)
    change(game, "game_contests", contest_row(is_joined=False))
    asked = kept(game, contest_saves, "join")
    at = run_page("challenges", contest="7")
    assert not [one for one in blocks(at) if one["kind"] == "places"]
    button(at, "Join").click().run()
    assert [(one["agent_id"], one["contest_id"]) for one in asked] == [(1, 7)]


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        ("draft", ["Announce", "Cancel it for good"]),
        ("running", ["Cancel it for good"]),
        ("pending", ["Finalise the places and pay the prizes", "Cancel it for good"]),
        ("finalised", []),
    ],
)
def test_a_manager_is_offered_the_steps_of_the_state_and_no_other(
    game: Any, run_page: Run, state: str, labels: list[str]
) -> None:
    be(game, MARA)
    change(game, "game_contests", contest_row(state_name=state, settles_at=NOW - timedelta(hours=1)))
    at = run_page("challenges", contest="7")
    assert not at.exception
    offered = [one.label for one in at.button]
    assert [
        one
        for one in offered
        if one in ("Announce", "Finalise the places and pay the prizes", "Cancel it for good")
    ] == labels


def test_places_of_a_finalised_contest_are_those_that_were_decided(game: Any, run_page: Run) -> None:
    be(game, MARA)
    change(game, "game_contests", contest_row(state_name="finalised"))
    change(
        game, "game_contest_board",
        place_row(1, 10, place_number=1, result_value=0.9, tier_name="gold", agent_name="Mari"),
        place_row(2, 99, place_number=2, result_value=0.5),
    )  # fmt: skip
    rows = block(run_page("challenges", contest="7"), "places")["rows"]
    assert [(one["place"], one["value"], one["tier"]) for one in rows] == [
        ("1", "90.0%", "gold"),
        ("2", "", None),  # whoever shows no name has a place, and nothing to be found by
    ]
    assert [(one["name"], one["more"]) for one in rows] == [("Mari", "A"), ("A colleague", "")]


def test_a_draft_keeps_what_was_chosen(game: Any, run_page: Run) -> None:
    be(game, MARA)
    asked = kept(game, contest_saves, "draft")
    at = run_page("challenges", new="1")
    at.text_input[0].input("Solved at once")
    button(at, "Save the draft").click()
    at.run()
    draft, tiers = asked[0]["draft"], asked[0]["tiers"]
    assert (draft.contest_name, draft.above_name, draft.below_name, draft.rule_name) == (
        "Solved at once", "resolved_first_contacts", "followed_contacts", None,
    )  # fmt: skip
    assert [(tier[0], tier[1]) for tier in tiers] == [("gold", 1), ("silver", 3), ("bronze", 6)]


def test_a_wallet_says_what_is_in_it_and_what_is_too_dear_cannot_be_ordered(game: Any, run_page: Run) -> None:
    """50 earned, 10 spent: 40. The mug at 30 can be had, the one at 60 is 20 coins away."""
    be(game, AINO)
    asked = kept(game, store_saves, "order")
    at = run_page("rewards")
    wallet = block(at, "wallet")
    assert (wallet["value"], [one["value"] for one in wallet["facts"]]) == ("40", ["50", "10"])
    things = [one for one in blocks(at) if one["kind"] == "shelf"]
    assert [(one["can"], one["facts"][0]) for one in things] == [
        (True, "always there"),
        (False, "20 coins to go"),
    ]
    assert [one.disabled for one in at.button if "Order" in one.label] == [False, True]
    button(at, "Order “Mug 1”").click().run()
    assert [(one["agent_id"], one["item_id"]) for one in asked] == [(1, 1)]


def test_who_answers_for_agents_decides_on_orders_and_has_no_wallet(game: Any, run_page: Run) -> None:
    be(game, MARA)
    asked = kept(
        game, store_saves, "reject", fails="Say why, in a few words: the person it is about reads it."
    )
    at = run_page("rewards")
    assert not [one for one in blocks(at) if one["kind"] == "wallet"]
    assert not [one for one in at.button if one.label.startswith("Order")]
    assert table(at, "Orders")["rows"][0]["cells"][1] == HOSTILE
    button(at, "Refuse").click().run()
    assert [(one["order_id"], one["agent_id"], one["note_text"]) for one in asked] == [(1, 1, "")]
    assert any(one["kind"] == "notice" and "Say why" in one["body"] for one in blocks(at))


def test_nobody_decides_on_an_order_of_their_own(game: Any, run_page: Run) -> None:
    be(game, Viewer("tess", "supervisor", "supervisor", 1, (1,)))
    at = run_page("rewards")
    assert table(at, "Orders")["rows"] == []
    assert not [one for one in at.button if one.label == "Agree"]


@pytest.mark.parametrize(
    ("more", "name", "mark"),
    [
        ({}, HOSTILE, ""),
        ({"state_name": "unnamed", "agent_name": None, "reason_text": None}, "A colleague", "not said"),
        ({"state_name": "decided", "is_me": True}, "You", "not answered yet"),
        ({"state_name": "nobody", "agent_name": None}, "Nobody this month", ""),
    ],
)
def test_the_archive_shows_a_name_as_far_as_its_owner_lets_it(
    game: Any, run_page: Run, more: dict[str, Any], name: str, mark: str
) -> None:
    be(game, AINO)
    change(game, "game_months", month_row(**more))
    card = block(run_page("employee_of_the_month"), "archive")["cards"][0]
    assert card["name"] == name
    assert mark in card["mark"]


def test_the_chosen_one_says_whether_the_name_may_stand_there(game: Any, run_page: Run) -> None:
    be(game, AINO)
    change(game, "game_months", month_row(state_name="decided", is_me=True))
    asked = kept(game, month_saves, "answer")
    at = run_page("employee_of_the_month")
    button(at, "Without my name").click().run()
    assert [(one["agent_id"], one["is_allowed"]) for one in asked] == [(1, False)]


def test_the_rule_proposes_with_evidence_and_a_person_decides_with_a_reason(game: Any, run_page: Run) -> None:
    be(game, MARA)
    empty(game, "game_month_proposals")
    proposed = kept(game, month_saves, "propose")
    at = run_page("employee_of_the_month")
    cards = block(at, "proposed")["cards"]
    assert [one["name"] for one in cards] == ["Agent 2", "Agent 1"]
    assert "likely place" in cards[0]["band_text"]
    button(at, "Put these three to the choice").click().run()
    assert [one.agent_id for one, _ in proposed[0]["proposals"]] == [2, 1]
    change(game, "game_month_proposals", *DRAWN["game_month_proposals"])
    decided = kept(game, month_saves, "decide")
    at = run_page("employee_of_the_month")
    at.text_area[0].input("Calm in the storm")
    button(at, "Decide").click()
    at.run()
    assert [(one["of_agent_id"], one["reason_text"]) for one in decided] == [(1, "Calm in the storm")]


def test_an_executive_reads_the_archive_and_changes_nothing(game: Any, run_page: Run) -> None:
    be(game, Viewer("eve", "executive", "executive"))
    for name in PAGES:
        at = run_page(name)
        assert not at.exception
    assert not [one for one in at.button if "Decide" in one.label]


def test_times_are_told_as_the_contest_goes(game: Any, run_page: Run) -> None:
    be(game, AINO)

    def left(now: datetime, **more: Any) -> str:
        change(game, "game_contests", contest_row(**more))
        return str(block(run_page("challenges"), "contests")["cards"][0]["left_text"])

    assert left(NOW) == "2 days left"
    assert left(NOW, state_name="announced", begins_at=NOW + timedelta(days=3)) == "begins in 3 days"
    assert left(NOW, state_name="pending").startswith("settles until")
    assert left(NOW, state_name="pending", settles_at=NOW) == "waits for a person's decision"
