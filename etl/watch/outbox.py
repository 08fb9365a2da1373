"""Delivers what stands in the outbox of the alerts: by e-mail, several words in one message, and to webhooks.

In: the words that are due. Out: their outcomes, in the same rows. The rule it guards: every word is delivered at least
once, with an id by which a second arrival is known, or it is given up and says why; none is lost with a loader.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import tenacity

from etl.config import Settings
from etl.schedule.clock import Clock
from etl.watch import alert_words, mail, webhooks
from etl.watch.mail import DeliveryError
from sql import warehouse

DELIVER_SECONDS = 10
LEFT_BEHIND_AFTER = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(hours=24)
LONGEST_WAIT = timedelta(hours=1)
_LOG = logging.getLogger("floorboard.etl")
Row = dict[str, Any]


@dataclass(frozen=True)
class Delivered:
    """What one round of deliveries did, in words of alerts."""

    delivered: int = 0
    put_off: int = 0
    given_up: int = 0


class Outbox:
    """The outbox of one loader; it notes in which ways it can deliver before it begins."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: Settings,
        *,
        now: Clock,
        sleep: Callable[[float], None] = time.sleep,
        post: Callable[..., None] = webhooks.post,
        send: Callable[..., None] = mail.send,
    ) -> None:
        self._engine, self._settings, self._now = engine, settings, now
        self._post, self._send = post, send
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(3),
            wait=tenacity.wait_random_exponential(multiplier=0.3, max=3),
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, DeliveryError) and error.is_worth_retry
            ),
            reraise=True,
            sleep=sleep,
        )
        self._has_noted = False

    def deliver(self) -> Delivered:
        """Delivers everything that is due. Raises WarehouseError where the warehouse fails."""
        now = self._now()
        if not self._has_noted:
            self._note(now)
            self._has_noted = True
        with warehouse.connected(self._engine) as connection:
            warehouse.execute(connection, "watch/deliveries_spare", now=now)
            rows = warehouse.frame(
                connection, "watch/deliveries_take", now=now, left_behind_at=now - LEFT_BEHIND_AFTER
            ).to_dicts()
        outcomes = [self._batch(batch) for batch in _batches(rows)]
        return Delivered(
            sum(n for outcome, n in outcomes if outcome == "delivered"),
            sum(n for outcome, n in outcomes if outcome is None),
            sum(n for outcome, n in outcomes if outcome == "given up"),
        )

    def _batch(self, rows: Sequence[Row]) -> tuple[str | None, int]:
        """Sends words of one way and target together; the outcome (null: tried again later), and how many they are."""
        error_text: str | None = None
        outcome: str | None = "delivered"
        try:
            self._retrying(self._hand_over, rows)
        except DeliveryError as error:
            error_text = str(error)
            is_enough = self._now() - rows[0]["occurred_at"] >= GIVEN_UP_AFTER
            outcome = "given up" if is_enough or not error.is_worth_retry else None
            _LOG.warning("An alert was not delivered: %s", error_text)
        now = self._now()
        wait = min(LONGEST_WAIT, timedelta(seconds=15 * 2 ** min(rows[0]["tries_count"], 12)))
        with warehouse.connected(self._engine) as connection:
            for row in rows:
                warehouse.execute(
                    connection,
                    "watch/delivery_end",
                    delivery_id=row["delivery_id"],
                    outcome_name=outcome,
                    now=now,
                    due_at=now + wait if outcome is None else None,
                    error_text=error_text,
                )
        return outcome, len(rows)

    def _hand_over(self, rows: Sequence[Row]) -> None:
        site, alerts = self._settings.site, self._settings.alerts
        now: datetime = self._now()
        if rows[0]["way_name"] == "webhook":
            [row] = rows
            self._post(alerts, row["target_text"], alert_words.record(row, site_name=site.name), at=now)
            return
        if alerts.smtp is None:
            raise DeliveryError(
                "No mail server is named, expected the table [alerts.smtp] in floorboard.toml; add it there.",
                is_worth_retry=True,
            )
        made = mail.message(
            alerts.smtp,
            rows[0]["target_text"],
            subject=alert_words.subject(rows, site_name=site.name),
            text=alert_words.body(
                rows, site_name=site.name, zone_name=site.time_zone, board_address=alerts.board_address
            ),
            delivery_ids=[row["delivery_id"] for row in rows],
            at=now,
        )
        self._send(alerts.smtp, made)

    def _note(self, now: datetime) -> None:
        alerts = self._settings.alerts
        smtp = alerts.smtp
        ways = {
            "email": (smtp is not None, smtp.sender if smtp else ""),
            "webhook": (bool(alerts.webhook_hosts), " ".join(alerts.webhook_hosts)),
        }
        with warehouse.connected(self._engine) as connection:
            for name, (is_ready, told) in ways.items():
                warehouse.execute(
                    connection, "watch/ways_note", way_name=name, now=now, is_ready=is_ready, told_text=told
                )


def _batches(rows: Sequence[Row]) -> list[list[Row]]:
    """The words that go out together: all e-mail to one person, and every webhook by itself."""
    letters: dict[str, list[Row]] = {}
    found: list[list[Row]] = []
    for row in rows:
        if row["way_name"] == "webhook":
            found.append([row])
        elif row["target_text"] in letters:
            letters[row["target_text"]].append(row)
        else:
            letters[row["target_text"]] = [row]
            found.append(letters[row["target_text"]])
    return found
