"""Contracts over every statement and table: a question's types do not depend on its data, every key can be distributed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.loading import loader_requests
from dashboard.reports import report_requests
from dashboard.reports.report_figures import Asked
from etl.backfill import backfill
from etl.on_request import source_notes
from etl.sources import SourceSettings
from sql import warehouse
from tests.conftest import made_database, url_of
from tests.db.test_load import now, run
from tests.db.test_records import tell

ROOT = Path(__file__).parents[2]
T0 = 1_795_309_870
STATEMENTS = sorted(
    path for folder in ("merge", "rollups", "queries") for path in (ROOT / "sql" / folder).glob("*.sql")
)
TICKET_WINDOW = {
    "window_start": datetime(2026, 11, 22, tzinfo=UTC),
    "window_end": datetime(2026, 11, 23, tzinfo=UTC),
    "as_of": datetime(2026, 11, 22, 12, tzinfo=UTC),
}
CALL_WINDOW = {name: TICKET_WINDOW[name] for name in ("window_start", "window_end")}
SLOTTED = (
    "queue_intervals",
    "queue_days",
    "queue_hours",
    "wait_times",
    "balance_intervals",
    "balance_days",
)  # their rows are there without a contact
LOAD_WINDOW = {"window_start": now() - timedelta(days=1), "window_end": now() + timedelta(days=1)}
QUALITY = (
    "quality_totals",
    "quality_groups",
    "quality_weeks",
    "quality_questions",
    "quality_reviews",
    "calibration_answers",
)
PEOPLE = (
    *("agent_totals", "team_totals", "agent_schedules", "team_schedules", "agent_pauses", "agent_service"),
    *("agent_routing", "agent_strain", "agent_lanes"),
)
BEHIND = {  # what stands behind a number, and how much of it
    "call_rows": {**CALL_WINDOW, "of_name": "offered_calls"},
    "agent_call_rows": {**CALL_WINDOW, "of_name": "handled_calls"},
    "state_rows": {**CALL_WINDOW, "of_name": "signed_in_seconds"},
    "ticket_rows": {**TICKET_WINDOW, "of_name": "created_tickets"},
    "survey_rows": {**TICKET_WINDOW, "of_name": "askable_contacts"},
    "review_rows": {**CALL_WINDOW, "of_name": "review_count"},
    "live_rows": {"as_of": TICKET_WINDOW["as_of"], "of_name": "offered_calls"},
    "contact_search": CALL_WINDOW,
    "shift_rows": {**TICKET_WINDOW, "of_name": "scheduled_seconds"},
    "pause_rows": {**TICKET_WINDOW, "of_name": "pause_count"},
    "strain_rows": {**TICKET_WINDOW, "of_name": "strained_seconds"},
    "given_rows": {**TICKET_WINDOW, "of_name": "idle_calls"},
    "ring_rows": {**TICKET_WINDOW, "of_name": "ring_count"},
    "live_agent_rows": {"as_of": TICKET_WINDOW["as_of"], "of_name": "signed_in_agents"},
    "interval_rows": {**CALL_WINDOW, "of_name": "judged_intervals"},
    "forecast_rows": {
        "first_date": date(2026, 11, 22),
        "last_date": date(2026, 11, 22),
        "as_of": TICKET_WINDOW["as_of"],
        "of_name": "forecast_calls",
    },
}
ROWS: dict[str, dict[str, Any]] = {
    **BEHIND,
    **{f"{name}_count": given for name, given in BEHIND.items()},
    **{
        name: {"contact_id": "c1"}
        for name in ("contact_sources", "contact_remarks", "contact_runs", "contact_recordings")
    },
}
WINDOW_ALONE = {name: TICKET_WINDOW[name] for name in ("window_start", "window_end")}


def alike(names: tuple[str, ...], given: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Questions that are asked for the same."""
    return {name: dict(given) for name in names}


PARAMETERS: dict[str, dict[str, Any]] = {
    **ROWS,
    "queue_totals": {
        "window_start": datetime(2026, 11, 22, tzinfo=UTC),
        "window_end": datetime(2026, 11, 22, 3, 0, 1, tzinfo=UTC),
    },
    **alike(("queue_together", "queue_targets", *SLOTTED), CALL_WINDOW),
    "queue_forecast": {"day_date": date(2026, 11, 22)},
    "queue_forecast_totals": {
        "first_date": date(2026, 11, 22),
        "last_date": date(2026, 11, 22),
        "as_of": TICKET_WINDOW["as_of"],
    },
    "interval_causes": {"interval_start": datetime.fromtimestamp(T0, UTC), "as_of": TICKET_WINDOW["as_of"]},
    "balance_rows": {**CALL_WINDOW, "side_name": "left"},
    "balance_sources": LOAD_WINDOW,
    "refused_rows": {**LOAD_WINDOW, "source_name": "pbx"},
    "queue_settings": {},
    **alike(("recorded_calls", "recorded_calls_count"), CALL_WINDOW),
    "recording_rules": {},
    "retention": {},
    **{key: {} for key in ("individual_figures", "data_tables", "consent_counts")},
    **{key: {"agent_id": 1} for key in ("own_data", "consents")},
    **alike(("audit_lines", "audit_of_agent"), LOAD_WINDOW),
    "audit_people": {},
    "consented_agents": {"board_name": "wall"},
    "call_names": {},
    "saved_views": {"viewer_name": "mari", "page_name": "queues"},
    "contact_journey": {"contact_id": "c1"},
    "customer_contacts": {"customer_key": "nobody"},
    "ticket_changes": {"source_name": "helpdesk", "ticket_id": "1"},
    **{
        name: {"agent_id": 1, **given}
        for name, given in {
            "game_standing": {"as_of": TICKET_WINDOW["as_of"]},
            "game_today": {},
            **alike(("game_takeable", "game_credentials"), {}),
            **alike(
                ("game_entries", "game_trend"),
                {"first_date": date(2026, 11, 21), "last_date": date(2026, 11, 22)},
            ),
            "game_evidence": {"entry_id": 1},
            "game_evidence_days": {
                "entry_id": 1,
                "place_number": 1,
                "start_date": date(2026, 11, 21),
                "above_text": "handled_calls",
                "below_text": "",
                "is_by_month": False,
            },
            **alike(("game_moments", "game_disputes"), {"since_at": TICKET_WINDOW["window_start"]}),
            "game_holds": {"first_date": date(2026, 11, 21)},
            **alike(("game_badges", "game_stands"), {"day_date": date(2026, 11, 22)}),
        }.items()
    },
    "game_badge_shares": {},
    "game_kudos": CALL_WINDOW,
    "game_coins": {"agent_id": 1},
    "game_contest_board": {"contest_id": 1},
    "game_contest_moves": {"contest_id": 1},
    **alike(
        ("game_colleagues", "game_contest_tiers", "game_points_rules", "game_store_orders", "game_months"), {}
    ),
    **alike(
        ("game_social_settings", "game_contests", "game_store_items", "game_store_budgets"),
        {"as_of": TICKET_WINDOW["as_of"]},
    ),
    **alike(
        ("game_month_proposals", "game_month_days", "game_month_evidence"), {"month_date": date(2026, 11, 1)}
    ),
    **alike(
        ("game_board", "game_board_steps"),
        {
            "board_name": "everyone",
            "first_date": date(2026, 11, 16),
            "last_date": date(2026, 11, 22),
            "season_name": "",
        },
    ),
    **alike(
        ("game_teams", "game_improved"), {"first_date": date(2026, 11, 16), "last_date": date(2026, 11, 22)}
    ),
    "game_board_periods": {"as_of": TICKET_WINDOW["as_of"]},
    "game_board_settings": {},
    "game_holds_open": {"first_date": date(2026, 11, 21)},
    **alike(("game_disputes_open", "game_rescores"), {"since_at": TICKET_WINDOW["window_start"]}),
    "game_rules": {"first_date": date(2026, 10, 26), "day_date": date(2026, 11, 22)},
    "game_rule_versions": {"rule_name": "points-first-time"},
    "game_rule_given": {
        "rule_name": "points-first-time",
        **{"first_date": date(2026, 10, 26), "last_date": date(2026, 11, 22)},
    },
    "game_seasons": {},
    "game_day_closes": {"first_date": date(2026, 10, 26), "last_date": date(2026, 11, 22)},
    "game_effect_days": {
        **{"rule_name": "points-first-time", "version_number": 1, "last_date": date(2026, 11, 22)},
    },
    "game_contest_effect_days": {
        **{"contest_id": 1, "start_date": date(2026, 11, 2), "last_date": date(2026, 11, 22)},
        "measure_text": "resolved_first_contacts/flagged_contacts",
    },
    "queues": {},
    "sites": {},
    "known_since": {},
    "wall_boards": {},
    "wall_playlists": {},
    **alike(("ticket_totals", "ticket_groups", "ticket_times", "ticket_targets"), TICKET_WINDOW),
    **alike(PEOPLE, TICKET_WINDOW),
    "agent_shifts": {name: TICKET_WINDOW[name] for name in ("window_start", "window_end")},
    "agent_calls": {"agent_id": 1, **TICKET_WINDOW},
    "ticket_days": {
        "first_date": date(2026, 11, 21),
        "last_date": date(2026, 11, 22),
        "as_of": TICKET_WINDOW["as_of"],
    },
    "agent_day": {"agent_id": 1, "day_date": date(2026, 11, 22), "as_of": TICKET_WINDOW["as_of"]},
    **alike(("voice_overview", "voice_totals", "voice_groups", "voice_days", "voice_scores"), TICKET_WINDOW),
    "voice_contacts": {**TICKET_WINDOW, "of_name": "askable_contacts"},
    **alike((*QUALITY, "team_days", "team_work"), CALL_WINDOW),
    "review_forms": {},
    "review_states": {"review_id": 1},
    "review_sample": {"week_date": date(2026, 11, 16)},
    "sample_candidates": {**TICKET_WINDOW, "week_date": date(2026, 11, 16)},
    "coaching_notes": {"today_date": date(2026, 11, 22)},
    "upload": {"upload_id": 1},
    "report_content": {"report_id": 1},
    "measured_scopes": {},
    "goal_baseline": {
        **CALL_WINDOW,
        "metric_name": "average_speed_of_answer_seconds",
        "scope_kind_name": "queue",
        "scope_key": "",
    },
    "report_schedules": {},
    "runs_of_day": {"as_of": now().replace(hour=23, minute=59, second=59)},
    **alike(("callback_requests", "callbacks"), TICKET_WINDOW),
    **alike(
        ("channels", "self_service_flows", "self_service_rows", "transfers", "campaigns", "attempt_rows"),
        WINDOW_ALONE,
    ),
}
AS_OF = {"as_of": datetime.fromtimestamp(T0 + 100, UTC)}
GAME_WALL = ("wall_game_moments", "wall_game_kudos")
WALL = (
    "wall_teams",
    "wall_top",
    "wall_satisfaction",
    "wall_against",
    "wall_news",
    "live_long_states",
    *GAME_WALL,
)
PARAMETERS |= alike(WALL, AS_OF)
LOG = (
    "{0}|NONE|NONE|NONE|QUEUESTART|\n{0}|MANAGER|sales|A|ADDMEMBER|\n{1}|c1|sales|NONE|ENTERQUEUE||1234|1\n"
    "{2}|c1|sales|A|CONNECT|4|x|2\n{3}|c1|sales|A|COMPLETEAGENT|4|30|1\n{3}|x|y|z|NEWVERB|1\nbroken\n"
)


@pytest.fixture(scope="module")
def bare(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A warehouse in which there is nothing."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def loaded(shared_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> sa.Engine:
    path = tmp_path_factory.mktemp("log") / "queue_log"
    path.write_text(LOG.format(T0, T0 + 1, T0 + 5, T0 + 35))
    run(shared_engine, path)
    return shared_engine


@pytest.fixture(scope="module")
def peopled(
    server_url: str, template_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Engine]:
    """A warehouse with a call, tickets, people and wishes."""
    path = tmp_path_factory.mktemp("log") / "queue_log"
    path.write_text(LOG.format(T0, T0 + 1, T0 + 5, T0 + 35))
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        run(engine, path)
        tell_of_tickets(engine)
        tell_of_people(engine)
        ask_of_the_loader(engine)
        yield engine
        engine.dispose()


def ask(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    given = params or PARAMETERS.get(name, AS_OF)
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **given)


def tell_of_tickets(engine: sa.Engine) -> None:
    """Two tickets of agent A, who also takes calls: one waits for an answer under a promise, one is solved."""
    begin = datetime.fromtimestamp(T0, UTC)
    told = [
        ("1", 0, "created", None),
        ("1", 0, "agent", None),
        ("1", 1, "request", None),
        ("2", 0, "created", None),
        ("2", 0, "agent", None),
        ("2", 20, "reply", None),
        ("2", 30, "status", "solved"),
    ]
    events = [
        {
            "ticket_id": ticket_id,
            "occurred_at": begin + timedelta(seconds=second),
            "event_number": number,
            "event_name": name,
            "value_text": value,
            "actor_name": "agent" if name == "reply" else None,
            "agent_name": "A" if name in ("agent", "reply", "status") else None,
        }
        for number, (ticket_id, second, name, value) in enumerate(told)
    ]
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.ticket_policies "
                "(policy_name, target_name, target_seconds, is_business, valid_from_at) "
                "values ('all', 'first_reply', 3600, false, '2020-01-01')"
            )
        )
    tell(engine, {"ticket_events": events}, name="helpdesk")


def tell_of_people(engine: sa.Engine) -> None:
    """A shift of agent B, in which he had contacts for more than an hour on end and then paused."""
    begin = TICKET_WINDOW["window_start"]
    drawn = [(0, "on_contact", None), (6000, "paused", "Lunch"), (7000, "signed_out", None)]
    states = [
        {
            "agent_name": "B",
            "started_at": begin + timedelta(seconds=second),
            "ended_at": begin + timedelta(seconds=drawn[place + 1][0]) if place < 2 else None,
            "state_name": state,
            "reason_name": reason,
        }
        for place, (second, state, reason) in enumerate(drawn)
    ]
    shift = {"shift_id": "1", "agent_name": "B", "started_at": begin, "ended_at": begin + timedelta(hours=2)}
    tell(engine, {"shifts": [shift | {"activity_name": "work"}], "agent_states": states}, name="rota")


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_statement_says_what_it_answers_and_its_grain(path: Path) -> None:
    first, second, *_ = path.read_text().splitlines()
    assert re.fullmatch(r"-- .{15,}[.?;]", first), first
    assert second.startswith("-- Grain: "), second
    if path.parent.name == "queries":
        assert path.stem in queries.QUESTIONS or path.stem in {
            "live_service_level", "live_states", "game_contest_members"
        }  # fmt: skip


def ask_of_the_loader(engine: sa.Engine) -> None:
    """An upload and a replay that people asked for, a source that the loader noted, and its heartbeat."""
    at = datetime.fromtimestamp(T0, UTC)
    with warehouse.connected(engine) as connection:
        loader_requests.put_upload(
            connection, file_name="a.csv", content=b"a\n1\n", viewer_name="mari", at=at
        )
        loader_requests.ask_replay(connection, source_name="pbx", viewer_name="mari", at=at)
        source_notes.note(connection, (SourceSettings(name="pbx", every_seconds=2),), is_whole=True, at=at)
        warehouse.execute(connection, "merge/heartbeats", process_name="etl", started_at=at, beat_at=at)
        day = date(2026, 11, 21)
        report_requests.add_schedule(
            connection, kind_name="daily", name="Morning", due_seconds=0, address_text="", recipients="",
            viewer_name="mari", at=at,
        )  # fmt: skip
        number = report_requests.ask_report(
            connection, Asked("daily", day, day, report_name="One"), viewer_name="mari", at=at
        )
        made = {"made_at": at, "definition_number": 1, "headline_text": "x", "content_text": "y"}
        warehouse.execute(connection, "requests/report_made", report_id=number, **made)


@pytest.mark.parametrize("name", queries.QUESTIONS)
def test_an_empty_answer_has_the_types_of_a_full_one(bare: sa.Engine, peopled: sa.Engine, name: str) -> None:
    engine, empty = peopled, ask(bare, name)
    full = ask(engine, name, **({} if name in PARAMETERS else {"as_of": datetime(2100, 1, 1, tzinfo=UTC)}))
    written = {
        *QUALITY,
        "review_forms",
        "review_states",
        "review_sample",
        "coaching_notes",
    }  # tests/db/test_quality.py has rows
    written |= {  # tests/db/test_goals.py and test_watch.py have rows
        *("goals", "goal_days", "goal_saves"),
        *("firing_alerts", "alert_rules", "alert_log", "alert_ways"),
        "saved_views",  # tests/db/test_saved_views.py has rows
    }
    written |= {  # tests/db/test_ways.py has rows
        *(
            "self_service_flows",
            "self_service_rows",
            "callback_requests",
            "callbacks",
            "transfers",
            "campaigns",
            "attempt_rows",
        )
    }
    written |= {"review_rows", "contact_remarks"}  # tests/db/test_contact_rows.py has rows
    written |= {
        "contact_recordings",
        "recorded_calls",
        "recording_rules",
    }  # tests/db/test_recordings.py has rows
    written |= {"retention"}  # tests/db/test_retention.py has rows
    written |= {"audit_lines", "audit_people", "audit_of_agent"}  # tests/db/test_audit.py has rows
    written |= {"consent_counts", "consents", "consented_agents"}  # tests/db/test_own_data.py has rows
    written |= {  # tests/db/test_walls.py has rows
        *("wall_boards", "wall_playlists", "wall_messages", "wall_saves", "wall_message_log"),
    }
    written |= {"ring_rows", "forecast_rows"}  # tests/app/test_every_number.py has rows
    written |= {"wall_teams", *GAME_WALL}  # tests/db/test_wall_figures.py and test_wall_game.py have rows
    written |= {one for one in PARAMETERS if one.startswith("game_")}  # tests/db/test_game_day.py has rows
    assert full.height > 0 or name in {"live_agents", "customer_contacts", "reconciliations", *written}
    assert empty.schema == full.schema
    assert pl.Null not in full.dtypes
    together = {
        "queue_forecast",
        "queue_forecast_totals",
        "voice_overview",
        "voice_totals",
        "voice_scores",
        "quality_totals",
        "queue_together",
        "live_totals",
        "ticket_totals",
        "ticket_days",
        "loader",
        *("known_since", "wall_game_kudos", "wall_top", "wall_satisfaction", "wall_against", "wall_news"),
        *(
            "individual_figures",
            "data_tables",
            "own_data",
        ),  # the policy, and the tables, are there from the start
        *(
            "game_board",
            "game_board_periods",
            "game_board_settings",
            "game_social_settings",
        ),  # the whole of a board, the days, the settings
    }
    if name not in {*SLOTTED, *together} and not name.endswith("_count"):
        assert empty.height == 0


def test_today_begins_at_the_queues_midnight_on_both_clock_change_days(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    # Tallinn: 29 March 2026 begins at 22:00 UTC, 30 March at 21:00; 25 October begins at 21:00, 26 October at 22:00.
    starts = [
        datetime(2026, *start, tzinfo=UTC) for start in ((3, 28, 22), (3, 29, 21), (10, 24, 21), (10, 25, 22))
    ]
    lines = []
    for number, start in enumerate(starts):
        for shift in (-60, 60):  # one call a minute before midnight, one a minute after
            second = int(start.timestamp()) + shift
            lines.append(f"{second}|c{number}{shift}|sales|NONE|ENTERQUEUE||1234|1")
            lines.append(f"{second + 30}|c{number}{shift}|sales|NONE|ABANDON|1|1|30")
    path.write_text("\n".join(lines) + "\n")
    run(engine, path)
    found = []
    for start in starts:
        instants = (datetime.fromtimestamp(start.timestamp() + shift, UTC) for shift in (-1, 3600))
        found.append(
            tuple(ask(engine, "live_queues", as_of=instant)["offered_calls"][0] for instant in instants)
        )
    # The day before the second and the fourth midnight is the clock-change day: its first and its last call.
    assert found == [(1, 1), (1 + 1, 1), (1, 1), (1 + 1, 1)]


def test_whole_windows_from_rollups_equal_the_facts(loaded: sa.Engine) -> None:
    whole = {
        "window_start": datetime(2026, 11, 22, 1, tzinfo=UTC),
        "window_end": datetime(2026, 11, 22, 2, tzinfo=UTC),
    }
    by_facts = ask(loaded, "queue_totals", **whole, threshold_seconds=20)
    assert ask(loaded, "queue_totals", **whole).equals(by_facts)
    assert by_facts["offered_calls"].to_list() == [1]


def test_a_tighter_threshold_can_be_asked_for_any_window(loaded: sa.Engine) -> None:
    window = {
        "window_start": datetime(2026, 11, 22, 1, tzinfo=UTC),
        "window_end": datetime(2026, 11, 22, 2, tzinfo=UTC),
    }
    levels = [
        ask(loaded, "queue_totals", **window, threshold_seconds=seconds)["service_level_ratio"][0]
        for seconds in (3, 4, 5)
    ]
    assert levels == [0.0, 1.0, 1.0]  # the boundary is <= T, and the call waited 4 s


def test_the_key_of_every_distributed_table_holds_its_distribution_column(engine: sa.Engine) -> None:
    distribution = {
        "calls": "queue_id",
        "queue_intervals": "queue_id",
        "queue_members": "queue_id",
        "agent_states": "agent_id",
        "agent_intervals": "agent_id",
    }
    inspector = sa.inspect(engine)
    for table, column in distribution.items():
        keys = [inspector.get_pk_constraint(table, "warehouse")["constrained_columns"]]
        keys += [one["column_names"] for one in inspector.get_unique_constraints(table, "warehouse")]
        assert all(column in key for key in keys), table
        assert inspector.get_foreign_keys(table, "warehouse") == [], table
    for table in set(inspector.get_table_names("warehouse")) - set(distribution):
        for foreign in inspector.get_foreign_keys(table, "warehouse"):
            assert foreign["referred_table"] not in distribution


def test_every_table_states_its_grain_and_none_holds_json_or_naive_instants(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        silent = connection.execute(
            sa.text(
                "select n.nspname || '.' || c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
                "where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('warehouse', 'ops', 'game') "
                "and coalesce(obj_description(c.oid, 'pg_class'), '') !~ 'Grain: one row per '"
            )
        ).all()
        broken = connection.execute(
            sa.text(
                "select table_schema || '.' || table_name || '.' || column_name from information_schema.columns "
                "where table_schema in ('warehouse', 'ops', 'game') "
                "and data_type in ('json', 'jsonb', 'interval', 'timestamp without time zone', 'real')"
            )
        ).scalars()
        # What differs from rule to rule, in no question's column: what is counted, what an entry was made of; a public key.
        as_the_rules_say = {
            "game.day_sums.sums", "game.ledger.workings", "game.today.workings", "game.holds.evidence",
            "game.issuer_keys.public_jwk",
        }  # fmt: skip
        assert set(broken) == as_the_rules_say
    assert silent == []


@pytest.mark.parametrize(
    "poison",
    [
        "update warehouse.calls set offered_at = 'infinity'",
        "update warehouse.calls set ended_at = '12026-01-01'",
        "update warehouse.calls set answered_at = '0044-03-15 BC'",
        "update warehouse.calls set wait_seconds = -1",
        "update warehouse.calls set ended_at = null",
        "update warehouse.calls set revenue_amount = 'NaN'",
        "update warehouse.calls set outcome_name = 'lost'",
        "update warehouse.agent_states set ended_at = started_at",
        "update warehouse.agent_states set state_name = 'asleep'",
        "update ops.runs set read_rows = read_rows + 1",
        "update warehouse.queues set service_level_formula_name = 'best'",
        "update warehouse.queues set service_level_target_ratio = 80",
    ],
)
def test_values_that_would_poison_a_page_are_refused_by_the_table(loaded: sa.Engine, poison: str) -> None:
    with pytest.raises(sa.exc.DBAPIError), loaded.begin() as connection:
        connection.execute(sa.text(poison))


def test_a_column_without_a_unit_is_refused() -> None:
    with pytest.raises(warehouse.WarehouseError, match=r"'wait' has no unit"):
        warehouse.column_type("wait", 23)


def test_a_silent_server_is_given_up_at_the_deadline(engine: sa.Engine) -> None:
    begin = datetime.now(UTC)
    silent = pytest.raises(warehouse.WarehouseError, match="does not answer")
    with silent, warehouse.connected(engine, deadline_seconds=0.5) as connection:
        connection.execute(sa.text("select pg_sleep(30)"))
    assert (datetime.now(UTC) - begin).total_seconds() < 5


def test_backfill_of_an_empty_warehouse_makes_nothing(engine: sa.Engine) -> None:
    assert backfill(engine) == 0
