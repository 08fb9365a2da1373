"""Payloads of walls, drawn by hand in the words of the product: a floor, a wall of agents, an extreme site.

In: how many queues, how long the words. Out: dictionaries as the server sends them.
The rule it guards: the shapes are those of the contract, and nothing in them comes from a warehouse.
"""

from __future__ import annotations

import math
import time
from typing import Any
from urllib.parse import quote

from dashboard.game import badge_art
from tests.e2e.wall_server import asset

Tile = dict[str, Any]
SHAPES = {"good": "circle", "near": "triangle", "off": "square", "none": "dash"}
AT_MS = 1_795_426_320_000
"""A Monday in November 2026, 10:32 in Berlin; the present of the boards that stand still."""


def payload(tiles: list[Tile], **others: Any) -> dict[str, Any]:
    """A whole payload of these tiles."""
    return {
        "v": 1,
        "asset": asset(),
        "board": {"name": "floor", "title": "Supervisors' floor"},
        "turn": {"place": 0, "count": 1, "ends_ms": None, "is_pinned": False, "names": ["Supervisors' floor"]},
        "site": "Harbour", "zone": "Europe/Berlin", "lang": "en", "theme": "dark",
        "now_ms": AT_MS, "speed": 1, "is_past": False, "late_seconds": 8,
        "age": {"tone": "good", "shape": "circle", "word": "Live", "newest_ms": AT_MS - 2000},
        "words": {}, "is_quiet": False, "has_sound": False,
        "tiles": tiles, "banner": [], "message": None, "celebration": None,
        **others,
    }  # fmt: skip


def still(tiles: list[Tile], **others: Any) -> dict[str, Any]:
    """A payload whose clock stands: what a picture is taken of."""
    return payload(tiles, frozen=True, **{"speed": 1e-9, **others})


def tile(key: str, kind: str, label: str, width: int, height: int, **others: Any) -> Tile:
    """A tile that stands for nothing good or bad."""
    size = {"width": width, "height": height}
    return {
        "key": key,
        "kind": kind,
        "label": label,
        **size,
        "tone": "none",
        "shape": "dash",
        "word": "",
        **others,
    }


def number(key: str, label: str, value: str, width: int = 4, height: int = 2, **others: Any) -> Tile:
    """A tile of one number."""
    tone = others.pop("tone", "good")
    return {"key": key, "kind": "number", "label": label, "value": value, "unit": "", "width": width, "height": height,
            "tone": tone, "shape": SHAPES[tone], "word": others.pop("word", "On target"), "target": "target 80% within 20 s",
            "more": "n = 214 · of all offered", **others}  # fmt: skip


def states(width: int = 6, height: int = 4, people: int = 0, now_ms: int = AT_MS) -> Tile:
    """The agents by what they do now."""
    rows = (
        ("available", "circle", "Available", 6), ("on_contact", "half", "On contact", 14),
        ("wrap_up", "ring", "Wrap-up", 3), ("paused", "bars", "Paused", 4),
    )  # fmt: skip
    items = [{"state": name, "shape": shape, "word": word, "count": str(n)} for name, shape, word, n in rows]
    long = [
        {
            "name": f"Agent {n} Kask",
            "word": "Wrap-up",
            "state": "wrap_up",
            "since_ms": now_ms - 200_000 - n * 7000,
        }
        for n in range(people)
    ]
    return tile("states", "states", "Agents signed in", width, height, value="27", items=items, people=long)


def queues(count: int, width: int = 12, height: int = 4, name: str = "Queue") -> Tile:
    """A table of queues, the busiest first."""
    tones = ("off", "near", "good", "good", "good")
    rows = []
    for n in range(count):
        tone, level = tones[n % 5], 0.62 + 0.07 * (n % 5)
        cells = [
            {"text": f"{name} {n + 1}"},
            {"text": str((7 * n) % 11)},
            {"text": "3:41", "since_ms": AT_MS - 221_000 + n},
            {"text": f"{level:.1%}", "tone": tone, "shape": SHAPES[tone], "share": level, "goal": 0.8},
        ]
        rows.append({"key": f"q{n}", "cells": cells})
    columns = [{"label": text} for text in ("Queue", "Waiting", "Longest", "Service level")]
    return tile(
        "queues", "rows", "Queues", width, height, columns=columns, rows=rows, nothing="No queue yet."
    )


def bars(width: int = 6, height: int = 4, name: str = "Team") -> Tile:
    """Teams against their goal."""
    teams = (("North", 0.86, "good"), ("East", 0.78, "good"), ("South", 0.71, "near"), ("West", 0.52, "off"))
    rows = [
        {"key": word, "name": f"{name} {word}", "text": f"{share:.0%}", "share": share, "goal": 0.75, "tone": tone,
         "shape": SHAPES[tone], "word": ""}
        for word, share, tone in teams
    ]  # fmt: skip
    return tile("teams", "bars", "Solved at first contact", width, height, rows=rows)


def line(width: int = 6, height: int = 4) -> Tile:
    """Calls through the day against what was expected."""
    wave = [0.5 + 0.35 * math.sin(n / 48 * 3.14 * 1.5 - 0.8) for n in range(49)]
    expected = [[n / 48, y] for n, y in enumerate(wave)]
    labels = ((0, "08:00"), (0.25, "11:00"), (0.5, "14:00"), (0.75, "17:00"), (1, "20:00"))
    return tile(
        "line", "line", "Offered against forecast", width, height,
        actual=[[n / 48, min(1.0, y + 0.06 * math.sin(n))] for n, y in enumerate(wave[:27])],
        expected=expected, band=[[x, max(0, y - 0.08), min(1, y + 0.08)] for x, y in expected],
        labels=[{"x": x, "text": text} for x, text in labels],
        now_x=26 / 48, actual_word="Offered", expected_word="Forecast",
    )  # fmt: skip


def news(width: int = 6, height: int = 4, count: int = 3) -> Tile:
    """Good news, one line each."""
    items = [
        {"key": f"n{n}", "title": f"Goal {n + 1} reached", "text": "Solved at first contact: 82%, goal 80%",
         "shape": "circle", "tone": "good"}
        for n in range(count)
    ]  # fmt: skip
    return tile("news", "list", "Good news", width, height, items=items, nothing="Nothing yet.")


def floor(queue_count: int = 4, **others: Any) -> dict[str, Any]:
    """The board that stands on most walls: three numbers, the states, the line and the queues."""
    tiles = [
        number("waiting", "Waiting now", "7", 4, 3, tone="near", word="above 5", target="target: up to 5", more="",
               since={"before": "longest for", "at_ms": AT_MS - 95_000, "text": "1:35"}),
        number("level", "Service level today", "84.7%", 4, 3, share=0.847, goal=0.8),
        number("level15", "Service level, 15 min", "71.4%", 4, 3, tone="off", word="Below target", share=0.714, goal=0.8),
        states(4, 5),
        queues(queue_count, 8, 5),
    ]  # fmt: skip
    return payload(tiles, **others)


def reached(width: int, height: int) -> dict[str, Any]:
    """What people reached, each with the picture of the badge; one name is long."""
    art = "data:image/svg+xml," + quote(badge_art.svg("x", "quality", "gold"))
    names = ("Aino Mäkelä", "Rechtsschutzversicherung Kundenrückgewinnung-Oberhauser", "Bo Berg")
    items = [
        {"key": str(place), "title": name, "text": "First-time fixer · Gold · 13:25", "tone": "good", "shape": "circle",
         "art": art}
        for place, name in enumerate(names)
    ]  # fmt: skip
    return tile("reached", "list", "Reached this week", width, height, items=items)


def agents(**others: Any) -> dict[str, Any]:
    """What agents see on their wall: their teams, what people reached, goals and good news."""
    tiles = [
        bars(6, 4),
        reached(6, 4),
        news(4, 4),
        number("level", "Service level today", "84.7%", 4, 4, share=0.847, goal=0.8),
        line(4, 4),
    ]
    return payload(tiles, **{"board": {"name": "agents", "title": "Agents' wall"}, **others})


def mixed(**others: Any) -> dict[str, Any]:
    """Every kind of tile at once."""
    clock = tile("clock", "clock", "Time", 4, 3)
    text = tile("text", "text", "From the floor", 4, 3, text="Fire drill at three. Take your coat.")
    unknown = number("unknown", "Average speed of answer", "–", 4, 3, tone="none", word="", target="no target",
                     more="", why="No call has been answered today.")  # fmt: skip
    return payload([clock, text, unknown, states(4, 5, people=5), line(4, 5), news(4, 5, 9)],
                   **{"board": {"name": "mixed", "title": "Mixed"}, **others})  # fmt: skip


def extreme(queue_count: int, **others: Any) -> dict[str, Any]:
    """Long German words and huge numbers."""
    word = "Rechtsschutzversicherungsgesellschaften Kundenrückgewinnung"
    tiles = [
        number("a", "Durchschnittliche Annahmegeschwindigkeit", "12:34:56", 3, 2, target="Ziel: höchstens 20 Sekunden"),
        number("b", "Wartende Anrufe", "1.234.567.890", 3, 2, tone="off", word="Zielvereinbarung verfehlt"),
        number("c", "Servicegrad", "99,9 %", 2, 2, tone="near", word="Knapp darunter", share=0.999, goal=0.8),
        number("d", "Abbruchquote", "0,1 %", 4, 2, word="Im Rahmen", target="Ziel: bis 5 %"),
        queues(queue_count, 7, 6, name=word), bars(5, 6, name=word),
    ]  # fmt: skip
    return payload(
        tiles,
        **{"lang": "de", "site": word, "board": {"name": "extrem", "title": word + " " + word}, **others},
    )


def alert(number_: int = 1, *, may_acknowledge: bool = True) -> dict[str, Any]:
    """One alert that nobody has seen yet."""
    return {
        "key": f"r1-all-{number_}", "title": "Longest wait · all queues", "text": "6:12 · limit 5:00",
        "tone": "off", "shape": "square", "word": "Critical", "since_ms": AT_MS - 125_000,
        "may_acknowledge": may_acknowledge, "rule_id": 1, "scope_id": "all", "firing_number": number_,
    }  # fmt: skip


def now_ms() -> int:
    """This second, as payloads count."""
    return round(time.time() * 1000)
