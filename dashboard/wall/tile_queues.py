"""The table of queues on a wall: who waits in each, for how long, and how each stands against its own promise.

In: the floor at one instant. Out: the tile's part of the payload.
The rule it guards: queues stand by name and never move by themselves, and each is held against its own target.
"""

from __future__ import annotations

from dashboard import board as blocks
from dashboard import words
from dashboard.board import Block, Row
from dashboard.wall.boards import Tile
from dashboard.wall.thresholds import Standing
from dashboard.wall.tile_calls import level_threshold, no_queue
from dashboard.wall.tile_parts import NOT_AGENTS, Drawn, Kind, Scene, options, since, target_word
from dashboard.words import t, t_count

MOST_QUEUES = 24


def queues(scene: Scene, tile: Tile) -> Drawn:
    """One row per queue, by name; past the most of them it is said how to see the others."""
    found = scene.queues
    most = max(1, int(options(tile, {"most": MOST_QUEUES})["most"]))
    left = max(0, found.height - most)
    return {
        "kind": "rows",
        "label": t("Queues"),
        **blocks.status("none", ""),
        "columns": [
            t("Queue"),
            t("Waiting"),
            t("Longest"),
            t("Service level"),
            {"label": t("Target"), "wide": True},
            {"label": t("n"), "wide": True},
        ],
        "rows": [_row(scene, tile, row) for row in found.head(most).iter_rows(named=True)],
        "nothing": "" if found.height else no_queue(scene) if scene.wall.queue_text else t("No queue yet."),
        "more": t_count(
            "{n} more queue: name it in the wall's address, queue=…",
            "{n} more queues: name some in the wall's address, queue=…",
            left,
        )
        if left
        else "",
    }


def _word(standing: Standing) -> str:
    """The word of a queue's service level, as short as a table needs it."""
    if standing.why != "judged" or standing.is_pending or standing.is_easing:
        return {"few": t("few"), "unknown": ""}.get(standing.why, target_word(standing))
    return {"good": t("on target"), "near": t("just below"), "off": t("below")}[standing.tone]


def _row(scene: Scene, tile: Tile, row: Row) -> Block:
    oldest = row["oldest_wait_seconds"]
    value, n, target = row["service_level_ratio"], row["decided_calls"], row["service_level_target_ratio"]
    standing = scene.stand(value, n, level_threshold(row, tile), part=f"/{row['queue_id']}")
    is_late = oldest is not None and oldest > row["service_level_threshold_seconds"]
    mark = blocks.status(standing.tone, _word(standing))
    return {
        "key": str(row["queue_id"]),
        "tone": standing.tone,
        "cells": [
            words.name(row["queue_name"]),
            words.number(row["waiting_calls"]),
            words.UNKNOWN
            if oldest is None
            else {
                "since_ms": since(scene.at.now, oldest)["at_ms"],
                **(blocks.status("off", t("late")) if is_late else {}),
            },
            {
                "text": words.ratio(value, against=target),
                **({} if value is None else {"share": round(value, 4), "goal": target}),
                **mark,
            },
            words.target_ratio(target),
            words.number(n),
        ],
    }


KINDS = (
    Kind(
        "queues",
        "Queues",
        "Every queue by name: who waits, for how long, and its service level against its own target.",
        queues,
        audiences=NOT_AGENTS,
        least_width=5,
        least_height=3,
        has_threshold=True,
        questions=("live_queues",),
        options=("most",),
    ),
)
