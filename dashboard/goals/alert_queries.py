"""The questions about alerts: what fires now, which rules there are, what happened, and how words leave the house.

In: a connection and `as_of`, the instant asked about. Out: a typed frame.
The rule it guards: what fires is what the loader has found and written down; no page judges by itself.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def firing_alerts(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per rule and scope whose alert has fired and not ended, the most severe first, muted ones last."""
    return frame(connection, "queries/firing_alerts", as_of=as_of)


def alert_rules(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per rule, with how many of its scopes fire, run their hold, or have no data."""
    return frame(connection, "queries/alert_rules", as_of=as_of)


def alert_log(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per event of the last 30 days, the newest first, with how many words of it were delivered."""
    return frame(connection, "queries/alert_log", as_of=as_of)


def alert_ways(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per way in which alerts leave the house: whether it is set up, and the sender or the hosts."""
    return frame(connection, "queries/alert_ways", as_of=as_of)


QUESTIONS = (firing_alerts, alert_rules, alert_log, alert_ways)
