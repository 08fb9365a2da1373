"""Has the reports made that are due or asked for, once each, and sends those that go to somebody.

In: the schedules, the open rows of ops.reports, and what makes and what sends a report (handed in by the front door:
the words and charts of a report belong to the dashboard). Out: the reports, in the same rows.
Rule: of a schedule each period is one row, so however many loaders run there is one report; a report that cannot be
made, or sent, is tried again and then says why.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.reports.due import Schedule, due
from sql import audit, warehouse
from sql.warehouse import WarehouseError, connected

REPORTS_SECONDS = 5
MOST_TRIES = 3
MOST_SENDINGS = 8
PAUSE_SECONDS = 60
LEASE_SECONDS = 900
KEEP_DAYS = 1096
SCHEDULE_VIEWER = "schedule"
_LOG = logging.getLogger("floorboard.etl")


@dataclass(frozen=True)
class Letter:
    """A report on its way to somebody: whole as HTML, to be attached; report_id makes a second one known."""

    report_id: int
    report_name: str
    kind_name: str
    first_date: date
    last_date: date
    made_at: datetime
    headline_text: str
    content_text: str
    recipients: tuple[str, ...]


Make = Callable[[int], None]
"""Makes the report of that number and keeps it in its row; LoadError where it cannot."""

Send = Callable[[Letter], None]
"""Sends a report; LoadError where it cannot."""


class Reports:
    """The loader's desk for reports."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: Settings,
        *,
        make: Make,
        now: Callable[[], datetime],
        send: Send | None = None,
    ) -> None:
        self._engine, self._settings, self._now = engine, settings, now
        self._make, self._send = make, send

    def work(self) -> int:
        """Asks for what is due, makes one report and sends one; how many were made. WarehouseError."""
        self._ask_for_due()
        made = self._make_next()
        if self._send is not None:
            self._send_next(self._send)
        return made

    def _ask_for_due(self) -> None:
        zone, now = ZoneInfo(self._settings.site.time_zone), self._now()
        with connected(self._engine) as connection:
            warehouse.execute(connection, "requests/reports_old", now=now, keep_days=KEEP_DAYS)
            listed = warehouse.frame(connection, "queries/report_schedules").to_dicts()
            for row in listed:
                if row["ended_at"] is not None:
                    continue
                one = Schedule(row["schedule_id"], row["kind_name"], row["due_seconds"], row["made_at"])
                periods = due(one, zone, now)
                for period in periods:
                    warehouse.execute(
                        connection,
                        "requests/report_new",
                        schedule_id=one.schedule_id,
                        first_date=period.first_date,
                        last_date=period.last_date,
                        asked_at=now,
                        kind_name=one.kind_name,
                        report_name=row["schedule_name"],
                        address_text=row["address_text"],
                        # After an outage the list has them all; nobody wants seven letters in one morning.
                        recipients_text=row["recipients_text"] if period == periods[-1] else "",
                        viewer_name=SCHEDULE_VIEWER,
                    )

    def _make_next(self) -> int:
        with connected(self._engine) as connection:
            taken = warehouse.frame(
                connection,
                "requests/report_take",
                pause_seconds=PAUSE_SECONDS,
                lease_seconds=LEASE_SECONDS,
            ).to_dicts()
        for one in taken:
            try:
                self._make(one["report_id"])
            except (LoadError, WarehouseError) as error:
                _LOG.warning("The report '%s' could not be made: %s", one["report_name"], error)
                with connected(self._engine) as connection:
                    warehouse.execute(
                        connection,
                        "requests/report_failed",
                        report_id=one["report_id"],
                        error_text=str(error),
                        most_tries=MOST_TRIES,
                    )
                return 0
            _LOG.info("report='%s' %s to %s made", one["report_name"], one["first_date"], one["last_date"])
        return len(taken)

    def _send_next(self, send: Send) -> None:
        with connected(self._engine) as connection:
            rows = warehouse.frame(
                connection,
                "requests/report_send",
                most_tries=MOST_SENDINGS,
                pause_seconds=PAUSE_SECONDS,
            ).to_dicts()
        for row in rows:
            recipients = tuple(part.strip() for part in row.pop("recipients_text").split(",") if part.strip())
            fault: str | None = None
            try:
                send(Letter(**row, recipients=recipients))
            except LoadError as error:
                fault = str(error)
                _LOG.warning("The report '%s' could not be sent: %s", row["report_name"], error)
            with connected(self._engine) as connection:
                warehouse.execute(
                    connection,
                    "requests/report_sent",
                    report_id=row["report_id"],
                    sent_at=None if fault else self._now(),
                    error_text=fault,
                )
                if fault is None:
                    told = {"recipients_count": len(recipients)}
                    audit.note(
                        connection, what_name="report.sent", of_name=f"report {row['report_id']}", told=told
                    )
