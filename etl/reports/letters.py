"""Sends a report by e-mail: its headline as the text, the report itself attached as one file of HTML.

In: the mail server of the settings, and a report that stands. Out: nothing, or LoadError with what to do.
Rule: the mail server of the alerts is the only way out; a report that goes to several goes to each by itself, so that
nobody learns who else reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime

from etl.config import Settings
from etl.reports.making import Letter, Send
from etl.watch import mail
from etl.watch.alert_settings import SmtpSettings

_UNFIT = re.compile(r"[^A-Za-z0-9]+")


def sender(settings: Settings, *, send: Callable[..., None] = mail.send) -> Send | None:
    """What sends a report; None where the settings name no mail server."""
    smtp = settings.alerts.smtp
    if smtp is None:
        return None
    server: SmtpSettings = smtp

    def send_letter(letter: Letter) -> None:
        for address in letter.recipients:
            send(server, message(server, letter, address))

    return send_letter


def message(smtp: SmtpSettings, letter: Letter, address: str) -> EmailMessage:
    """The message to one address; its id is that of the report, so that one that comes twice is known."""
    days = f"{letter.first_date}" + (
        f" to {letter.last_date}" if letter.last_date > letter.first_date else ""
    )
    made = EmailMessage()
    made["From"], made["To"] = smtp.sender, address
    made["Subject"] = " ".join(f"{letter.report_name}, {days}".split())
    made["Date"] = format_datetime(letter.made_at)
    made["Message-ID"] = f"<floorboard-report-{letter.report_id}@{smtp.sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(
        f"{letter.report_name}, {days}\n\n{letter.headline_text}\n\n"
        "The whole report is attached: one page for the browser that also prints as it is.\n"
    )
    stem = _UNFIT.sub("-", letter.report_name.lower()).strip("-") or letter.kind_name
    made.add_attachment(
        letter.content_text.encode("utf-8"),
        maintype="text",
        subtype="html",
        filename=f"{stem}-{letter.first_date}.html",
    )
    return made
