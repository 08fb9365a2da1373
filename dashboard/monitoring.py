"""Tells monitoring programs how Floorboard stands: ok, degraded or down with its reasons, and figures to draw.

In: the questions that the pages ask too, and who asks. Out: the bodies of /health (JSON) and /metrics (OpenMetrics).
The rule it guards: an answer comes within three seconds, whatever the database does; strangers learn no more than the
one word; no address, no secret and nothing of what a source delivered ever stands in an answer.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
import logging
import platform
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from typing import Any, Literal

import polars as pl
import sqlalchemy as sa
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.openmetrics import exposition

from dashboard import queries, standing, state_view
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

ANSWER_SECONDS = 2.5
ASK_SECONDS = 2.2
KEPT_SECONDS = 1.0  # many programs that ask at once cost one question
CONTENT_TYPE = exposition.CONTENT_TYPE_LATEST
FORWARDED = (b"forwarded", b"x-forwarded-", b"x-real-ip", b"via")  # how the names begin that proxies add
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """How the site stood at an instant; the frames are missing while it is down."""

    status_name: Literal["ok", "degraded", "down"]
    reasons: tuple[str, ...]
    taken_at: datetime
    answers: Mapping[str, pl.DataFrame]

    @property
    def http_status(self) -> int:
        """200 while the pages have something to show, 503 while they have not."""
        return 503 if self.status_name == "down" else 200


def ask(engine: sa.Engine, *, now: Callable[[], datetime]) -> Standing:
    """Asks the warehouse how the sources stand; one that fails is told as down, never raised."""
    at = now()
    try:
        with warehouse.connected(engine, deadline_seconds=ASK_SECONDS) as connection:
            names = ("source_health", "loader", "runs_of_day")
            answers = {name: queries.QUESTIONS[name](connection, as_of=at) for name in names}
    except WarehouseError as error:
        return Standing("down", (str(state_view.trouble(error)["title"]),), at, {})
    found = tuple(standing.reasons(answers["source_health"], answers["loader"]))
    return Standing("degraded" if found else "ok", found, at, answers)


class Monitor:
    """Asks in a thread of its own, one question at a time however many ask, and never waits longer than it may."""

    def __init__(
        self,
        ask: Callable[[], Standing],
        *,
        now: Callable[[], datetime],
        answer_seconds: float = ANSWER_SECONDS,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._ask, self._now = ask, now
        self._answer_seconds, self._kept_seconds = answer_seconds, kept_seconds
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="floorboard-monitoring")
        self._asked: asyncio.Future[Standing] | None = None
        self._kept: tuple[float, Standing] | None = None

    async def latest(self) -> Standing:
        """How the site stands, at the most a second old; down where the warehouse keeps silent."""
        loop = asyncio.get_running_loop()
        if self._kept is not None and 0 <= loop.time() - self._kept[0] < self._kept_seconds:
            return self._kept[1]
        if self._asked is None or self._asked.done() or self._asked.get_loop() is not loop:
            self._asked = loop.run_in_executor(self._pool, self._asked_safely)
        try:
            found = await asyncio.wait_for(asyncio.shield(self._asked), self._answer_seconds)
        except TimeoutError:
            reason = t("The database has not answered within {seconds} s.", seconds=self._answer_seconds)
            return Standing("down", (reason,), self._now(), {})
        self._kept = (loop.time(), found)
        return found

    def _asked_safely(self) -> Standing:
        try:
            return self._ask()
        except Exception:  # noqa: BLE001 - whoever watches the site must hear of it, and the log has the rest
            _LOG.exception("The check of the site failed")
            reason = t("The check itself failed; the dashboard's log has the details.")
            return Standing("down", (reason,), self._now(), {})


def monitor(*, now: Callable[[], datetime], engine: Callable[[], sa.Engine] | None = None) -> Monitor:
    """A monitor of the warehouse in DATABASE_URL, with connections of its own: busy pages do not keep it waiting."""
    opened: list[sa.Engine] = []
    room = replace(warehouse.PAGES, name="floorboard monitoring", kept_connections=1, more_connections=1)

    def asked() -> Standing:
        if not opened:
            try:
                opened.append(engine() if engine else warehouse.open_engine(room=room))
            except WarehouseError as error:
                return Standing("down", (str(state_view.trouble(error)["title"]),), now(), {})
        return ask(opened[0], now=now)

    return Monitor(asked, now=now)


def is_trusted(scope: Mapping[str, Any], token_text: str | None) -> bool:
    """Whether whoever asks may know more than the one word: a program on this machine, or one with the token.

    What a proxy passes on comes from this machine too; it is known by what proxies add, and needs the token.
    """
    headers: list[tuple[bytes, bytes]] = list(scope.get("headers", []))
    given = next((value for name, value in headers if name == b"authorization"), b"")
    kind, _, word = given.partition(b" ")
    if token_text and kind.lower() == b"bearer" and hmac.compare_digest(word.strip(), token_text.encode()):
        return True
    if any(name.startswith(FORWARDED) for name, _ in headers):
        return False
    try:
        return ipaddress.ip_address((scope.get("client") or ("",))[0]).is_loopback
    except ValueError:
        return False


def health_body(found: Standing, *, is_trusted: bool) -> bytes:
    """The body of /health: the one word, and for whom may know them the reasons."""
    told: dict[str, Any] = {"status": found.status_name}
    if is_trusted:
        told |= {"reasons": list(found.reasons), "as_of": found.taken_at.isoformat()}
        told["sources"] = (
            [_plain(row) for row in standing.statuses(found.answers["source_health"])]
            if found.answers
            else []
        )
    return json.dumps(told, ensure_ascii=False).encode()


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A source as JSON knows it, without the text of its failure: that stays with `floorboard etl status`."""
    shown = {name: value for name, value in row.items() if not name.endswith("_text")}
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in shown.items()
    }


def metrics_body(found: Standing) -> bytes:
    """The body of /metrics in OpenMetrics text; while the warehouse is away it says so, and has no other figure."""
    return exposition.generate_latest(_Figures(found))  # type: ignore[no-any-return,no-untyped-call]


class _Figures:
    """The figures in the form that the library writes down."""

    def __init__(self, found: Standing) -> None:
        self._found = found

    def collect(self) -> Iterator[Metric]:
        """Every family of figures."""
        build = InfoMetricFamily("floorboard_build", "The program that answers.")
        build.add_metric([], {"version": metadata.version("floorboard"), "python": platform.python_version()})
        yield build
        up = GaugeMetricFamily("floorboard_warehouse_up", "1 while the database answers.")
        up.add_metric([], 1.0 if self._found.answers else 0.0)
        yield up
        if self._found.answers:
            yield from _loader_figures(self._found.answers["loader"])
            yield from _source_figures(self._found.answers["source_health"])
            runs, health = self._found.answers["runs_of_day"], self._found.answers["source_health"]
            yield from _day_figures(runs, health, self._found.taken_at)


def _loader_figures(loader: pl.DataFrame) -> Iterator[Metric]:
    row = loader.row(0, named=True)
    silent = GaugeMetricFamily("floorboard_loader_silent", "1 while nobody reads the sources.")
    silent.add_metric([], float(row["is_silent"]))
    yield silent
    if row["beat_age_seconds"] is not None:
        age = GaugeMetricFamily(
            "floorboard_loader_heartbeat_age_seconds",
            "Time since the loader's last sign of life.",
            unit="seconds",
        )
        age.add_metric([], row["beat_age_seconds"])
        yield age


# figure: column, meaning, unit; an instant is told in seconds since 1970, what is not known has no line
SOURCE_FIGURES = {
    "lag_seconds": ("newest_event_age_seconds", "Age of the newest event.", "seconds"),
    "stale_after_seconds": (
        "stale_after_seconds",
        "The age from which the source counts as stale.",
        "seconds",
    ),
    "stale": ("is_stale", "1 while the newest event is older than the source's limit.", ""),
    "unread": ("is_unread", "1 while the source is not read in time.", ""),
    "failing": ("error_text", "1 while the source cannot be read.", ""),
    "last_success_timestamp_seconds": ("last_succeeded_at", "When it was last read with success.", "seconds"),
    "last_failure_timestamp_seconds": ("last_failed_at", "When reading last failed.", "seconds"),
    "next_run_timestamp_seconds": ("next_run_at", "When it is read next.", "seconds"),
    "rejects_open_rows": ("open_reject_rows", "Refused rows that no replay has taken.", "rows"),
    "reconciliation_missing_rows": (
        "reconciled_missing_rows",
        "Rows of the origin that the last nightly comparison found missing.",
        "rows",
    ),
    "reconciliation_unmended_rows": (
        "reconciled_unmended_rows",
        "Rows that differ from the origin since the last nightly comparison.",
        "rows",
    ),
    "reconciliation_timestamp_seconds": (
        "reconciled_at",
        "When it was last compared with its origin.",
        "seconds",
    ),
}


def _source_figures(health: pl.DataFrame) -> Iterator[Metric]:
    for name, (column, meaning, unit) in SOURCE_FIGURES.items():
        family = GaugeMetricFamily(f"floorboard_source_{name}", meaning, labels=["source"], unit=unit)
        for row in health.iter_rows(named=True):
            value = row[column] is not None if name == "failing" else row[column]
            if value is not None:
                seconds = value.timestamp() if isinstance(value, datetime) else float(value)
                family.add_metric([row["source_name"]], seconds)
        yield family


def _day_figures(runs: pl.DataFrame, health: pl.DataFrame, taken_at: datetime) -> Iterator[Metric]:
    """Counters that begin anew at 00:00 UTC: exact, the same from every dashboard, and untouched by its restarts."""
    midnight = taken_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
    labels = ["source", "outcome"]
    rows = CounterMetricFamily(
        "floorboard_source_rows", "Rows by what became of them, since 00:00 UTC.", labels=labels
    )
    counted = CounterMetricFamily(
        "floorboard_source_runs", "Runs by their outcome, since 00:00 UTC.", labels=labels
    )
    known = {row["source_name"]: row for row in runs.iter_rows(named=True)}
    for name in sorted({*known, *health["source_name"]}):
        row = known.get(name, {})
        for outcome in ("loaded", "unchanged", "rejected"):
            rows.add_metric([name, outcome], row.get(f"{outcome}_rows", 0), created=midnight)
        for outcome in ("succeeded", "failed"):
            counted.add_metric([name, outcome], row.get(f"{outcome}_runs_count", 0), created=midnight)
    yield rows
    yield counted
