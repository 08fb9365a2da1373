"""The tiles about what keeps a wall true, and what is past its limits: sources, and alerts.

In: the floor at one instant. Out: the tiles' part of the payload.
The rule it guards: what is known of the present alone is not shown over the past.
"""

from __future__ import annotations

from datetime import datetime

from dashboard import board as blocks
from dashboard import state_view, words
from dashboard.board import Block, Row
from dashboard.goals import alert_view
from dashboard.wall.boards import Tile
from dashboard.wall.tile_parts import Drawn, Kind, Scene, unknown
from dashboard.words import t


def of_the_present(label: str, *, kind: str) -> Drawn:
    """A tile in the past that knows of the present alone."""
    return unknown(label, t("This is known of the present only, and you look at the past."), kind=kind)


def alerts(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """Every alert that fires and is not muted, the gravest first."""
    label = t("Alerts")
    if scene.at.is_past:
        return of_the_present(label, kind="list")
    found = alert_view.heard(scene.at.live("firing_alerts"))
    items = alert_view.firing(found, at=scene.at.now)["items"]
    return {
        "kind": "list",
        "label": label,
        **blocks.status("none", ""),
        "items": [
            {
                "key": item["key"],
                "title": f"{item['title']} · {item['scope']}",
                "text": f"{item['value']} · {item['limit']}" + (f" · {item['note']}" if item["note"] else ""),
                "tone": item["tone"],
                "shape": item["severity"]["shape"],
                "word": item["severity"]["word"],
            }
            for item in items
        ],
        "nothing": t("Nothing fires."),
    }


def sources(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """One row per source: how old its newest event is, when it was read, and whether all is well."""
    label = t("Sources")
    if scene.at.is_past:
        return of_the_present(label, kind="rows")
    health = scene.at.health
    silent = state_view.loader_is_silent(scene.at.live("loader"))
    rows = [_source(row, is_loader_silent=silent) for row in health.iter_rows(named=True)]
    return {
        "kind": "rows",
        "label": label,
        **blocks.status("none", ""),
        "columns": [
            t("Source"),
            {"label": t("Stands"), "kind": "text"},
            t("Newest event"),
            {"label": t("Its limit"), "wide": True},
            {"label": t("Last read"), "wide": True},
        ],
        "rows": rows,
        "nothing": t(
            "No source has been read yet; name one in floorboard.toml and run `floorboard etl run`."
        ),
    }


def _source(row: Row, *, is_loader_silent: bool) -> Block:
    found = source_status(row, is_loader_silent=is_loader_silent)
    return {
        "key": row["source_name"],
        "tone": found["tone"],
        "cells": [
            row["source_name"],
            {**found, "text": found["word"]},
            _since(row["newest_event_at"]),
            words.age(row["stale_after_seconds"]),
            _since(row["checked_at"]),
        ],
    }


def _since(instant: datetime | None) -> Block | str:
    return words.UNKNOWN if instant is None else {"since_ms": blocks.milliseconds(instant)}


def source_status(row: Row, *, is_loader_silent: bool) -> Block:
    """How a source stands, the gravest first: it cannot be read, is silent, was not read, differs, or is well."""
    if row["error_text"]:
        return blocks.status("off", t("Cannot be read"))
    if row["newest_event_at"] is None:
        return blocks.status("off", t("Nothing delivered yet"))
    if row["is_stale"]:
        return blocks.status("off", t("Silent"))
    if row["is_unread"] or is_loader_silent:
        return blocks.status("off", t("Not read"))
    if row["reconciliation_name"] in ("differs", "failed"):
        return blocks.status("near", t("Differs from its origin"))
    return blocks.status("good", t("Well"))


KINDS = (
    Kind(
        "alerts",
        "Alerts",
        "Every alert that fires now.",
        alerts,
        audiences=("supervisors", "executives", "everybody"),
        least_width=3,
        questions=("firing_alerts",),
    ),
    Kind(
        "sources",
        "Sources",
        "How old the newest event of each source is, and whether all is well.",
        sources,
        audiences=("supervisors", "executives", "everybody"),
        least_width=4,
        questions=("source_health", "loader"),
    ),
)
