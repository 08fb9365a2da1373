"""What people ask for in reports: one now, one that comes by itself, and an end to it.

In: a connection and what is asked for. Out: rows that the loader finds; it makes and sends, never a page.
The rule it guards: no report of a single person, no address that is none, and what was ended can be taken up again.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from sqlalchemy import Connection

from dashboard.reports.report_figures import Asked, ReportError, filters_for
from sql import audit
from sql.warehouse import execute, frame

MOST_RECIPIENTS = 20
LONGEST_NAME = 120
_MAILBOX = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}")
_BETWEEN_ADDRESSES = re.compile(r"[\s,;]+")


def recipients_of(text: str) -> tuple[str, ...]:
    """The e-mail addresses in a text, separated by commas or blanks, each once; ReportError for what is none."""
    found = tuple(dict.fromkeys(part for part in _BETWEEN_ADDRESSES.split(text) if part))
    for one in found:
        if not _MAILBOX.fullmatch(one):
            raise ReportError(
                f'"{one[:80]}" is no e-mail address, expected one such as anna@example.com; correct it.'
            )
    if len(found) > MOST_RECIPIENTS:
        raise ReportError(
            f"Found {len(found)} addresses, expected at most {MOST_RECIPIENTS}; use the address of a list."
        )
    return found


def ask_report(connection: Connection, asked: Asked, *, viewer_name: str, at: datetime) -> int:
    """Has a report made now; its number. Raises ReportError for one that cannot be."""
    filters_for(asked)
    if asked.last_date < asked.first_date:
        raise ReportError("The report ends before it begins; choose its days anew.")
    row = frame(
        connection,
        "requests/report_new",
        schedule_id=None,
        first_date=asked.first_date,
        last_date=asked.last_date,
        asked_at=at,
        kind_name=asked.kind_name,
        report_name=_name(asked.report_name),
        address_text=asked.address_text,
        recipients_text="",
        viewer_name=viewer_name,
    )
    report_id = int(row[0, "report_id"])
    told = {
        "did": "asked",
        "kind_name": asked.kind_name,
        "first_date": asked.first_date,
        "last_date": asked.last_date,
    }
    audit.note(connection, what_name="report.asked", of_name=f"report {report_id}", told=told)
    return report_id


def add_schedule(
    connection: Connection,
    *,
    kind_name: str,
    name: str,
    due_seconds: int,
    address_text: str,
    recipients: str,
    viewer_name: str,
    at: datetime,
) -> int:
    """Has a report made by itself from now on; the number of the schedule. Raises ReportError."""
    filters_for(Asked(kind_name, date(2026, 1, 1), date(2026, 1, 1), address_text))
    row = frame(
        connection,
        "requests/report_schedule_new",
        made_at=at,
        due_seconds=due_seconds,
        kind_name=kind_name,
        schedule_name=_name(name),
        address_text=address_text,
        recipients_text=", ".join(recipients_of(recipients)),
        viewer_name=viewer_name,
    )
    schedule_id = int(row[0, "schedule_id"])
    told = {
        "did": "made",
        "kind_name": kind_name,
        "due_seconds": due_seconds,
        "recipients_count": len(recipients_of(recipients)),
    }
    audit.note(connection, what_name="report.schedule", of_name=f"report schedule {schedule_id}", told=told)
    return schedule_id


def end_schedule(connection: Connection, schedule_id: int, *, ended_at: datetime | None) -> None:
    """Ends a schedule, or takes it up again (None); what it has made stays. ReportError."""
    if not execute(connection, "requests/report_schedule_end", schedule_id=schedule_id, ended_at=ended_at):
        raise ReportError("There is no such schedule; reload the page.")
    told = {"did": "ended" if ended_at else "taken up again"}
    audit.note(connection, what_name="report.schedule", of_name=f"report schedule {schedule_id}", told=told)


def ask_again(connection: Connection, report_id: int) -> None:
    """Has a report tried again that was given up. ReportError."""
    if not execute(connection, "requests/report_again", report_id=report_id):
        raise ReportError("This report was made or taken up meanwhile; look at it again.")
    audit.note(
        connection, what_name="report.asked", of_name=f"report {report_id}", told={"did": "asked again"}
    )


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ReportError(
            f"The name has {len(name)} letters, expected 1 to {LONGEST_NAME}; name the report, such as Weekly report."
        )
    return name
