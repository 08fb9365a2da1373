"""The questions about reports: which were asked for, what one says, which are made by themselves.

In: a connection and the question's parameters. Out: a typed frame.
The rule it guards: a report that was made is shown as it was made, whatever was loaded or redefined since.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection

from sql.warehouse import frame


def reports(connection: Connection, *, as_of: datetime) -> pl.DataFrame:
    """One row per report that was asked for until the instant, the newest 100, without what they say."""
    return frame(connection, "queries/reports", as_of=as_of)


def report_content(connection: Connection, *, report_id: int) -> pl.DataFrame:
    """One row: the whole report as HTML; none where it was not made."""
    return frame(connection, "queries/report_content", report_id=report_id)


def report_schedules(connection: Connection) -> pl.DataFrame:
    """One row per schedule of reports, those that have ended last."""
    return frame(connection, "queries/report_schedules")


QUESTIONS = (reports, report_content, report_schedules)
