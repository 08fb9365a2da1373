"""The tiles about calls: who waits, for how long, and whether the promise to callers holds.

In: the floor at one instant. Out: the tiles' part of the payload.
The rule it guards: the figures are those of the live floor's page, of the same rows and formulas.
"""

from __future__ import annotations

from collections.abc import Callable

from dashboard import board as blocks
from dashboard import words
from dashboard.board import Row
from dashboard.wall.boards import Threshold, Tile
from dashboard.wall.tile_parts import (
    EVERYBODY,
    NOT_AGENTS,
    Drawn,
    Kind,
    Scene,
    limit_text,
    limit_word,
    number,
    since,
    status_of,
    target_word,
)
from dashboard.words import t, t_count
from sql import metrics

FEWEST_JUDGED = 10
"""A service level of fewer decided calls has no colour where its tile sets no other number."""
TARGET_BACK = 0.01
TARGET_HOLD_SECONDS = 10


def _limited(
    scene: Scene, tile: Tile, value: float | None, *, unit: str, n: int | None = None
) -> tuple[Drawn, str]:
    """The mark of a number against its tile's limits, and those limits as its target."""

    def shown(limit: float) -> str:
        return words.target_ratio(limit) if unit == "ratio" else words.value(f"limit_{unit}", limit)

    standing = scene.stand(value, n, tile.threshold)
    mark = status_of(standing, limit_word(standing, tile.threshold, shown))
    return mark, limit_text(tile.threshold, shown)


def waiting_calls(scene: Scene, tile: Tile) -> Drawn:
    """How many wait now, and the longest for how long."""
    row = scene.totals
    mark, target = _limited(scene, tile, row["waiting_calls"], unit="calls")
    oldest = row["oldest_wait_seconds"]
    return number(
        words.number(row["waiting_calls"]),
        label=t("Waiting now"),
        status=mark,
        target=target,
        more=t("nobody waits") if oldest is None else "",
        since=None if oldest is None else since(scene.at.now, oldest, before=t("longest for")),
    )


def oldest_wait_seconds(scene: Scene, tile: Tile) -> Drawn:
    """How long the one who waits longest has waited; the browser counts it on."""
    row = scene.totals
    oldest = row["oldest_wait_seconds"]
    # Nobody waits: no wait is past a limit, so it stands as a wait of 0 s, and is told in words.
    mark, target = _limited(scene, tile, oldest or 0, unit="seconds")
    nobody = t("nobody waits") if oldest is None else ""
    if nobody and mark["tone"] == "good":
        mark = {**mark, "word": nobody}
    return number(
        words.duration(oldest),
        label=t("Longest wait"),
        status=mark,
        target=target,
        more="" if oldest is None else t_count("{n} waits", "{n} wait", row["waiting_calls"]),
        since=None if oldest is None else {**since(scene.at.now, oldest), "is_value": True},
        why=nobody or None,
    )


def level_threshold(row: Row, tile: Tile) -> Threshold | None:
    """The limits of a service level: its tile's, else the target and 5 points below it; None without a common target."""
    if tile.threshold is not None:
        return tile.threshold
    target = row["service_level_target_ratio"]
    if target is None:
        return None
    return Threshold(
        near=target,
        off=round(target - blocks.NEAR_RATIO, 6),
        worse="down",
        fewest=FEWEST_JUDGED,
        hold_seconds=TARGET_HOLD_SECONDS,
        back=TARGET_BACK,
    )


def promise_text(row: Row) -> str:
    """The promise as short as a wall needs it: "target 80% / 20 s"; says so where queues promise different things."""
    target, seconds = row["service_level_target_ratio"], row["service_level_threshold_seconds"]
    if target is None or seconds is None:
        return t("targets differ by queue")
    return t(
        "target {target} / {threshold}", target=words.target_ratio(target), threshold=words.duration(seconds)
    )


def _level(scene: Scene, tile: Tile, window: str, label: str, reason: str) -> Drawn:
    row = scene.totals
    value, n = row[f"service_level{window}_ratio"], row[f"decided{window}_calls"]
    formula_name, target = row["service_level_formula_name"], row["service_level_target_ratio"]
    threshold = level_threshold(row, tile)
    standing = scene.stand(value, n, threshold)
    if formula_name is None:
        why = t("The queues count by different formulas: the tile of queues shows each by itself.")
    else:
        why = reason if value is None else ""
    return number(
        words.ratio(value, against=target),
        label=label,
        status=status_of(standing, t("Formulas differ") if formula_name is None else target_word(standing)),
        target=promise_text(row),
        more=" · ".join(
            [
                *([] if formula_name is None else [t("n = {n}", n=words.number(n))]),
                *([] if window else [t("today")]),
                *([] if window else [blocks.formula_word(formula_name)]),
            ]
        ),
        share=None if value is None else round(value, 4),
        goal=target,
        n=None if formula_name is None else n,
        why=why or None,
    )


def service_level_today(scene: Scene, tile: Tile) -> Drawn:
    """The service level of the local day until now, by the event rule."""
    return _level(scene, tile, "", t("Service level"), t("No call has been decided today."))


def service_level_15_minutes(scene: Scene, tile: Tile) -> Drawn:
    """The service level of the last 15 minutes."""
    return _level(
        scene, tile, "_15_minutes", t("Level, 15 min"), t("No call was decided in these 15 minutes.")
    )


def service_level_30_minutes(scene: Scene, tile: Tile) -> Drawn:
    """The service level of the last 30 minutes."""
    return _level(
        scene, tile, "_30_minutes", t("Level, 30 min"), t("No call was decided in these 30 minutes.")
    )


def abandonment_ratio(scene: Scene, tile: Tile) -> Drawn:
    """The share of today's callers who gave up, short ones left out."""
    row = scene.totals
    abandoned, n = metrics.metric("abandonment_ratio").counts(row)
    value = row["abandonment_ratio"]
    mark, target = _limited(scene, tile, value, unit="ratio", n=n)
    return number(
        words.ratio(value),
        label=t("Abandoned"),
        status=mark,
        target=target,
        more=t(
            "today, {abandoned} of {n}, short ones left out",
            abandoned=words.number(abandoned),
            n=words.number(n),
        ),
        n=n,
        why=t("No call has been offered today.") if value is None else None,
    )


def average_speed_of_answer_seconds(scene: Scene, tile: Tile) -> Drawn:
    """How long today's answered callers waited on average."""
    row = scene.totals
    value, n = row["average_speed_of_answer_seconds"], row["answered_calls"]
    mark, target = _limited(scene, tile, value, unit="seconds", n=n)
    return number(
        words.duration(value),
        label=t("Answer speed"),
        status=mark,
        target=target,
        more=t_count("today, {n} answered", "today, {n} answered", n),
        n=n,
        why=t("No call has been answered today.") if value is None else None,
    )


def in_progress_calls(scene: Scene, tile: Tile) -> Drawn:
    """How many talk now."""
    row = scene.totals
    mark, target = _limited(scene, tile, row["in_progress_calls"], unit="calls")
    return number(
        words.number(row["in_progress_calls"]),
        label=t("In progress"),
        status=mark,
        target=target,
        more=t_count("{n} offered today", "{n} offered today", row["offered_calls"]),
    )


def offered_calls(scene: Scene, tile: Tile) -> Drawn:
    """How many came today."""
    row = scene.totals
    mark, target = _limited(scene, tile, row["offered_calls"], unit="calls")
    return number(
        words.number(row["offered_calls"]),
        label=t("Offered today"),
        status=mark,
        target=target,
        more=t_count("{n} answered", "{n} answered", row["answered_calls"]),
    )


def no_queue(scene: Scene) -> str:
    """That the wall is made for queues of a name that none has."""
    text = scene.wall.queue_text
    return t("No queue has “{text}” in its name. Change queue= in the wall's address.", text=text)


def _kind(
    name: str,
    label: str,
    about: str,
    drawn: Callable[[Scene, Tile], Drawn],
    audiences: tuple[str, ...] = EVERYBODY,
) -> Kind:
    def of_queues(scene: Scene, tile: Tile) -> Drawn:
        if scene.wall.queue_text and scene.queues.is_empty():
            mark, target = blocks.status("none", t("Unknown")), t("no target")
            return number(words.UNKNOWN, label=t(label), status=mark, target=target, why=no_queue(scene))
        return drawn(scene, tile)

    return Kind(
        name,
        label,
        about,
        of_queues,
        audiences=audiences,
        has_threshold=True,
        questions=("live_queues", "live_totals"),
        is_big_number=True,
    )


KINDS = (
    _kind("waiting_calls", "Waiting now", "How many callers wait, and the longest for how long.", waiting_calls,
          audiences=NOT_AGENTS),
    _kind("oldest_wait_seconds", "Longest wait", "How long the caller who waits longest has waited.",
          oldest_wait_seconds, audiences=NOT_AGENTS),
    _kind("service_level_today", "Service level",
          "The share of today's calls that were answered in time, against the promise.", service_level_today),
    _kind("service_level_15_minutes", "Service level, 15 min", "The same of the last 15 minutes.",
          service_level_15_minutes, audiences=NOT_AGENTS),
    _kind("service_level_30_minutes", "Service level, 30 min", "The same of the last 30 minutes.",
          service_level_30_minutes, audiences=NOT_AGENTS),
    _kind("abandonment_ratio", "Abandoned today", "The share of today's callers who gave up; short ones left out.",
          abandonment_ratio, audiences=NOT_AGENTS),
    _kind("average_speed_of_answer_seconds", "Average speed of answer",
          "How long today's answered callers waited on average.", average_speed_of_answer_seconds),
    _kind("in_progress_calls", "In progress", "How many callers talk to somebody now.", in_progress_calls),
    _kind("offered_calls", "Offered today", "How many calls came today.", offered_calls),
)  # fmt: skip
