"""A floor drawn by hand: the answers of the questions as frames, and pages that run on them alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dashboard import access, live, queries
from dashboard.ui import desk, moments, visit
from sql import audit, individual, warehouse
from tests.app import drawn_queues
from tests.db.conftest import hashing_costs_little  # noqa: F401 - for the pages on which accounts are made

ROOT = Path(__file__).parents[2]
ZONE = "Europe/Tallinn"
NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # 14:00 in Tallinn
PROMISE = {
    "service_level_threshold_seconds": 20,
    "service_level_target_ratio": 0.8,
    "service_level_formula_name": "offered_no_short",
}
NAMES = ("Sales", "<b>Billing</b> [x](http://evil)", "Вопросы")
Answer = Callable[..., pl.DataFrame]


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame typed by its columns' names, as the warehouse types it."""
    schema = {name: pl.Int64 if name.endswith("_id") else warehouse.column_type(name, 0) for name in rows[0]}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def queue_row(place: int, drawn: tuple[Any, ...]) -> dict[str, Any]:
    waiting, oldest, offered, decided, in_time = drawn
    level = in_time / decided if decided else None
    return {
        "queue_id": place + 1,
        "queue_name": NAMES[place],
        "group_name": None,
        "time_zone_name": ZONE,
        **PROMISE,
        "waiting_calls": waiting,
        "oldest_wait_seconds": oldest,
        "in_progress_calls": 1,
        "available_agents": 1,
        "ringing_agents": 1 if waiting else 0,
        "on_contact_agents": 1,
        "wrap_up_agents": 0,
        "paused_agents": 1,
        "offered_calls": offered,
        "answered_calls": in_time,
        "abandoned_calls": 1,
        "short_abandoned_calls": 1,
        "flowed_out_calls": 0,
        "callback_calls": 0,
        "decided_calls": decided,
        "answered_in_threshold_calls": in_time,
        "longest_wait_seconds": 95,
        "service_level_ratio": level,
        "service_level_15_minutes_ratio": level,
        "service_level_30_minutes_ratio": level,
        "decided_15_minutes_calls": min(decided, 4),
        "decided_30_minutes_calls": min(decided, 9),
        "average_speed_of_answer_seconds": 12 if offered else None,
        "abandonment_ratio": 0.02 if offered else None,
        "average_handle_time_seconds": 240 if offered else None,
    }


def queue_rows() -> list[dict[str, Any]]:
    #        waiting oldest offered decided in_time
    drawn = [(2, 95, 100, 99, 90), (0, None, 50, 50, 39), (0, None, 0, 0, 0)]
    return [queue_row(place, row) for place, row in enumerate(drawn)]


def live_queues(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(*queue_rows())


def live_totals(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    rows = queue_rows()
    total = {name: sum(row[name] for row in rows) for name in rows[0] if name.endswith("_calls")}
    own = ("queue_", "group_", "time_")
    kept = {name: value for name, value in rows[0].items() if not name.startswith(own)}
    level = total["answered_in_threshold_calls"] / total["decided_calls"]
    return frame({**kept, **total, "service_level_ratio": level})


def live_agents(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    drawn = [
        ("Aino Kask", "on_contact", None, "Sales", 64),
        ("=cmd()", "paused", "Lunch", None, 400),
        ("Õnne Tamm", "available", None, None, 8),
    ]
    rows = [
        {
            "agent_id": place,
            "agent_name": name,
            "team_name": "A",
            "state_name": state,
            "reason_name": reason,
            "queue_name": queue,
            "state_started_at": as_of - timedelta(seconds=seconds),
            "state_seconds": seconds,
            "handled_calls": place,
        }
        for place, (name, state, reason, queue, seconds) in enumerate(drawn)
    ]
    return frame(*rows)


def queue_list(_connection: object) -> pl.DataFrame:
    names = ("queue_id", "queue_name", "group_name", "time_zone_name", *PROMISE)
    return live_queues(None, as_of=NOW).select(names)


def sites(_connection: object) -> pl.DataFrame:
    return frame({"site_name": "Harbour", "time_zone_name": ZONE})


def call_names(_connection: object) -> pl.DataFrame:
    drawn = [
        ("channel", None, "call"),
        ("group", None, ""),
        ("group", None, "Mail"),
        *(("queue", place + 1, name) for place, name in enumerate(NAMES)),
        ("schedule", None, "Office"),
        ("team", 1, "A"),
    ]
    rows = [
        {"kind_name": kind, "name_id": number, "name_text": name, "is_active": True}
        for kind, number, name in drawn
    ]
    return frame(*rows)


def saved_views(_connection: object, *, viewer_name: str, page_name: str) -> pl.DataFrame:
    """One view is kept; a test of keeping them asks a real warehouse."""
    return frame(
        {
            "view_id": 1,
            "view_name": "Sales, last 7 days",
            "address_text": "period=7_days&queue=1",
            "is_start": False,
            "saved_at": NOW,
        }
    )


def health(age_seconds: int, *, is_stale: bool, error: str | None = None, **more: Any) -> Answer:
    def source_health(_connection: object, *, as_of: datetime) -> pl.DataFrame:
        return frame(
            {
                "source_name": "pbx",
                "kind_name": "asterisk_queue_log",
                "every_seconds": 2,
                "newest_event_at": as_of - timedelta(seconds=age_seconds),
                "newest_event_age_seconds": age_seconds,
                "checked_at": as_of,
                "checked_age_seconds": 1,
                "stale_after_seconds": 120,
                "is_stale": is_stale,
                "is_unread": False,
                "last_succeeded_at": as_of - timedelta(seconds=1),
                "last_failed_at": as_of if error else None,
                "last_error_text": error,
                "next_run_at": as_of + timedelta(seconds=2),
                "has_calls": True,
                "has_tickets": False,
                "read_rows": 10,
                "loaded_rows": 8,
                "unchanged_rows": 1,
                "rejected_rows": 1,
                "open_reject_rows": 1,
                "reconciled_date": date(2026, 3, 10),
                "reconciled_at": as_of - timedelta(hours=9),
                "reconciliation_name": "agreed",
                "reconciled_missing_rows": 0,
                "reconciled_unmended_rows": 0,
                "reconciliation_text": None,
                "error_text": error,
                **more,
            }
        )

    return source_health


def outages(_connection: object, *, as_of: datetime, days: int = 1) -> pl.DataFrame:
    """The loader was away from 10:00 to 10:30 of the drawn day (UTC); then the source caught up within a minute."""
    drawn = [
        (True, None, "delivering", -240, -120, None),
        (True, None, "not_read", -120, -90, None),
        (True, None, "delivering", -90, 0, None),
        (False, "pbx", "delivering", -240, -120, None),
        (False, "pbx", "not_read", -120, -90, None),
        (False, "pbx", "catching_up", -90, -89, 1234),
        (False, "pbx", "delivering", -89, 0, None),
    ]
    rows = [
        {
            "is_loader": is_loader,
            "source_name": name,
            "state_name": state,
            "started_at": as_of + timedelta(minutes=start),
            "ended_at": as_of + timedelta(minutes=end),
            "duration_seconds": (end - start) * 60,
            "loaded_rows": loaded,
            "error_text": None,
        }
        for is_loader, name, state, start, end, loaded in drawn
    ]
    return frame(*rows)


def reconciliations(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    drawn = [(10, 100, 100, 0, 0, "agreed", None), (9, 90, 86, 4, 4, "mended", "4 calls were missing.")]
    rows = [
        {
            "source_name": "pbx",
            "day_date": date(2026, 3, day),
            "checked_at": as_of,
            "origin_rows": origin,
            "warehouse_rows": here,
            "missing_rows": missing,
            "differing_rows": 0,
            "mended_rows": mended,
            "surplus_rows": 0,
            "duration_seconds": 1,
            "outcome_name": outcome,
            "reason_text": reason,
        }
        for day, origin, here, missing, mended, outcome, reason in drawn
    ]
    return frame(*rows)


def recent_runs(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(
        {
            "run_id": 7,
            "source_name": "pbx",
            "started_at": as_of,
            "ended_at": as_of,
            "duration_seconds": 1,
            "outcome_name": "succeeded",
            "read_rows": 10,
            "loaded_rows": 8,
            "unchanged_rows": 1,
            "rejected_rows": 1,
            "newest_event_at": as_of,
            "notice_text": None,
            "error_text": None,
        }
    )


def recent_rejects(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(
        {
            "reject_id": 1,
            "source_name": "pbx",
            "run_id": 7,
            "rejected_at": as_of,
            "place_text": "queue_log:17",
            "reason_text": "The time is no number.",
            "raw_text": "=cmd|'/c calc'!A1|<script>",
        }
    )


def reject_reasons(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(
        {
            "reason_text": "The time is no number.",
            "source_name": "pbx",
            "kind_text": "The time is no number.",
            "reject_rows": 1,
            "has_other_values": False,
            "newest_rejected_at": as_of,
            "example_place_text": "queue_log:17",
            "example_raw_text": "=cmd|'/c calc'!A1|<script>",
        }
    )


def replays(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(
        {
            "replay_id": 3,
            "source_name": "pbx",
            "viewer_name": "mari",
            "asked_at": as_of,
            "done_at": as_of,
            "taken_rows": 2,
            "refused_rows": 1,
            "error_text": None,
        }
    )


def retention(_connection: object) -> pl.DataFrame:
    """Of calls what is older than 1 February was deleted in the night of the drawn day; sums are kept for ever."""
    drawn = [
        ("calls", 6, datetime(2026, 1, 31, 22, 0, tzinfo=UTC), NOW - timedelta(hours=7), 1234),
        ("agents", 12, None, None, None),
        ("figures", None, None, None, None),
    ]
    names = ("kind_name", "kept_months", "whole_from_at", "deleted_at", "deleted_rows")
    return frame(*(dict(zip(names, row, strict=True)) for row in drawn))


def sources(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame(
        {
            "source_name": "pbx",
            "kind_name": "asterisk_queue_log",
            "settings_text": '{"path": "/var/log/asterisk/queue_log"}',
            "is_current": True,
            "every_seconds": 2,
            "newest_event_at": as_of - timedelta(seconds=4),
            "checked_at": as_of,
            "checked_age_seconds": 1,
            "newest_event_age_seconds": 4,
            "has_calls": False,
            "has_tickets": True,
            "read_rows": 10,
            "loaded_rows": 8,
            "unchanged_rows": 1,
            "rejected_rows": 1,
            "open_reject_rows": 1,
        }
    )


def loader(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return loader_row(as_of, 3)


def loader_row(as_of: datetime, age_seconds: int) -> pl.DataFrame:
    """The loader whose last sign of life is this old; two heartbeats are 20 seconds."""
    beat_at = as_of - timedelta(seconds=age_seconds)
    told = {
        "started_at": as_of,
        "beat_at": beat_at,
        "beat_age_seconds": age_seconds,
        "is_silent": age_seconds > 20,
    }
    return frame(told)


def unused_events(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    return frame({"source_name": "pbx", "event_name": "SYSCOMPAT", "is_known": True, "read_rows": 3})


def firing_alert(**more: Any) -> dict[str, Any]:
    """An alert that fires: the oldest wait in Sales is 6:12, above 5:00, for four minutes; nobody has seen it."""
    return {
        "rule_id": 1,
        "rule_name": "Somebody waits too long",
        "measure_name": "oldest_wait_seconds",
        "metric_name": "",
        "scope_kind_name": "queue",
        "scope_id": "1",
        "scope_name": "Sales",
        "comparison_name": "above",
        "threshold_value": 300.0,
        "clear_value": 240.0,
        "window_seconds": 1800,
        "severity_name": "critical",
        "state_name": "firing",
        "fired_at": NOW - timedelta(minutes=4),
        "since_at": NOW - timedelta(minutes=4),
        "firing_number": 1,
        "measured_value": 372.0,
        "measured_count": 3,
        "is_known": True,
        "acknowledged_at": None,
        "acknowledged_by_name": None,
        "note_text": None,
        "is_muted": False,
        **more,
    }


def firing_alerts(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    """Nothing fires on the drawn floor."""
    row = frame({**firing_alert(), "scope_id": None})
    return row.with_columns(pl.lit("").alias("scope_id")).clear()


def wall_messages(_connection: object, *, as_of: datetime) -> pl.DataFrame:
    """Nobody has told the floor anything."""
    told = {"message_id": 1, "message_text": "", "tone_name": "off", "starts_at": NOW, "ends_at": NOW}
    return pl.DataFrame([told]).clear()


def individual_figures(_connection: None) -> pl.DataFrame:
    """Every figure of single agents exists, and all is said about it."""
    given = {
        "is_on": True,
        "is_taken_over": False,
        "since_date": NOW.date(),
        "noted_at": NOW,
        "by_text": "Ada",
    }
    told = {"legal_basis_text": "Law", "works_agreement_text": "Agreed", "place_text": "policy.toml, line 1"}
    return pl.DataFrame(
        [
            {"family_name": one.name, "purpose_text": one.example_purpose, **given, **told}
            for one in individual.families()
        ]
    )


ANSWERS: dict[str, Answer] = {
    "individual_figures": individual_figures,
    "firing_alerts": firing_alerts,
    "wall_messages": wall_messages,
    "live_queues": live_queues,
    "live_totals": live_totals,
    "live_agents": live_agents,
    "queues": queue_list,
    "call_names": call_names,
    **drawn_queues.ANSWERS,
    "saved_views": saved_views,
    "sites": sites,
    "source_health": health(4, is_stale=False),
    "recent_runs": recent_runs,
    "recent_rejects": recent_rejects,
    "reject_reasons": reject_reasons,
    "unused_events": unused_events,
    "replays": replays,
    "retention": retention,
    "sources": sources,
    "loader": loader,
    "outages": outages,
    "reconciliations": reconciliations,
}


class DrawnFloor:
    """The questions answered from the drawn frames; single answers can be replaced."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.answers = ANSWERS
        self.answer(**ANSWERS)
        for way in ("transaction", "change"):
            monkeypatch.setattr(access, way, lambda _engine, _viewer: contextlib.nullcontext(None))
        monkeypatch.setattr(desk, "_refuse_strangers", lambda _connection, _viewer: None)
        monkeypatch.setattr(audit, "note", lambda *_args, **_values: None)
        monkeypatch.setattr(visit, "viewer", lambda: access.LOCAL_VIEWER)
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
        monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())

    def answer(self, **answers: Answer) -> None:
        for name, function in answers.items():
            self.monkeypatch.setitem(queries.QUESTIONS, name, function)

    def be_empty(self, *names: str) -> None:
        """Answers these questions with no row."""

        def none_of(function: Answer) -> Answer:
            return lambda *args, **values: function(*args, **values).clear()

        self.answer(**{name: none_of(ANSWERS[name]) for name in names})

    def be_late(self, age_seconds: int, *, error: str | None = None) -> None:
        """Makes the newest event this old, past the source's own limit."""
        self.answer(source_health=health(age_seconds, is_stale=True, error=error))


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once() -> Iterator[None]:
    """A server looks through all installed packages for components when it starts; here every AppTest is a start."""
    with pytest.MonkeyPatch.context() as patch:
        name = "scan_component_manifests"
        patch.setattr(manifest_scanner, name, cache(getattr(manifest_scanner, name)))
        yield


@pytest.fixture(autouse=True)
def cold_caches() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    moments._good, moments._good_past = live.LastGood(), live.LastGood()
    yield
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def floor(monkeypatch: pytest.MonkeyPatch) -> DrawnFloor:
    return DrawnFloor(monkeypatch)


@pytest.fixture
def run_page() -> Callable[..., AppTest]:
    """Runs a page of the folder with an address like ?state=paused."""

    def run(name: str, **address: str) -> AppTest:
        at = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=30)
        for key, value in address.items():
            at.query_params[key] = value
        return at.run()

    return run
