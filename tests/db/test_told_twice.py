"""One stay that two readers of one phone system tell differently counts once, where and for whom is right."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from etl import load
from etl.backfill import backfill
from etl.config import Settings, SiteSettings
from etl.sources import Batch, SourceSettings
from sql import warehouse
from tests.db.test_records import (
    HANDLED,
    INTERVALS,
    NOW,
    STAYS,
    Row,
    Teller,
    Told,
    ask,
    at,
    batch,
    call,
    tell,
)

LOG = Teller(name="pbx", every_seconds=60)
Rolled = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


class Live(SourceSettings):
    """The second reader of the phone system, which tells its facts under the name of the first."""

    kind: Literal["live"] = "live"

    @property
    def facts_source_name(self) -> str:
        return "pbx"

    def origin_text(self) -> str:
        return self.name


LIVE = Live(name="ami", every_seconds=60)
SETTINGS = Settings.model_construct(
    site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(LOG, LIVE)
)


def hear(engine: sa.Engine, source: SourceSettings, *calls: Row) -> None:
    """Loads the stays as the log or the live reader tells them: facts of its own, not records of the source."""
    told = batch(1, calls=list(calls))
    facts = {"calls": told.facts["calls"].drop("seq").with_columns(new_rows=pl.lit(1, pl.Int64))}
    load.reset_cursor(engine, source.name)
    reader = Told([Batch(facts=facts, read_rows=len(calls), position_text="1", carry_text="")])
    load.run_source(engine, SETTINGS, source, now=lambda: NOW, readers=load.Readers({source.name: reader}))


def hear_both(engine: sa.Engine, *, live: Row, log: Row, is_live_first: bool) -> None:
    told: list[tuple[SourceSettings, Row]] = [(LIVE, live), (LOG, log)]
    for source, row in told if is_live_first else reversed(told):
        hear(engine, source, row)


def rolled(engine: sa.Engine) -> Rolled:
    return (
        ask(
            engine,
            "select to_jsonb(i) from warehouse.queue_intervals as i order by queue_id, interval_start_at",
        ),
        ask(
            engine,
            "select to_jsonb(i) from warehouse.agent_intervals as i order by agent_id, interval_start_at",
        ),
    )


def assert_counting_anew_changes_nothing(engine: sa.Engine) -> None:
    before = rolled(engine)
    backfill(engine)
    assert rolled(engine) == before


ANSWERED: Row = {"offered_at": at(13), "ended_at": at(20)}


@pytest.mark.parametrize("is_live_first", [True, False])
def test_an_answer_told_a_second_apart_over_a_border_counts_in_one_interval(
    engine: sa.Engine, is_live_first: bool
) -> None:
    live = call(**ANSWERED, answered_at=at(14.99), version_number=1)
    log = call(**ANSWERED, answered_at=at(15), version_number=2)
    hear_both(engine, live=live, log=log, is_live_first=is_live_first)
    assert ask(engine, HANDLED) == [("mari", at(15), 1)]
    assert_counting_anew_changes_nothing(engine)


@pytest.mark.parametrize("is_live_first", [True, False])
def test_a_call_told_of_two_agents_counts_for_the_one_whom_the_better_teller_names(
    engine: sa.Engine, is_live_first: bool
) -> None:
    live, log = call(agent_name="jaan", version_number=1), call(version_number=2)
    hear_both(engine, live=live, log=log, is_live_first=is_live_first)
    assert ask(engine, HANDLED) == [("mari", at(0), 1)]
    assert_counting_anew_changes_nothing(engine)


@pytest.mark.parametrize("is_live_first", [True, False])
@pytest.mark.parametrize("minutes_apart", [0.01, -1.5, 9.9])
def test_a_stay_whose_entry_two_clocks_tell_apart_counts_once(
    engine: sa.Engine, minutes_apart: float, is_live_first: bool
) -> None:
    times: Row = {"offered_at": at(10), "answered_at": at(22), "ended_at": at(30)}
    live = call(**{**times, "offered_at": at(10 + minutes_apart)}, version_number=1)
    hear_both(engine, live=live, log=call(**times, version_number=2), is_live_first=is_live_first)
    assert [row[4] for row in ask(engine, STAYS)] == [at(10)]
    assert ask(engine, INTERVALS) == [("sales", at(0), 1)]
    assert_counting_anew_changes_nothing(engine)


@pytest.mark.parametrize("is_live_first", [True, False])
def test_two_entries_of_one_call_stay_two_and_two_calls_stay_two(
    engine: sa.Engine, is_live_first: bool
) -> None:
    left: Row = {"outcome_name": "abandoned", "answered_at": None, "agent_name": None, "wait_seconds": 6}
    log = [
        call(**left, offered_at=at(0), ended_at=at(0.1), stay_number=1, version_number=2),
        call(**left, offered_at=at(0.5), ended_at=at(0.6), stay_number=2, version_number=2),
        call("c2", **left, offered_at=at(0.5), ended_at=at(0.6), version_number=2),
    ]
    live = [{**row, "version_number": 1} for row in log]
    told: list[tuple[SourceSettings, list[Row]]] = [(LIVE, live), (LOG, log)]
    for source, rows in told if is_live_first else reversed(told):
        hear(engine, source, *rows)
    assert [row[:2] for row in ask(engine, STAYS)] == [("c1", 1), ("c1", 2), ("c2", 1)]
    assert ask(engine, INTERVALS) == [("sales", at(0), 3)]


def test_a_call_id_used_again_long_after_is_another_call(engine: sa.Engine) -> None:
    hear(engine, LOG, call(version_number=2))
    hear(engine, LIVE, call(offered_at=at(15), answered_at=at(16), ended_at=at(20), version_number=1))
    assert sorted(row[4] for row in ask(engine, STAYS)) == [at(0), at(15)]


INTERRUPTED = call("c2", outcome_name="interrupted", talk_seconds=600, hold_seconds=7, wrap_up_seconds=9)


def test_handle_time_is_that_of_handled_calls_now_and_in_history(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(talk_seconds=100, hold_seconds=10, wrap_up_seconds=20), INTERRUPTED]})
    with warehouse.connected(engine) as connection:
        window: dict[str, Any] = {"window_start": at(0), "window_end": at(15)}
        answers = [
            call_queries.live_queues(connection, as_of=at(10)),
            call_queries.queue_totals(connection, **window),
            call_queries.queue_totals(connection, **window, threshold_seconds=20),
        ]
    times = ("handled_calls", "talk_seconds", "hold_seconds", "wrap_up_seconds")
    assert [answer.select(times).row(0) for answer in answers] == [(1, 100, 10, 20)] * 3
    agent = "select handled_calls, talk_seconds, hold_seconds, wrap_up_seconds from warehouse.agent_intervals"
    assert ask(engine, agent) == [(1, 100, 10, 20)]


def test_a_score_of_a_call_is_kept_with_its_half(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call(csat_score=3.5), call("c2", csat_score=4.5), call("c3", nps_score=8.5)]})
    scores = "select csat_score, nps_score from warehouse.calls order by call_id"
    assert ask(engine, scores) == [(3.5, None), (4.5, None), (None, 8.5)]


@pytest.mark.parametrize(("csat_score", "nps_score"), [(5.1, None), (0, None), (None, "NaN"), (None, 10.5)])
def test_a_score_beyond_its_scale_does_not_enter_the_warehouse(
    engine: sa.Engine, csat_score: float | None, nps_score: float | str | None
) -> None:
    tell(engine, {"calls": [call()]})
    change = sa.text("update warehouse.calls set csat_score = :csat_score, nps_score = :nps_score")
    with pytest.raises(sa.exc.IntegrityError, match="score_check"), engine.begin() as connection:
        connection.execute(change, {"csat_score": csat_score, "nps_score": nps_score})


def test_a_state_over_a_month_of_which_nothing_else_is_known_counts_whole(engine: sa.Engine) -> None:
    """From 30 January 12:00 to 1 March 12:00: 30 days, February only between the two."""
    state = {
        "agent_name": "mari",
        "started_at": at(0).replace(month=1, day=30, hour=12),
        "ended_at": at(0).replace(month=3, day=1, hour=12),
        "state_name": "available",
    }
    tell(engine, {"agent_states": [state]})
    total = "select sum(available_seconds), count(*) from warehouse.agent_intervals"
    assert ask(engine, total) == [(30 * 86_400, 30 * 96)]
