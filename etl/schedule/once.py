"""Reads everything that is new, once, in this process: for whoever types the command and waits for its end.

In: the settings. Out: what every source gave, and what failed. Rule: a source that fails keeps no other from loading.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sqlalchemy import Engine

from etl import LoadError
from etl.config import Settings
from etl.load import run_source
from etl.on_request.key_moves import move_keys, recount, teams_of_today
from etl.on_request.requests import Requests
from etl.schedule.clock import Clock, wall_clock
from etl.schedule.slots import SlotTaken
from etl.watch.outbox import Outbox
from etl.watch.watching import watch


def run_once(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    now: Clock = wall_clock,
    tell: Callable[[str], None],
    check: Callable[[], None] = lambda: None,
) -> tuple[list[dict[str, Any]], list[LoadError]]:
    """Reads everything that is new, of one source (`only`) or all; one row per source that loaded, and what failed.

    A source that fails does not keep the others from loading. `check` is called after every batch and may end the load
    by raising.
    """
    rows: list[dict[str, Any]] = []
    failures: list[LoadError] = []
    try:
        if done := move_keys(engine, now=now):
            tell(f"{done} keys of agents or queues were moved with their facts.")
        recount(engine, now=now)
        teams_of_today(engine, now=now)
        if asked := Requests(engine, settings, now=now, check=check).work():
            tell(f"{asked} uploads and replays that were asked for are done; the pages show their outcomes.")
    except LoadError as error:
        failures.append(error)
    for source in settings.sources if only is None else (settings.source(only),):
        try:
            summary = run_source(engine, settings, source, now=now, on_batch=lambda _batch: check())
        except LoadError as error:
            failures.append(error)
            continue
        for notice in summary.notices:
            tell(f"{source.name}: {notice}")
        rows.append({"source_name": source.name, **asdict(summary)})
    _watch(engine, settings, now=now)
    return rows, failures


def _watch(engine: Engine, settings: Settings, *, now: Clock) -> None:
    """Measures alerts and goals and delivers what waits, unless a loader has just done so."""
    with suppress(SlotTaken):
        watch(engine, time_zone_name=settings.site.time_zone, now=now, process_name=f"once {os.getpid()}")
    Outbox(engine, settings, now=now).deliver()
