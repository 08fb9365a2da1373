"""Every page tells the age of its data, turns stale with the loader, and keeps its last good figures without a database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard import access, live
from dashboard.ui import clock, moments
from dashboard.ui.moments import Moment
from sql import warehouse
from sql.warehouse import WarehouseError
from tests.app.test_ticket_pages import blocks
from tests.db.test_records import call, tell
from tests.db.test_ticket_questions import STORY, events, h

Run = Callable[..., AppTest]
NOON = h(36)
PAGES = ("live_floor", "service_level", "tickets", "agents", "sources", "organisation", "data_health")
UPKEEP = ("sources", "organisation", "data_health")
FIGURES = ("tiles", "floor", "table", "sources", "timeline")


class Site:
    """A warehouse with a story, asked by the real poller, with a clock and a loader that the test sets."""

    def __init__(self, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine, self.now = engine, NOON
        self.used = engine
        monkeypatch.delenv("FLOORBOARD_NOW", raising=False)
        monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
        monkeypatch.setattr(clock, "now", lambda: self.now)
        monkeypatch.setattr(moments, "engine", lambda _url: self.used)
        self.poller = live.Poller(
            lambda: moments._ask_live("", access.LOCAL_VIEWER), every_seconds=0.05, idle_seconds=0.5
        )
        monkeypatch.setattr(moments, "_poller", lambda _url, _scope: self.poller)
        monkeypatch.setattr(
            moments, "_good", live.LastGood()
        )  # another test's outage quietens no question of this one

    def beat(self, *, age_seconds: int) -> None:
        """The loader's last sign of life, so long ago; nothing else has looked at a source since."""
        with warehouse.connected(self.engine) as connection:
            at = {"started_at": NOON, "beat_at": NOON}
            warehouse.execute(connection, "merge/heartbeats", process_name="etl", **at)
            connection.execute(
                sa.text(
                    "update ops.heartbeats set noted_at = clock_timestamp() - make_interval(secs => :age)"
                ),
                {"age": age_seconds},
            )
            connection.execute(
                sa.text(
                    "update ops.cursors set checked_at = :at, newest_event_at = :newest, stale_after_seconds = 120"
                ),
                {"at": NOON, "newest": NOON - timedelta(seconds=40)},
            )
        self.wait(lambda found: found.answers["loader"][0, "is_silent"] == (age_seconds > 20))

    def lose_the_warehouse(self) -> None:
        """From now on nobody answers at its address."""
        self.used = warehouse.open_engine("postgresql://nobody:s3cret-word@127.0.0.1:1/none")
        self.wait(lambda found: found.failure is not None)

    def wait(self, condition: Callable[[live.Snapshot], bool]) -> None:
        end = time.monotonic() + 10
        while not condition(self.poller.latest()):
            assert time.monotonic() < end, "the snapshot did not become what was waited for"
            time.sleep(0.02)


@pytest.fixture
def site(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    tell(
        engine,
        {"ticket_events": events(STORY)},
        {"calls": [call(offered_at=h(35), answered_at=h(35.02), ended_at=h(35.1))]},
    )
    found = Site(engine, monkeypatch)
    yield found
    end = time.monotonic() + 5
    while found.poller._is_running and time.monotonic() < end:
        time.sleep(0.02)
    found.used.dispose()


def head(at: AppTest) -> dict[str, Any]:
    return next(block for block in blocks(at) if block["kind"] == "head")


def titles(at: AppTest) -> list[str]:
    return [block["title"] for block in blocks(at) if block["kind"] == "notice"]


def figures(at: AppTest) -> list[Any]:
    return [block.get("tiles") or block.get("rows") for block in blocks(at) if block["kind"] in FIGURES[:3]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_turns_stale_with_the_loader_and_keeps_its_figures_without_a_database(
    site: Site, run_page: Run, name: str
) -> None:
    site.beat(age_seconds=1)
    well = run_page(name)
    assert head(well)["fresh"] == {"tone": "good", "shape": "circle", "word": "", "text": "Data 40 s old"}
    assert not [block for block in blocks(well) if block["is_stale"]]

    site.beat(age_seconds=21)  # two heartbeats are 20 s; tests/db/test_health.py has the very second
    stale = run_page(name)
    assert (head(stale)["fresh"]["tone"], head(stale)["fresh"]["text"]) == (
        "off",
        "Loader silent · data 40 s old",
    )
    assert titles(stale)[0] == "The loader does not run, so nothing new arrives."
    faded = [block["is_stale"] for block in blocks(stale) if block["kind"] in FIGURES]
    assert all(faded) if name not in UPKEEP else not any(faded)

    site.beat(age_seconds=0)
    well = run_page(name)
    st.cache_data.clear()
    site.lose_the_warehouse()
    site.now += timedelta(minutes=3)
    cut_off = run_page(name)
    assert (head(cut_off)["fresh"]["tone"], head(cut_off)["fresh"]["text"]) == (
        "off", "No connection · data 3 min old",
    )  # fmt: skip
    assert titles(cut_off)[0] == "The database does not answer."
    told = next(block for block in blocks(cut_off) if block["kind"] == "notice")["body"]
    assert "3 min ago" in told
    assert "s3cret-word" not in str(blocks(cut_off))
    if name not in UPKEEP:
        assert figures(cut_off) == figures(well) != []
    for card in (card for block in blocks(cut_off) for card in block.get("cards", ()) if name in UPKEEP):
        assert (card["value"], card["facts"][0]["value"]) == (
            "3 min",
            "3 min ago",
        )  # older by what has passed
        assert card["status"]["word"] == "Not read"


def test_a_snapshot_that_does_not_come_is_told_with_its_age(site: Site, run_page: Run) -> None:
    site.beat(age_seconds=0)
    run_page("live_floor")
    old = site.poller.latest()
    moments._poller = lambda _url, _scope: type("Stuck", (), {"latest": lambda _self: old})()
    site.now += timedelta(seconds=moments.BEHIND_SECONDS)
    assert head(run_page("live_floor"))["fresh"]["text"] == "Data 46 s old"
    site.now += timedelta(seconds=1)
    assert head(run_page("live_floor"))["fresh"]["text"] == "No connection · data 47 s old"


def test_the_same_question_is_known_by_how_long_ago_it_asks_about(site: Site) -> None:
    moment = Moment(access.LOCAL_VIEWER, live.Snapshot(NOON, {}), NOON)
    asked = {
        NOON: "0 days ago",
        NOON - timedelta(seconds=59): "0 days ago",
        NOON - timedelta(days=1, seconds=29): "1 days ago",  # yesterday by now
        NOON - timedelta(minutes=2): None,
        NOON.replace(hour=0): None,  # a day's beginning is no moving instant
    }
    assert {instant: moment._days_ago(instant) for instant in asked} == asked
    assert moment._days_ago("today") is None


def test_a_head_that_says_the_same_is_sent_again_or_the_browser_took_it_for_late(
    site: Site, run_page: Run
) -> None:
    site.beat(age_seconds=0)
    first = head(run_page("live_floor"))
    time.sleep(1.1)
    second = head(run_page("live_floor"))
    assert first["drawn_seconds"] < second["drawn_seconds"]
    assert {**first, "drawn_seconds": 0} == {**second, "drawn_seconds": 0}


def snapshot(at: datetime) -> live.Snapshot:
    return live.Snapshot(at, {})


def test_the_last_good_snapshot_stays_with_the_failure_that_came_after_it() -> None:
    told: list[live.Snapshot | WarehouseError] = [snapshot(NOON), WarehouseError("It does not answer.")]

    def ask() -> live.Snapshot:
        found = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(found, WarehouseError):
            raise found
        return found

    poller = live.Poller(ask, every_seconds=0.01, idle_seconds=0.3)
    assert poller.latest().failure is None
    end = time.monotonic() + 5
    while poller.latest().failure is None and time.monotonic() < end:
        time.sleep(0.01)
    found = poller.latest()
    assert (found.taken_at, str(found.failure)) == (NOON, "It does not answer.")
    told[:] = [snapshot(NOON + timedelta(minutes=1))]
    while poller.latest().failure is not None and time.monotonic() < end:
        time.sleep(0.01)
    assert poller.latest().taken_at == NOON + timedelta(minutes=1)


def test_the_last_good_answer_stands_in_only_for_the_same_question() -> None:
    kept = live.LastGood(most_answers=2)
    frames = {name: pl.DataFrame({"a": [number]}) for number, name in enumerate("abc")}

    def fail() -> pl.DataFrame:
        raise WarehouseError("It does not answer.")

    with pytest.raises(WarehouseError):
        kept.of("a", fail)
    for name, found in frames.items():
        assert kept.of(name, lambda found=found: found).equals(found)  # type: ignore[misc]
    assert kept.of("c", fail).equals(frames["c"])
    with pytest.raises(WarehouseError):
        kept.of("a", fail)  # the oldest made room
