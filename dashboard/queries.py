"""Every question that pages and `floorboard ask` can put to the warehouse, by its name.

In: the `QUESTIONS` of each wing's `*_queries.py`. Out: one function per name: a connection and the question's
parameters in, a typed frame with metrics out.
The rule it guards: a number is asked for in one way only, so that a page, an export and a script show the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from dashboard import saved_view_queries
from dashboard.audit import audit_queries
from dashboard.calls import call_queries, forecast_queries
from dashboard.contacts import contact_queries, made_row_queries, row_queries
from dashboard.definitions import balance_queries, definition_queries
from dashboard.game import (
    badge_queries,
    board_queries,
    contest_queries,
    credential_queries,
    day_queries,
    kudos_queries,
    month_queries,
    room_queries,
    stand_queries,
    store_queries,
    wall_game_queries,
)
from dashboard.goals import alert_queries, goal_queries
from dashboard.loading import source_queries
from dashboard.own import own_queries
from dashboard.people import agent_queries, team_queries
from dashboard.privacy import privacy_queries
from dashboard.quality import quality_queries
from dashboard.reports import report_queries
from dashboard.tickets import ticket_queries
from dashboard.voice import voice_queries
from dashboard.wall import news_queries, wall_queries
from dashboard.ways import way_queries

WINGS = (
    call_queries,
    forecast_queries,
    contact_queries,
    row_queries,
    made_row_queries,
    ticket_queries,
    agent_queries,
    team_queries,
    own_queries,
    privacy_queries,
    source_queries,
    saved_view_queries,
    balance_queries,
    definition_queries,
    voice_queries,
    way_queries,
    quality_queries,
    report_queries,
    goal_queries,
    alert_queries,
    audit_queries,
    wall_queries,
    news_queries,
    day_queries,
    badge_queries,
    board_queries,
    stand_queries,
    kudos_queries,
    contest_queries,
    store_queries,
    month_queries,
    room_queries,
    credential_queries,
    wall_game_queries,
)
TOGETHER = {frozenset({call_queries.live_queues, call_queries.live_totals}): call_queries.live_floor}
"""Live questions that are made of the same rows: asked together, they are asked once."""
QUESTIONS: dict[str, Callable[..., pl.DataFrame]] = {
    question.__name__: question for wing in WINGS for question in wing.QUESTIONS
}


def live(connection: Connection, names: Iterable[str], *, as_of: datetime) -> dict[str, pl.DataFrame]:
    """The answers of several live questions by name, all of the same instant."""
    asked, found = {name: QUESTIONS[name] for name in names}, dict[str, pl.DataFrame]()
    for together, ask in TOGETHER.items():
        if together <= set(asked.values()):
            found |= ask(connection, as_of=as_of)
    return found | {name: ask(connection, as_of=as_of) for name, ask in asked.items() if name not in found}
