"""The watch over a real warehouse: what is measured, when an alert fires and ends, and who is told, whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from dashboard.goals import alert_queries, alert_saves
from dashboard.goals.alert_saves import AlertError, Rule
from etl.schedule.slots import SlotTaken
from etl.watch import watching
from sql import measures, warehouse
from tests.db.test_records import tell

ROOT = Path(__file__).parents[2]
BEGIN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
RULES = sorted((ROOT / "sql" / "rules").glob("*.sql"))
SHAPE = ["scope_id", "scope_name", "value", "n", "is_known"]


def at(seconds: int) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def call(
    number: int, offered: int, answered: int | None, ended: int | None, *, queue: str = "Sales"
) -> dict[str, Any]:
    """One stay by seconds from the beginning; answered None: abandoned, ended None: still waiting."""
    outcome = "answered" if answered is not None else "abandoned" if ended is not None else "waiting"
    left = answered if answered is not None else ended
    return {
        "queue_name": queue,
        "agent_name": "Aino" if answered is not None else None,
        "call_id": f"c{number}",
        "stay_number": 1,
        "contact_id": f"c{number}",
        "offered_at": at(offered),
        "answered_at": None if answered is None else at(answered),
        "ended_at": None if ended is None else at(ended),
        "wait_seconds": None if left is None else left - offered,
        "talk_seconds": None if answered is None or ended is None else ended - answered,
        "outcome_name": outcome,
        "direction_name": "inbound",
        "channel_name": "call",
    }


def load(engine: sa.Engine, *calls: dict[str, Any]) -> None:
    tell(engine, {"calls": list(calls)}, name="pbx")
    set_site(engine, "UTC")


def set_site(engine: sa.Engine, zone_name: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("update warehouse.sites set time_zone_name = :zone"), {"zone": zone_name})


def be_fresh(engine: sa.Engine, moment: datetime) -> None:
    """The source has told of something at this instant, and was read."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update ops.cursors set newest_event_at = :at, checked_at = :at, stale_after_seconds = 300"
            ),
            {"at": moment},
        )


def measure(engine: sa.Engine, name: str, moment: datetime, **asked: Any) -> list[tuple[Any, ...]]:
    given = {
        "measure_name": name,
        "metric_name": "",
        "scope_kind_name": "everything",
        "scope_key": "",
        "window_start": moment - timedelta(minutes=30),
        **asked,
    }
    with warehouse.connected(engine) as connection:
        return measures.readings(connection, **given, as_of=moment).rows()


def rule(**more: Any) -> Rule:
    """Fires when the oldest wait of a queue has been above 5 minutes for 60 s, ends at 4 minutes."""
    given = Rule(
        rule_name="Somebody waits too long",
        measure_name="oldest_wait_seconds",
        metric_name="",
        scope_kind_name="queue",
        scope_key="",
        window_seconds=1800,
        comparison_name="above",
        threshold_value=300,
        clear_value=240,
        minimum_count=1,
        hold_seconds=60,
        severity_name="critical",
        email_text="floor@example.com",
    )
    return replace(given, **more)


def make(engine: sa.Engine, one: Rule) -> int:
    with warehouse.connected(engine) as connection:
        return alert_saves.make_rule(connection, rule=one, viewer_name="mari", at=BEGIN)


def look(engine: sa.Engine, moment: datetime, *, process_name: str = "etl a") -> watching.Watched:
    """One round of the watch at an instant; its slot is free, as 30 s have passed on the server's clock too."""
    with engine.begin() as connection:
        connection.execute(sa.text("delete from ops.slots"))
    return watching.watch(engine, time_zone_name="UTC", now=lambda: moment, process_name=process_name)


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def changes(engine: sa.Engine) -> list[str]:
    return [
        row[0]
        for row in ask(
            engine, "select change_name from ops.alert_events where viewer_name is null order by event_id"
        )
    ]


# --- the files of sql/rules ---


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_every_rule_file_gives_the_one_shape(engine: sa.Engine, path: Path) -> None:
    load(engine, call(1, 0, 10, 100))
    one = measures.measure(path.stem)
    metric_name = (one.metric_names or ("average_speed_of_answer_seconds",))[0] if one.has_metric else ""
    with warehouse.connected(engine) as connection:
        found = measures.readings(
            connection,
            measure_name=path.stem,
            metric_name=metric_name,
            scope_kind_name="everything",
            scope_key="",
            window_start=BEGIN,
            as_of=at(600),
        )
    assert found.columns == SHAPE
    assert found.height == 1
    assert path.read_text().splitlines()[1].startswith("-- Grain: one row per s")


def test_every_measure_has_its_file_and_every_file_its_measure() -> None:
    assert {path.stem for path in RULES} == {one.name for one in measures.MEASURES}


# --- worked days ---

DAY = [
    #    offered answered ended   waits of the answered: 10 + 20 + 40 + 90 = 160 s over 4 -> ASA 40 s
    call(1, 0, 10, 100),
    call(2, 60, 80, 180),
    call(3, 120, 160, 300),
    call(4, 200, 290, 500),
    call(5, 300, None, 303),  # a short abandon: 3 s
    call(6, 320, None, 380),  # abandoned after 60 s
]


def test_a_metric_of_the_last_half_hour_is_that_of_the_decided_calls(engine: sa.Engine) -> None:
    load(engine, *DAY)
    be_fresh(engine, at(600))
    asa = measure(engine, "metric", at(600), metric_name="average_speed_of_answer_seconds")
    assert asa == [("", "", (10 + 20 + 40 + 90) / 4, 4, True)]
    abandoned = measure(engine, "metric", at(600), metric_name="abandonment_ratio")
    assert abandoned == [("", "", (2 - 1) / (6 - 1), 6 - 1, True)]
    # In time, up to 20 s: 2 of the 6 - 1 that count; the target is 80 %.
    level = measure(engine, "metric", at(600), metric_name="service_level_ratio")
    assert level == [("", "", 2 / 5, 5, True)]
    gap = measure(engine, "target_gap", at(600), metric_name="service_level_ratio")
    assert gap == [("", "", pytest.approx(2 / 5 - 0.8), 5, True)]


def test_who_waits_past_the_threshold_counts_at_once(engine: sa.Engine) -> None:
    load(engine, call(1, 0, 10, 100), call(2, 60, None, None))
    be_fresh(engine, at(100))
    ask_level = {"metric_name": "service_level_ratio"}
    assert measure(engine, "metric", at(80), **ask_level) == [
        ("", "", 1 / 1, 1, True)
    ]  # 20 s: may still be in time
    assert measure(engine, "metric", at(81), **ask_level) == [("", "", 1 / 2, 2, True)]


def test_a_metric_of_nothing_is_unknown_and_never_nought(engine: sa.Engine) -> None:
    load(engine, *DAY)
    be_fresh(engine, at(7200))
    found = measure(engine, "metric", at(7200), metric_name="average_speed_of_answer_seconds")
    assert found == [("", "", None, 0, True)]


def test_live_figures_tell_of_the_instant(engine: sa.Engine) -> None:
    load(engine, call(1, 0, 100, 400), call(2, 30, None, None), call(3, 90, None, 200))
    be_fresh(engine, at(150))
    by_queue = {"scope_kind_name": "queue"}
    [(scope_id, name, value, n, is_known)] = measure(engine, "waiting_calls", at(150), **by_queue)
    assert (name, value, n, is_known) == ("Sales", 2, 2, True)  # call 1 is answered, 2 and 3 wait
    assert int(scope_id) > 0
    assert measure(engine, "oldest_wait_seconds", at(150))[0][2:4] == (150 - 30, 2)
    assert measure(engine, "oldest_wait_seconds", at(20))[0][2:4] == (20 - 0, 1)
    assert measure(engine, "data_age_seconds", at(190), scope_kind_name="source") == [
        ("pbx", "pbx", 40, 1, True)
    ]
    overdue = {"scope_kind_name": "source"}  # its limit is 300 s
    assert measure(engine, "data_overdue_seconds", at(190), **overdue) == [("pbx", "pbx", 40 - 300, 1, True)]
    assert measure(engine, "data_overdue_seconds", at(460), **overdue) == [("pbx", "pbx", 310 - 300, 1, True)]


def test_a_change_is_told_against_the_same_weekday_of_four_weeks(engine: sa.Engine) -> None:
    """Now: 2 answered after 30 s each. Four weeks before together: waits 10 and 20 s -> 15 s. 30 / 15 - 1 = 1.0."""
    week = 7 * 86_400
    load(
        engine,
        call(1, 0, 30, 60),
        call(2, 10, 40, 60),
        call(3, -week, -week + 10, -week + 60),
        call(4, -3 * week, -3 * week + 20, -3 * week + 60),
        call(5, -5 * week, -5 * week + 600, -5 * week + 700),  # too long ago
        call(6, -week - 86_400, -week - 86_000, -week - 85_000),  # another weekday
    )
    be_fresh(engine, at(600))
    asked = {"metric_name": "average_speed_of_answer_seconds"}
    assert measure(engine, "change_against_weeks", at(600), **asked) == [
        ("", "", pytest.approx(1.0), 2, True)
    ]
    [(_, _, value, n, is_known)] = measure(engine, "change_against_weeks", at(600 + 86_400), **asked)
    assert (value, n, is_known) == (None, 0, False)  # no such weekday before


def test_the_weeks_before_keep_to_the_local_clock_over_the_clock_change(engine: sa.Engine) -> None:
    """Tallinn goes to summer time on 29 March 2026: 9:00 is 7:00 UTC before and 6:00 UTC after."""
    load(engine, call(1, 0, 10, 100))
    set_site(engine, "Europe/Tallinn")
    with engine.connect() as connection:
        shifted = connection.execute(
            sa.text(
                "select ops.local_shift('2026-04-01 06:00+00', -7), ops.local_shift('2026-10-28 07:00+00', -7)"
            )
        ).one()
    assert tuple(shifted) == (
        datetime(2026, 3, 25, 7, tzinfo=UTC),
        datetime(2026, 10, 21, 6, tzinfo=UTC),  # back from winter time
    )


def test_a_slope_is_told_per_hour(engine: sa.Engine) -> None:
    """Six parts of 5 minutes with ASA 10, 20, ..., 60 s: 10 s more every 5 minutes, so 120 s per hour."""
    waits = [10, 20, 30, 40, 50, 60]
    load(
        engine,
        *(call(k, k * 300 + 60, k * 300 + 60 + wait, k * 300 + 200) for k, wait in enumerate(waits)),
    )
    be_fresh(engine, at(1800))
    asked = {"metric_name": "average_speed_of_answer_seconds"}
    [(_, _, value, n, is_known)] = measure(engine, "slope", at(1800), **asked)
    assert (value, n, is_known) == (pytest.approx(10 * 12), 6, True)
    assert measure(engine, "slope", at(900), **asked)[0][2:] == (pytest.approx(120), 3, True)
    assert measure(engine, "slope", at(600), **asked)[0][4] is False  # two parts are no line


def test_occupancy_counts_states_while_they_last_and_over_midnight(engine: sa.Engine) -> None:
    """A shift over midnight: available 23:30-23:45, on contact from 23:45 and still at 0:30: 45 / (45 + 15) minutes."""
    midnight = datetime(2026, 3, 12, tzinfo=UTC)

    def state(name: str, start: int, end: int | None) -> dict[str, Any]:
        return {
            "agent_name": "Aino",
            "state_name": name,
            "started_at": midnight + timedelta(minutes=start),
            "ended_at": None if end is None else midnight + timedelta(minutes=end),
        }

    tell(engine, {"agent_states": [state("available", -30, -15), state("on_contact", -15, None)]}, name="pbx")
    moment = midnight + timedelta(minutes=30)
    be_fresh(engine, moment)
    asked = {"metric_name": "occupancy_ratio", "window_start": moment - timedelta(hours=1)}
    assert measure(engine, "metric", moment, **asked) == [("", "", pytest.approx(45 / 60), 3600, True)]


@pytest.mark.parametrize(
    ("is_answered", "metric_name", "value"),
    [
        (True, "average_speed_of_answer_seconds", 1000.0),
        (True, "abandonment_ratio", 0 / 15),
        (False, "abandonment_ratio", 15 / 15),
        (True, "service_level_ratio", 0 / 15),  # decided at T + 1 s, as on the live tiles
    ],
)
def test_a_wait_longer_than_the_window_counts_when_it_ends(
    engine: sa.Engine, is_answered: bool, metric_name: str, value: float
) -> None:
    """One a minute, each waits 1,000 s. In (2,700 s, 3,600 s] those end offered at 1,740, 1,800, ..., 2,580 s: 15."""
    load(
        engine,
        *(
            call(n, n * 60, n * 60 + 1000 if is_answered else None, n * 60 + (1100 if is_answered else 1000))
            for n in range(60)
        ),
    )
    be_fresh(engine, at(3600))
    asked = {"metric_name": metric_name, "window_start": at(3600 - 900)}
    assert measure(engine, "metric", at(3600), **asked) == [("", "", value, 15, True)]


def in_teams(engine: sa.Engine, changed_date: date) -> dict[str, Any]:
    """Everybody is in Old (1) until the day before, in New (2) from that day on."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("insert into warehouse.teams (team_id, team_name) values (1, 'Old'), (2, 'New')")
        )
        connection.execute(
            sa.text(
                "insert into warehouse.team_members (agent_id, team_id, started_date, ended_date) "
                "select agent_id, 1, date '2026-01-01', :day from warehouse.agents "
                "union all select agent_id, 2, :day, null from warehouse.agents"
            ),
            {"day": changed_date},
        )
    return {"scope_kind_name": "team"}


def test_a_team_has_all_that_it_handled_in_a_window_that_is_no_whole_quarter_of_an_hour(
    engine: sa.Engine,
) -> None:
    """Answered at 9:03, ..., 9:08, 60 s each; (9:02, 9:12] has all 6, (9:05, 9:12] those that ended from 9:06 on: 4."""
    load(engine, *(call(n, (3 + n) * 60 - 10, (3 + n) * 60, (4 + n) * 60) for n in range(6)))
    of_teams = in_teams(engine, date(2026, 3, 11))
    be_fresh(engine, at(720))
    for start, n in ((120, 6), (300, 4)):
        asked = {"metric_name": "average_handle_time_seconds", "window_start": at(start)}
        assert measure(engine, "metric", at(720), **asked) == [("", "", 60, n, True)]
        [new] = [row for row in measure(engine, "metric", at(720), **asked, **of_teams) if row[0] == "2"]
        assert new == ("2", "New", 60, n, True)


def test_what_a_team_handled_over_midnight_is_of_the_team_of_the_answer(engine: sa.Engine) -> None:
    """Answered at 23:50 for 900 s (Old) and at 0:10 for 300 s (New); both ended in (0:00, 0:20]."""
    midnight = 15 * 3600  # from 9:00
    load(
        engine,
        call(1, midnight - 610, midnight - 600, midnight + 300),
        call(2, midnight + 590, midnight + 600, midnight + 900),
    )
    of_teams = in_teams(engine, date(2026, 3, 12))
    moment = at(midnight + 1200)
    be_fresh(engine, moment)
    asked = {"metric_name": "average_handle_time_seconds", "window_start": at(midnight)}
    found = measure(engine, "metric", moment, **asked, **of_teams)
    assert found == [("2", "New", 300, 1, True), ("1", "Old", 900, 1, True)]


def test_a_state_over_midnight_is_told_of_each_team_for_its_own_day(engine: sa.Engine) -> None:
    """Available 23:30-23:45, on contact from 23:45 on. Until 0:30: Old 15 of 30 minutes, New 30 of 30."""
    midnight = datetime(2026, 3, 12, tzinfo=UTC)
    drawn = [("available", -30, -15), ("on_contact", -15, None)]
    rows = [
        {
            "agent_name": "Aino",
            "state_name": name,
            "started_at": midnight + timedelta(minutes=start),
            "ended_at": None if end is None else midnight + timedelta(minutes=end),
        }
        for name, start, end in drawn
    ]
    tell(engine, {"agent_states": rows}, name="pbx")
    set_site(engine, "UTC")
    of_teams = in_teams(engine, midnight.date())
    moment = midnight + timedelta(minutes=30)
    be_fresh(engine, moment)
    asked = {"metric_name": "occupancy_ratio", "window_start": moment - timedelta(hours=1)}
    assert measure(engine, "metric", moment, **asked, **of_teams) == [
        ("2", "New", 30 / 30, 1800, True),
        ("1", "Old", 15 / 30, 1800, True),
    ]


def test_a_slope_counts_a_ticket_of_the_backlog_once(engine: sa.Engine) -> None:
    """Two tickets that stay open are in each of the six parts: n is 2, and they grow older by 3,600 s per hour."""
    made = {"event_number": 0, "event_name": "created", "occurred_at": at(0)}
    tell(
        engine,
        {
            "tickets": [{"ticket_id": key, "created_at": at(0)} for key in "ab"],
            "ticket_events": [{"ticket_id": key, **made} for key in "ab"],
        },
        name="desk",
    )
    asked = {"metric_name": "average_backlog_age_seconds", "window_start": at(3600)}
    [(_, _, value, n, _)] = measure(engine, "slope", at(7200), **asked)
    assert (value, n) == (pytest.approx(3600), 2)


# --- from measurement to alert ---


def test_an_alert_fires_is_acknowledged_and_ends_with_its_log_and_words(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None), call(2, 5, 15, 700))
    rule_id = make(engine, rule())
    for second in (270, 300, 330, 360, 390):  # 301 s are passed at 330; 60 s seen at 390
        be_fresh(engine, at(second))
        look(engine, at(second))
    assert changes(engine) == ["pending", "fired"]
    [(scope_id, state, value)] = ask(
        engine, "select scope_id, state_name, measured_value from ops.alert_standings"
    )
    assert (state, value) == ("firing", 390)
    assert ask(engine, "select way_name, target_text, due_at from ops.alert_deliveries") == [
        ("email", "floor@example.com", at(390))
    ]
    with warehouse.connected(engine) as connection:
        alert_saves.acknowledge(
            connection, rule_id=rule_id, scope_id=scope_id, firing_number=1, note_text="Two more come at ten",
            viewer_name="mari", at=at(400),
        )  # fmt: skip
        [shown] = alert_queries.firing_alerts(connection, as_of=at(400)).to_dicts()
    assert (shown["state_name"], shown["acknowledged_by_name"], shown["note_text"]) == (
        "acknowledged", "mari", "Two more come at ten",
    )  # fmt: skip
    tell(engine, {"calls": [call(1, 0, 410, 500) | {"version_number": 2}]}, name="pbx")
    for second in (420, 450, 480):
        be_fresh(engine, at(second))
        look(engine, at(second))
    assert changes(engine) == ["pending", "fired", "clearing", "ended"]
    assert ask(engine, "select count(*) from ops.alert_deliveries") == [(2,)]
    assert ask(engine, "select state_name, acknowledged_by_name from ops.alert_standings") == [
        ("quiet", None)
    ]


def test_what_is_over_cannot_be_acknowledged(engine: sa.Engine) -> None:
    load(engine, call(1, 0, 10, 100))
    rule_id = make(engine, rule())
    with warehouse.connected(engine) as connection, pytest.raises(AlertError, match="over by now"):
        alert_saves.acknowledge(
            connection,
            rule_id=rule_id,
            scope_id="1",
            firing_number=1,
            note_text="",
            viewer_name="mari",
            at=BEGIN,
        )


def test_a_silent_source_neither_fires_nor_ends_an_alert(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None))
    make(engine, rule(hold_seconds=0))
    be_fresh(engine, at(0))
    look(engine, at(400))  # the newest event is 400 s old, the source's limit is 300 s
    assert changes(engine) == []
    assert ask(engine, "select state_name, is_known from ops.alert_standings") == [("quiet", False)]
    be_fresh(engine, at(430))
    look(engine, at(430))
    assert changes(engine) == ["fired"]
    tell(engine, {"calls": [call(1, 0, 435, 500) | {"version_number": 2}]}, name="pbx")
    be_fresh(engine, at(430))
    look(engine, at(900))
    assert changes(engine) == ["fired", "no data"]
    assert ask(engine, "select state_name from ops.alert_standings") == [("firing",)]


def test_below_its_minimum_volume_a_rule_stays_quiet(engine: sa.Engine) -> None:
    load(engine, *DAY)
    be_fresh(engine, at(600))
    level = rule(
        measure_name="metric", metric_name="service_level_ratio", comparison_name="below", threshold_value=0.8,
        clear_value=0.85, hold_seconds=0,
    )  # fmt: skip
    make(engine, replace(level, minimum_count=6))
    assert look(engine, at(600)).changes == 0  # n = 5
    make(engine, replace(level, minimum_count=5))
    assert look(engine, at(600)).changes == 1


def test_two_loaders_watch_one_interval_once(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None))
    make(engine, rule(hold_seconds=0))
    be_fresh(engine, at(400))
    look(engine, at(400), process_name="etl a")

    def twice() -> None:  # at most one border of an interval lies between two tries
        for _ in range(2):
            watching.watch(engine, time_zone_name="UTC", now=lambda: at(400), process_name="etl b")

    with pytest.raises(SlotTaken):
        twice()
    assert changes(engine) == ["fired"]


def test_a_rule_that_cannot_be_measured_says_why_and_holds_up_no_other(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None))
    be_fresh(engine, at(400))
    broken = make(engine, rule(hold_seconds=0))
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "update ops.alert_rules set measure_name = 'metric', metric_name = 'gone' where rule_id = :id"
            ),
            {"id": broken},
        )
    make(engine, rule(hold_seconds=0))
    done = look(engine, at(400))
    assert (done.rules, done.failed_rules, done.changes) == (1, 1, 1)
    [(error_text,)] = ask(engine, "select error_text from ops.alert_rules where measure_name = 'metric'")
    assert "There is no metric 'gone'" in error_text


def test_a_muted_rule_tells_nobody(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None))
    be_fresh(engine, at(400))
    make(engine, rule(hold_seconds=0))
    with warehouse.connected(engine) as connection:
        [row] = alert_queries.alert_rules(connection, as_of=at(0)).to_dicts()
        alert_saves.switch_rule(
            connection, row=row, change_name="muted", until_at=at(3600), viewer_name="mari", at=at(0)
        )
    look(engine, at(400))
    assert changes(engine) == ["fired"]
    assert ask(engine, "select count(*) from ops.alert_deliveries") == [(0,)]


def test_a_broken_round_leaves_nothing_behind(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event, the words and the standing are one transaction: a loader that dies in between has told nobody."""
    load(engine, call(1, 0, None, None))
    be_fresh(engine, at(400))
    make(engine, rule(hold_seconds=0))

    def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(watching, "_goals", die)
    with pytest.raises(KeyboardInterrupt):
        look(engine, at(400))
    assert changes(engine) == []
    assert ask(engine, "select count(*) from ops.alert_standings") == [(0,)]
    assert ask(engine, "select count(*) from ops.alert_deliveries") == [(0,)]


@pytest.mark.parametrize(
    ("local", "hours", "expected"),
    [
        ("2026-03-11 23:00", (22, 7), "2026-03-12 07:00+02:00"),
        ("2026-03-12 06:59", (22, 7), "2026-03-12 07:00+02:00"),
        ("2026-03-12 07:00", (22, 7), "2026-03-12 07:00+02:00"),
        ("2026-03-11 12:30", (12, 14), "2026-03-11 14:00+02:00"),
        ("2026-03-11 14:00", (12, 14), "2026-03-11 14:00+02:00"),
        ("2026-03-28 23:00", (22, 7), "2026-03-29 07:00+03:00"),  # the night of 23 hours
        ("2026-10-24 23:00", (22, 7), "2026-10-25 07:00+02:00"),  # the night of 25 hours
    ],
)
def test_quiet_hours_are_those_of_the_site(local: str, hours: tuple[int, int], expected: str) -> None:
    zone = ZoneInfo("Europe/Tallinn")
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    found = watching.end_of_quiet(moment, hours[0] * 3600, hours[1] * 3600, zone)
    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"clear_value": 301}, "lower where it ends"),
        ({"comparison_name": "below", "clear_value": 200}, "raise where it ends"),
        ({"rule_name": "  "}, "no name"),
        ({"scope_kind_name": "team"}, "everything, queue, group only"),
        ({"email_text": "floor.example.com"}, "no e-mail address"),
        ({"webhook_text": "ftp://example.com/x"}, "no address of the form"),
        ({"measure_name": "metric", "metric_name": "gone"}, "There is no metric"),
        ({"measure_name": "target_gap", "metric_name": "abandonment_ratio"}, "service_level_ratio only"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(change: dict[str, Any], word: str) -> None:
    assert alert_saves.faults(rule()) == []
    assert word in " ".join(alert_saves.faults(rule(**change)))


def test_every_question_about_alerts_has_the_types_of_its_columns(engine: sa.Engine) -> None:
    with warehouse.connected(engine) as connection:
        empty = {one.__name__: one(connection, as_of=at(900)) for one in alert_queries.QUESTIONS}
    load(engine, call(1, 0, None, None))
    make(engine, rule(hold_seconds=0))
    be_fresh(engine, at(400))
    look(engine, at(400))
    with engine.begin() as connection:
        connection.execute(
            sa.text("insert into ops.alert_ways values ('email', '2026-03-11', true, 'a@example.com')")
        )
    with warehouse.connected(engine) as connection:
        full = {one.__name__: one(connection, as_of=at(900)) for one in alert_queries.QUESTIONS}
    assert {name: frame.schema for name, frame in full.items()} == {
        name: frame.schema for name, frame in empty.items()
    }
    assert [name for name, frame in full.items() if frame.is_empty()] == []


def test_a_changed_rule_begins_anew_and_a_removed_one_fires_no_more(engine: sa.Engine) -> None:
    load(engine, call(1, 0, None, None))
    rule_id = make(engine, rule(hold_seconds=0))
    be_fresh(engine, at(400))
    look(engine, at(400))
    with warehouse.connected(engine) as connection:
        alert_saves.amend_rule(
            connection,
            rule_id=rule_id,
            version_number=1,
            rule=rule(threshold_value=600),
            viewer_name="mari",
            at=at(401),
        )
        assert alert_queries.firing_alerts(connection, as_of=at(402)).is_empty()
        with pytest.raises(AlertError, match="changed this rule meanwhile"):
            alert_saves.amend_rule(
                connection, rule_id=rule_id, version_number=1, rule=rule(), viewer_name="jaan", at=at(402)
            )
        [row] = alert_queries.alert_rules(connection, as_of=at(403)).to_dicts()
        alert_saves.switch_rule(
            connection, row=row, change_name="removed", until_at=None, viewer_name="mari", at=at(404)
        )
    assert look(engine, at(430)).rules == 0
    told = [row[0] for row in ask(engine, "select change_name from ops.alert_events order by event_id")]
    assert told == ["made", "fired", "amended", "removed"]
