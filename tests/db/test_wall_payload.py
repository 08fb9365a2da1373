"""What a wall shows of a drawn floor, tile by tile: every value worked out by hand, and what is not known said in words."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st

from dashboard import live
from dashboard.access import LOCAL_VIEWER, SessionError, Viewer
from dashboard.calls import floor_view
from dashboard.calls.floor_view import STATE_ORDER
from dashboard.door.visitor import Visitors
from dashboard.ui import clock, moments
from dashboard.ui.moments import Moment
from dashboard.wall import boards, payload, queue_sums, tile_news
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, Threshold, Tile
from dashboard.wall.news import News
from dashboard.wall.playlists import OnNow
from dashboard.wall.screen import Screen
from dashboard.wall.thresholds import Standings
from dashboard.wall.tile_kinds import KINDS, hints
from sql import policy, rights, warehouse
from sql.warehouse import SwitchedOffError, WarehouseError
from tests.conftest import engine_of_copy
from tests.db.test_records import Row, call, tell

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # Monday noon in Tallinn
TURN = OnNow("b", 0, 1, is_pinned=False, ends_at=None, is_quiet=False)
QUIET = replace(TURN, is_quiet=True)
AGENTS = ("mari", "juku", "ann", "kati", "uku", "leo")
ACCOUNTS = {
    "sam": ("supervisor", None),
    "amy": ("agent", 1),
    "eve": ("executive", None),
    "screen": ("wall", None),
}


def stay(number: int, queue: str, ago: float, wait: float | None, outcome: str, talk: float = 60) -> Row:
    """A contact offered so many seconds ago; one that waits has no wait, one in progress no end."""
    offered = NOW - timedelta(seconds=ago)
    left = None if wait is None else offered + timedelta(seconds=wait)
    is_answered = outcome in ("answered", "in_progress")
    is_over = outcome not in ("waiting", "in_progress")
    ended = None
    if is_over and left is not None:
        ended = left + timedelta(seconds=talk) if is_answered else left
    return call(
        f"{queue}-{number}",
        queue_name=queue,
        agent_name="mari" if is_answered else None,
        offered_at=offered,
        answered_at=left if is_answered else None,
        ended_at=ended,
        outcome_name=outcome,
        wait_seconds=wait,
        talk_seconds=talk if outcome == "answered" else None,
    )


#         number queue, offered s ago, wait, outcome: T is 20 s, short is below 5 s, the target 80 %
DRAWN = [
    *(stay(n, "sales", 7000 - n * 300, 10, "answered") for n in range(8)),
    *(stay(10 + n, "sales", 700, 40, "answered") for n in range(2)),
    stay(20, "sales", 1500, 60, "abandoned"),
    stay(21, "sales", 5000, 3, "abandoned"),
    stay(22, "sales", 95, None, "waiting"),
    stay(23, "sales", 300, 10, "in_progress"),
    stay(24, "billing", 5, None, "waiting"),
    *(stay(30 + n, "billing", 6000, 20, "answered") for n in range(3)),
]
STATES = [
    {"agent_name": name, "started_at": NOW - timedelta(seconds=ago), "ended_at": None, "state_name": state,
     "reason_name": reason, "queue_name": None}
    for name, ago, state, reason in [
        ("mari", 901, "on_contact", None),
        ("juku", 60, "wrap_up", None),
        ("ann", 1900, "paused", "Lunch"),
        ("kati", 30, "available", None),
        ("uku", 1900, "available", None),
        ("leo", 1900, "available", None),
    ]
]  # fmt: skip


def before(weeks: int, hour: float, count: int) -> list[Row]:
    """So many contacts of sales, answered at once, at that local hour so many weeks before."""
    start = NOW - timedelta(weeks=weeks) + timedelta(hours=hour - 12)
    return [
        call(
            f"w{weeks}-{hour}-{place}",
            queue_name="sales",
            agent_name="mari",
            offered_at=start + timedelta(seconds=10 * place),
            answered_at=start + timedelta(seconds=10 * place + 5),
            ended_at=start + timedelta(seconds=10 * place + 65),
            outcome_name="answered",
            wait_seconds=5,
            talk_seconds=60,
        )
        for place in range(count)
    ]


#  three Mondays before: at 10:00 4, 6 and 8 came, at 14:00 2 each
WEEKS = [
    *before(1, 10, 4),
    *before(2, 10, 6),
    *before(3, 10, 8),
    *(row for n in (1, 2, 3) for row in before(n, 14, 2)),
]


@pytest.fixture(scope="module")
def filled(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, template_name) as engine:
        tell(engine, {"calls": [*DRAWN, *WEEKS], "agent_states": STATES})
        rights.install(engine)
        with engine.begin() as connection:
            organise(connection)
        yield engine


def organise(connection: sa.Connection) -> None:
    """A team of two with its supervisor, who looks as whom, a rule that fires, and a message to all."""

    def run(text: str, **params: object) -> None:
        connection.execute(sa.text(text), params)

    run("insert into warehouse.teams (team_name) values ('Early')")
    run(
        "insert into warehouse.team_members (team_id, agent_id, started_date) select 1, agent_id, date '2020-01-01' "
        "from warehouse.agents where agent_name in ('mari', 'juku')"
    )
    run("update warehouse.agents set team_id = 1 where agent_name in ('mari', 'juku')")
    for account_id, (login, (role, agent_id)) in enumerate(ACCOUNTS.items(), 1):
        run(
            "insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :agent)",
            login=login, role=role, agent=agent_id,
        )  # fmt: skip
        run(
            "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, :id, now() + interval '1 day')",
            hash=hashlib.sha256(login.encode()).digest(), id=account_id,
        )  # fmt: skip
    run("insert into access.account_teams values (1, 1)")
    run(
        "insert into ops.alert_rules (made_at, window_seconds, hold_seconds, minimum_count, threshold_value, clear_value, "
        "rule_name, measure_name, metric_name, scope_kind_name, scope_key, comparison_name, severity_name, viewer_name) "
        "values (:at, 900, 0, 0, 60, 60, 'Too long', 'oldest_wait_seconds', '', 'queue', '', 'above', 'critical', 'ada')",
        at=NOW - timedelta(days=1),
    )
    run(
        "insert into ops.alert_standings (rule_id, scope_id, since_at, fired_at, evaluated_at, firing_number, is_known, "
        "scope_name, state_name, measured_value, measured_count) values "
        "(1, '2', :at, :at, :at, 3, true, 'sales', 'firing', 95, 1)",
        at=NOW - timedelta(minutes=1),
    )
    run(
        "insert into ops.wall_messages (message_text, tone_name, starts_at, ends_at, viewer_name) "
        "values ('Fire drill at 12:30', 'near', :at, :ends, 'ada')",
        at=NOW - timedelta(minutes=5), ends=NOW + timedelta(minutes=30),
    )  # fmt: skip


@pytest.fixture
def at(filled: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Moment:
    return moment_on(filled, monkeypatch)


@pytest.fixture
def seen_as(filled: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Moment]:
    """The floor as one of the accounts sees it."""

    def look(login: str) -> Moment:
        viewer = Visitors(lambda: filled, lambda: datetime.now(UTC)).viewer(login)
        return moment_on(filled, monkeypatch, viewer=viewer)

    return look


def moment_on(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, now: datetime = NOW, viewer: Viewer = LOCAL_VIEWER
) -> Moment:
    """The floor of that database at an instant; where nothing else is said, as somebody sees it who sees everything."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", now.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: engine)
    monkeypatch.setattr(moments, "_good", live.LastGood())
    monkeypatch.setattr(moments, "_good_past", live.LastGood())
    st.cache_data.clear()
    return moments.moment(viewer)


def board(*tiles: Tile | str, audience: boards.Audience = "supervisors") -> Board:
    drawn = tuple(Tile(one, 4, 3) if isinstance(one, str) else one for one in tiles)
    return Board("b", "Board", audience, drawn)


def whole(at: Moment, on: Board, wall: Wall | None = None, turn: OnNow = TURN) -> dict[str, Any]:
    found = payload.payload(at, wall or Wall(), on, standings=Standings(), turn=turn)
    assert json.loads(json.dumps(found)) == found  # nothing in it that JSON does not know
    return found


def shown(at: Moment, *tiles: Tile | str, wall: Wall | None = None) -> list[dict[str, Any]]:
    """The tiles of the payload."""
    found: list[dict[str, Any]] = whole(at, board(*tiles), wall)["tiles"]
    return found


def ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def ago(seconds: float) -> int:
    return ms(NOW - timedelta(seconds=seconds))


LIMITS = {"near": 1.0, "off": 10.0}
#  Today until noon (T = 20 s, short below 5 s, target 80 %), by the event rule:
#  sales: 8 + 1 in time, 2 late, 1 abandoned, 1 short one, 1 waits past T; billing: 3 in time, 1 waits within T
BY_HAND: dict[str, dict[str, Any]] = {
    "waiting_calls": {"value": "2", "since": {"before": "longest for", "at_ms": ago(95), "text": ""}},
    "oldest_wait_seconds": {"value": "1:35", "more": "2 wait"},
    # (9 + 3) in time / (9 + 2 + 1 + 1 + 3) decided without the short one = 12 / 16
    "service_level_today": {"value": "75.0%", "share": 0.75, "goal": 0.8, "n": 16, "word": "Just below", "tone": "near",
                            "target": "target 80% / 20 s"},
    # of the last 15 minutes: 1 in time / (1 + 2 late + 1 that passed T while it waits)
    "service_level_15_minutes": {"value": "25.0%", "n": 4, "word": "Too few to judge", "tone": "none"},
    # and the one that gave up 24 minutes ago: 1 / 5
    "service_level_30_minutes": {"value": "20.0%", "n": 5, "word": "Too few to judge"},
    # 1 abandoned, not short, of 18 offered without 1 short
    "abandonment_ratio": {"value": "5.9%", "n": 17, "more": "today, 1 of 17, short ones left out"},
    # (8 * 10 + 2 * 40 + 10 + 3 * 20) / 14 = 230 / 14 = 16.4
    "average_speed_of_answer_seconds": {"value": "16 s", "n": 14},
    "in_progress_calls": {"value": "1", "more": "18 offered today"},
    "offered_calls": {"value": "18", "more": "14 answered"},
}  # fmt: skip


def test_every_number_of_a_drawn_floor_is_the_one_worked_out_by_hand(at: Moment) -> None:
    for tile, (name, expected) in zip(shown(at, *BY_HAND), BY_HAND.items(), strict=True):
        assert {key: tile[key] for key in expected} == expected, name
        assert tile["target"], f"{name} says neither its target nor that it has none"


def test_a_number_with_limits_has_tone_shape_and_word_and_says_its_target(at: Moment) -> None:
    tile = Tile("oldest_wait_seconds", 3, 3, threshold=Threshold(60, 90, "up"))
    [found] = shown(at, tile)
    assert (found["tone"], found["shape"], found["word"]) == ("off", "square", "above 1:30")
    assert found["target"] == "target ≤ 1:00"
    assert found["since"] == {"before": "", "at_ms": ago(95), "text": "", "is_value": True}
    few = Threshold(0.01, 0.02, "up", fewest=18)
    [ratio] = shown(at, Tile("abandonment_ratio", 3, 3, threshold=few))
    assert (ratio["value"], ratio["tone"], ratio["word"]) == ("5.9%", "none", "Too few to judge")
    [own] = shown(
        at, Tile("service_level_today", 3, 3, title="Promise", threshold=Threshold(0.75, 0.7, "down"))
    )
    assert (own["label"], own["tone"], own["word"]) == ("Promise", "good", "On target")


def test_where_nobody_waits_no_wait_is_past_its_limit(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = moment_on(filled, monkeypatch, NOW - timedelta(seconds=200))
    tile = Tile("oldest_wait_seconds", 3, 3, threshold=Threshold(60, 90, "up"))
    waiting, oldest = shown(at, "waiting_calls", tile)
    assert (waiting["value"], waiting["more"], "since" in waiting) == ("0", "nobody waits", False)
    assert (oldest["value"], oldest["tone"], oldest["word"], oldest["why"]) == (
        "–", "good", "nobody waits", "nobody waits",
    )  # fmt: skip


def test_queues_stand_by_name_each_against_its_own_target(at: Moment) -> None:
    [table] = shown(at, "queues")
    assert [row["cells"][0] for row in table["rows"]] == ["billing", "sales"]
    billing, sales = (row["cells"] for row in table["rows"])
    assert billing[1:3] == ["1", {"since_ms": ago(5)}]
    assert sales[2] == {"since_ms": ago(95), "tone": "off", "shape": "square", "word": "late"}
    # sales: 9 / 13; billing 3 / 3 is too few to have a colour
    assert (sales[3]["text"], sales[3]["share"], sales[3]["word"], sales[5]) == (
        "69.2%",
        0.6923,
        "below",
        "13",
    )
    assert (billing[3]["text"], billing[3]["word"], billing[5]) == ("100%", "few", "3")
    [short] = shown(at, Tile("queues", 6, 3, options={"most": 1}))
    assert (len(short["rows"]), short["more"]) == (1, "1 more queue: name it in the wall's address, queue=…")


def test_a_wall_for_a_part_of_the_queues_shows_their_figures_alone(at: Moment) -> None:
    names = (
        "waiting_calls",
        "service_level_today",
        "average_speed_of_answer_seconds",
        "offered_calls",
        "queues",
    )
    *numbers, table = shown(at, *names, wall=Wall(queue_text="SAL"))
    # sales: 9 / 13; (80 + 80 + 10) / 11 = 15.5; 14 offered
    assert [one["value"] for one in numbers] == ["1", "69.2%", "15 s", "14"]
    assert [row["cells"][0] for row in table["rows"]] == ["sales"]
    both = shown(at, *names, wall=Wall(queue_text="l"))  # both names have an l: the same as all of them
    every = shown(at, *names)
    assert [one.get("value") for one in both] == [one.get("value") for one in every]
    *none, empty = shown(at, *names, wall=Wall(queue_text="xyz"))
    assert "xyz" in empty["nothing"]
    assert [one["value"] for one in none] == ["–", "–", "–", "–"]
    assert all("xyz" in one["why"] for one in none)


def test_every_number_is_told_as_the_page_of_the_live_floor_tells_it(at: Moment) -> None:
    tiles = floor_view.live_tiles(at.live("live_totals").row(0, named=True), as_of=at.now)
    page = {
        "waiting": "waiting_calls",
        "in_progress": "in_progress_calls",
        "service_level": "service_level_today",
        "average_speed_of_answer_seconds": "average_speed_of_answer_seconds",
        "abandonment_ratio": "abandonment_ratio",
        "agents": "agents_by_state",
    }
    told = {page[tile["key"]]: tile["value"] for tile in tiles}
    assert {kind: shown(at, kind)[0]["value"] for kind in told} == told
    cards = [
        floor_view.queue_card(row, as_of=at.now, names_formula=False)
        for row in at.live("live_queues").iter_rows(named=True)
    ]
    [table] = shown(at, "queues")
    assert [(row["cells"][0], row["cells"][1], row["cells"][3]["text"]) for row in table["rows"]] == [
        (card["name"], card["waiting"], card["level"]) for card in cards
    ]


def test_a_picture_of_the_present_runs_as_fast_as_the_floor(
    at: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "speed", lambda: 12.0)
    then = at.back_at(NOW - timedelta(hours=1))
    for moment, wall, speed in (
        (at, Wall(("floor",)), 12),
        (then, Wall(("floor",), at=then.now, speed=5), 5),
    ):
        made = copy_context().run(Screen(wall).make_at, moment)  # a wall has its own language
        assert json.loads(made.text(0))["speed"] == speed


def test_all_queues_together_are_what_the_live_question_says(at: Moment) -> None:
    together, told = queue_sums.together(at.live("live_queues")), at.live("live_totals").row(0, named=True)
    common = together.keys() & told.keys()
    assert {
        "service_level_ratio",
        "service_level_15_minutes_ratio",
        "abandonment_ratio",
        "waiting_calls",
    } <= common
    assert {name: together[name] for name in common} == {name: pytest.approx(told[name]) for name in common}


def test_queues_of_unlike_formulas_have_no_common_service_level(at: Moment) -> None:
    queues = at.live("live_queues").with_columns(
        service_level_formula_name=pl.Series(["strict", "answered"]),
        service_level_target_ratio=pl.Series([0.8, 0.9]),
    )
    row = queue_sums.together(queues)
    assert (row["service_level_ratio"], row["service_level_target_ratio"]) == (None, None)
    snapshot = replace(at.snapshot, answers={**at.snapshot.answers, "live_queues": queues})
    [tile] = shown(replace(at, snapshot=snapshot), "service_level_today", wall=Wall(queue_text="l"))
    assert (tile["value"], tile["word"], tile["target"]) == (
        "–",
        "Formulas differ",
        "targets differ by queue",
    )
    assert (tile.get("n"), "n = " in tile["more"]) == (None, False)  # there is no common one, and it is not 0


def test_agents_stand_by_state_and_those_too_long_in_one_by_name(at: Moment) -> None:
    states, long = shown(at, "agents_by_state", "long_states")
    assert [(one["state"], one["count"]) for one in states["items"]] == [
        ("on_contact", "1"), ("wrap_up", "1"), ("available", "3"), ("paused", "1"),
    ]  # fmt: skip
    assert states["value"] == "6"
    # 901 s on a contact is past 900, 1900 s paused past 1800; 60 s of wrap-up is not past 120; the longest first
    assert [(one["name"], one["word"], one["since_ms"]) for one in long["people"]] == [
        ("ann", "Paused · Lunch", ago(1900)), ("mari", "On contact", ago(901)),
    ]  # fmt: skip
    assert long["more"] == "longer than: wrap-up 2:00, on contact 15:00, paused 30:00"
    [own] = shown(at, Tile("long_states", 4, 3, options={"wrap_up": 59, "on_contact": 901, "paused": 1900}))
    assert [one["name"] for one in own["people"]] == ["juku"]
    [nobody] = shown(
        at, Tile("long_states", 4, 3, options={"wrap_up": 60, "on_contact": 901, "paused": 1900})
    )
    assert (nobody["tone"], nobody["nothing"]) == ("good", "Nobody is in one state for too long.")


def test_what_nobody_has_been_told_yet_of_a_queue_is_unknown_and_not_nought(at: Moment) -> None:
    # a queue that is new since the reader's own answer was asked for
    fresh = at.live("live_queues").with_columns(
        pl.lit(None, pl.Int64).alias(f"{name}_agents") for name in STATE_ORDER
    )
    moment = replace(at, snapshot=replace(at.snapshot, answers={**at.snapshot.answers, "live_queues": fresh}))
    [tile] = shown(moment, "agents_by_state", wall=Wall(queue_text="sal"))
    assert (tile["value"], tile["why"], tile["items"]) == ("–", "Unknown", [])


def test_a_wall_for_a_team_tells_of_its_agents_alone(at: Moment, seen_as: Callable[[str], Moment]) -> None:
    states, long = shown(at, "agents_by_state", "long_states", wall=Wall(team_id=1))
    assert states["value"] == "2"
    assert [one["name"] for one in long["people"]] == ["mari"]
    [unknown] = shown(seen_as("screen"), "agents_by_state", wall=Wall(team_id=1))
    assert (unknown["value"], unknown["why"].split(". ")[0]) == (
        "–", "The states of one team are told to whoever sees its agents",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wall", "part"),
    [
        ("floor", Wall(), ""),
        ("floor", Wall(queue_text="SAL"), "sales"),
        ("floor", Wall(queue_text="nobody"), "nobody (0)"),
        ("queue", Wall(), "All queues"),
        ("queue", Wall(queue_text="sal", team_id=1), "sales · Early"),
        ("floor", Wall(team_id=77), "Team 77"),
    ],
)
def test_the_head_says_of_which_part_of_the_floor_a_wall_is(
    at: Moment, name: str, wall: Wall, part: str
) -> None:
    assert whole(at, replace(board("clock"), name=name), wall)["part"] == part


@pytest.mark.parametrize("kind", ["agents_by_state", "long_states"])
def test_of_a_team_that_is_not_there_nobody_is_said_to_be_well(at: Moment, kind: str) -> None:
    [tile] = shown(at, kind, wall=Wall(team_id=77))
    assert (tile["value"], tile["why"]) == (
        "–", "There is no team 77. Change team= in the wall's address.",
    )  # fmt: skip


def test_a_wall_for_a_part_says_what_on_it_is_of_the_whole_floor(at: Moment) -> None:
    wall = Wall(queue_text="sal")
    for kind in ("long_states", "occupancy", "satisfaction", "day_against_last_week"):
        [part], [every] = shown(at, kind, wall=wall), shown(at, kind)
        is_told = part.get("value") != "–"
        assert ("of all queues" in part.get("more", "")) == is_told, kind
        assert "of all queues" not in every.get("more", "")


@pytest.mark.parametrize("kind", ["agents_by_state", "long_states"])
@pytest.mark.parametrize(
    ("login", "team_id", "is_told"),
    [("sam", 1, True), ("sam", 2, False), ("amy", 1, False), ("eve", 1, False)],
)
def test_of_a_team_whose_agents_somebody_does_not_see_nothing_is_counted(
    seen_as: Callable[[str], Moment], login: str, team_id: int, is_told: bool, kind: str
) -> None:
    [tile] = shown(seen_as(login), kind, wall=Wall(team_id=team_id))
    assert (tile["value"] != "–") == is_told, tile
    assert ("told to whoever sees its agents" in tile.get("why", "")) != is_told


def test_the_line_of_a_past_day_does_not_tell_how_high_it_will_rise(at: Moment) -> None:
    # a day without a forecast, at 9:00: the six that came at 10:00 are still to come
    then = at.back_at(NOW - timedelta(weeks=2, hours=3))
    [line] = shown(then, "forecast_against_actual", wall=Wall(at=then.now))
    assert (line["top_text"], line["expected"]) == ("1 in 15 min", [])
    later = at.back_at(NOW - timedelta(weeks=2, hours=1))
    [line] = shown(later, "forecast_against_actual", wall=Wall(at=later.now))
    assert line["top_text"] == "6 in 15 min"


def test_what_was_asked_of_the_past_never_stands_in_for_the_present(
    at: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at.calm("wall_news", as_of=at.now)
    then = at.back_at(NOW - timedelta(weeks=1))
    before = then.calm("wall_news", as_of=then.now)
    assert not before.equals(now)
    for seconds in range(live.GOOD_ANSWERS):  # nor drives it out, however long it is played
        then.back_at(then.now - timedelta(seconds=seconds))

    def fail(*_args: object) -> pl.DataFrame:
        raise WarehouseError("no answer")

    monkeypatch.setattr(moments, "_calm_answer", fail)
    assert at.calm("wall_news", as_of=at.now).equals(now)


def test_what_came_stands_beside_what_was_expected_by_the_quarter_that_is_over(at: Moment) -> None:
    [line] = shown(at, "forecast_against_actual")
    # the median of 4, 6 and 8 at 10:00; of 2, 2 and 2 at 14:00; the highest of all is 8
    assert (line["count"], line["top_text"]) == (96, "8 in 15 min")
    assert (line["expected"][40], line["expected"][56], line["expected"][41]) == (750, 250, 0)
    assert [side[40] for side in line["band"]] == [500, 1000]
    # until 12:00 18 came, and 6 were expected: 12 more, 18 / 6 - 1
    assert len(line["actual"]) == 48
    assert line["actual"][-2:] == [
        125,
        625,
    ]  # 1 and 5 of 8: 1,500 s ago; 700 s twice, 300 s, 95 s and 5 s ago
    assert (line["value"], line["more"]) == ("+12 (+200%)", "12 more than expected by 12:00")
    assert (line["now_x"], line["labels"][1]) == (0.5, [0.25, "06:00"])


@pytest.mark.parametrize(
    ("day", "count", "labels"),
    [
        ("2026-03-29T12:00+00:00", 92, [0.0, 0.217, 0.478, 0.739]),  # 20, 44 and 68 of 92 quarters
        ("2026-10-25T12:00+00:00", 100, [0.0, 0.28, 0.52, 0.76]),  # 28, 52 and 76 of 100
    ],
)
def test_the_day_of_the_line_is_as_long_as_the_local_day(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch, day: str, count: int, labels: list[float]
) -> None:
    [line] = shown(moment_on(filled, monkeypatch, datetime.fromisoformat(day)), "forecast_against_actual")
    assert (line["count"], [x for x, _ in line["labels"]]) == (count, labels)
    assert [text for _, text in line["labels"]] == ["00:00", "06:00", "12:00", "18:00"]
    assert line["expected"] == []
    assert "comparable day" in line["why"]


def test_an_alert_stands_over_the_board_and_whoever_may_can_say_that_they_saw_it(
    seen_as: Callable[[str], Moment],
) -> None:
    found = {login: whole(seen_as(login), board("clock"))["banner"] for login in ("sam", "screen")}
    [alert] = found["sam"]
    assert (alert["title"], alert["text"]) == ("sales · Too long", "1:35 · Oldest wait above 1:00")
    assert (alert["tone"], alert["word"], alert["since_ms"]) == ("off", "Critical", ago(60))
    assert (alert["rule_id"], alert["scope_id"], alert["firing_number"]) == (1, "2", 3)
    assert [one["may_acknowledge"] for one in (alert, *found["screen"])] == [True, False]
    assert whole(seen_as("sam"), board("clock", audience="agents"))["banner"] == []
    of_queue = {
        text: whole(seen_as("sam"), board("clock"), Wall(queue_text=text))["banner"]
        for text in ("sales", "bill")
    }
    assert [len(alerts) for alerts in of_queue.values()] == [1, 0]  # another queue's is nothing for that wall
    [tile] = shown(seen_as("sam"), "alerts")
    assert [(one["title"], one["word"]) for one in tile["items"]] == [("Too long · sales", "Critical")]


def test_who_has_seen_an_alert_and_what_they_noted_is_told_to_those_who_stand_in_for_a_floor(
    filled: sa.Engine, seen_as: Callable[[str], Moment]
) -> None:
    seen = "update ops.alert_standings set acknowledged_at = :at, acknowledged_by_name = :name, note_text = :note"
    with filled.begin() as connection:
        connection.execute(sa.text(seen), {"at": NOW, "name": "ada", "note": "Kati went home"})
    try:
        told = {login: shown(seen_as(login), "alerts")[0]["items"][0]["text"] for login in ACCOUNTS}
    finally:
        with filled.begin() as connection:
            connection.execute(sa.text(seen), {"at": None, "name": None, "note": ""})
    assert told.pop("sam").endswith("seen by ada · “Kati went home”")
    assert {text.rsplit(" · ", 1)[1] for text in told.values()} == {"Seen"}


def test_a_message_stands_on_every_board_as_long_as_it_lasts(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for audience in boards.AUDIENCES:
        found = whole(moment_on(filled, monkeypatch), board("clock", audience=audience))["message"]
        assert found == {"text": "Fire drill at 12:30", "tone": "near", "since_ms": ago(300)}
    later = moment_on(filled, monkeypatch, NOW + timedelta(minutes=30))
    assert whole(later, board("clock"))["message"] is None


def test_the_past_is_shown_as_it_was_and_nothing_of_the_present_over_it(at: Moment) -> None:
    then = at.back_at(NOW - timedelta(seconds=60))
    found = whole(then, board("oldest_wait_seconds", "sources", "alerts"), Wall(at=then.now, speed=10))
    waits, sources, alerts = found["tiles"]
    assert (found["is_past"], found["speed"], found["now_ms"]) == (True, 10, ago(60))
    assert waits["value"] == "35 s"
    assert (found["banner"], found["celebration"]) == ([], None)
    assert found["message"]["text"] == "Fire drill at 12:30"  # it is for whoever stands there now
    assert found["age"] == {"tone": "none", "shape": "dash", "word": "Replay", "newest_ms": None}
    assert {one["why"] for one in (sources, alerts)} == {
        "This is known of the present only, and you look at the past."
    }


def test_a_display_is_never_told_a_name_and_an_agent_only_their_own(seen_as: Callable[[str], Moment]) -> None:
    known = set(AGENTS)
    for login, own in [
        ("screen", set[str]()),
        ("eve", set[str]()),
        ("amy", {"ann"}),
        ("sam", {"mari", "juku"}),
    ]:
        moment = seen_as(login)
        for one in (*boards.shipped().values(), board(*KINDS)):
            told = json.dumps(whole(moment, one))
            assert {name for name in known if f'"{name}"' in told} <= own, (login, one.name)


def test_a_display_is_told_how_many_are_too_long_in_a_state(seen_as: Callable[[str], Moment]) -> None:
    states, long = shown(seen_as("screen"), "agents_by_state", "long_states")
    assert states["value"] == "6"
    found = {one["state"]: (one["count"], one.get("long", 0)) for one in long["items"]}
    assert (found["on_contact"], found["wrap_up"], found["paused"]) == (("1", 1), ("1", 0), ("1", 1))
    assert (long["value"], long["tone"]) == ("2", "near")


def test_every_kind_of_tile_has_its_answers_on_a_display(seen_as: Callable[[str], Moment]) -> None:
    screen = seen_as("screen")
    for tile in shown(screen, *KINDS):
        assert "database" not in tile.get("why", ""), tile
        assert "fault" not in tile.get("why", ""), tile
    policy = screen.calm("individual_figures")
    assert {"family_name", "is_on", "is_taken_over"} == {
        name for name in policy.columns if policy[name].null_count() < policy.height
    }


def test_too_few_agents_are_said_in_words_and_never_as_nought(seen_as: Callable[[str], Moment]) -> None:
    screen = seen_as("screen")
    few = replace(screen, present_at=NOW).back_at(
        NOW - timedelta(seconds=1000)
    )  # ann, uku and leo are signed in
    states, long = shown(few, "agents_by_state", "long_states", wall=Wall(at=few.now))
    for tile in (states, long):
        assert tile["value"] == "–"
        assert tile["why"] == "Fewer than 5 agents stand behind it: it would tell of single persons."


def test_figures_that_are_switched_off_are_said_to_be(
    server_url: str, template_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine_of_copy(server_url, template_name) as engine:
        tell(engine, {"calls": DRAWN, "agent_states": STATES})
        with warehouse.connected(engine) as connection:
            named = {one: told for one, told in policy.example().items() if one != "live_states"}
            policy.keep(connection, named, noted_at=NOW)
        [long] = shown(moment_on(engine, monkeypatch), "long_states")
        assert long["why"].startswith("Switched off for single agents: State of this moment.")
        assert not any(f'"{name}"' in json.dumps(long) for name in AGENTS)


def test_one_tile_that_cannot_be_drawn_leaves_the_others(at: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(error: Exception) -> Callable[..., pl.DataFrame]:
        def ask(*_args: object, **_given: object) -> pl.DataFrame:
            raise error

        return ask

    said = []
    for error in (
        WarehouseError("no answer"),
        SwitchedOffError(("quality",)),
        ValueError("a fault of the program"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(moments, "_calm_answer", fail(error))
            patch.setattr(moments, "_good", live.LastGood())
            bad, good = shown(at, "forecast_against_actual", "waiting_calls")
        assert good["value"] == "2"
        assert bad["value"] == "–"
        said.append(bad["why"].split(".")[0])
    assert said == [
        "No database is connected", "Switched off for single agents: Quality scores", "This tile could not be drawn",
    ]  # fmt: skip
    strange, good = shown(at, "no_such_tile", "waiting_calls")
    assert (strange["why"].split(".")[0], good["value"]) == ("There is no tile 'no_such_tile'", "2")
    monkeypatch.setattr(moments, "_calm_answer", fail(SessionError("over")))
    with pytest.raises(SessionError):
        shown(at, "forecast_against_actual")


def test_a_site_without_a_call_says_what_to_do(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    at = moment_on(engine, monkeypatch)
    for one in boards.shipped().values():
        found = whole(at, one)
        if one.name != "data":
            [tile] = found["tiles"]
            assert (tile["width"], tile["height"], len(tile["steps"])) == (12, 8, 3)
        assert found["age"]["word"] == "No data yet"
    assert shown(at, "sources")[0]["nothing"].startswith("No source has been read yet")


def test_good_things_are_celebrated_once_and_not_in_quiet_hours_nor_for_supervisors(
    at: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def news(*keys: str) -> None:
        made = tuple(News(key, f"T {key}", "x", NOW, NOW, NOW, "f") for key in keys)
        monkeypatch.setattr(tile_news, "the_news", lambda _scene: made)

    def told(
        standings: Standings, on: Board, turn: OnNow = TURN, moment: Moment = at
    ) -> dict[str, Any] | None:
        found: dict[str, Any] | None = payload.payload(moment, Wall(), on, standings=standings, turn=turn)[
            "celebration"
        ]
        return found

    agents, staff = board("good_news", audience="agents"), board("good_news", audience="supervisors")
    news("a")
    standings = Standings()
    assert told(standings, agents) is None  # it was there before anybody looked
    news("b", "a")
    assert told(standings, staff) is None
    assert told(standings, agents, moment=replace(at, is_past=True)) is None
    assert told(standings, agents) == {"key": "b", "title": "T b", "text": "x", "lasts_ms": 7000}
    later = replace(at, snapshot=replace(at.snapshot, taken_at=NOW + timedelta(seconds=5)))
    assert told(standings, agents, moment=later) == {
        "key": "b",
        "title": "T b",
        "text": "x",
        "lasts_ms": 2000,
    }
    over = replace(at, snapshot=replace(at.snapshot, taken_at=NOW + timedelta(seconds=7)))
    assert told(standings, agents, moment=over) is None
    news("c", "b", "a")
    assert told(standings, agents, QUIET, over) is None
    assert told(standings, agents, TURN, over) is None
    assert told(standings, board("clock", audience="agents"), TURN, over) is None


def test_a_board_is_small_and_cheap_and_asks_nothing_anew_within_its_seconds(
    at: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor, standings = boards.shipped()["floor"], Standings()
    queues = at.live("live_queues")
    eight = pl.concat([queues.with_columns(pl.col("queue_id") + 10 * n) for n in range(4)])
    at = replace(at, snapshot=replace(at.snapshot, answers={**at.snapshot.answers, "live_queues": eight}))
    floor = replace(floor, tiles=(*floor.tiles, Tile("queues", 6, 5)))  # the dearest of all tiles
    asked: list[tuple[object, ...]] = []
    real = Moment.calm

    def calm(self: Moment, name: str, **given: object) -> pl.DataFrame:
        asked.append((name, *sorted(given.items())))
        return real(self, name, **given)

    monkeypatch.setattr(Moment, "calm", calm)
    costs = []
    for tick in range(7):
        moment = replace(at, snapshot=replace(at.snapshot, taken_at=NOW + timedelta(seconds=0.5 * tick)))
        begun = time.process_time()
        found = payload.payload(moment, Wall(), floor, standings=standings, turn=TURN)
        costs.append(time.process_time() - begun)
    assert min(costs) <= 0.015
    sent = json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
    assert len(sent) <= 6000
    assert len(set(asked)) == len(asked) / 7, "a question was asked with other arguments a moment later"


def test_every_kind_of_tile_draws_what_the_browser_needs(at: Moment) -> None:
    for kind in KINDS.values():
        [tile] = shown(at, Tile(kind.name, kind.least_width, kind.least_height))
        assert {"key", "kind", "label", "width", "height", "tone", "shape", "word"} <= tile.keys(), kind.name
        assert tile["kind"] in {"number", "states", "rows", "bars", "line", "list", "clock", "text"}
        assert kind.audiences
        assert set(kind.audiences) <= set(boards.AUDIENCES)
        assert kind.about.endswith(".")
        if tile["kind"] == "number":
            assert tile["target"], kind.name
            assert tile["value"] != "–" or tile["why"], kind.name
    for one in boards.shipped().values():
        boards.check(one, KINDS)
        assert hints(one) == []
