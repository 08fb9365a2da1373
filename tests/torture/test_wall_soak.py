"""A wall that runs on and on in one browser: its memory, its page and its listeners stay as large as they were.

In: a board that changes every quarter of a second, with alerts, turns, messages and dropped lines in between.
Out: how the heap (after it was swept), the nodes of the page and the listeners went over time.
The rule it guards: a screen that nobody touches for weeks neither slows down nor falls over.
"""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import Browser, CDPSession

from tests.e2e import wall_boards as boards
from tests.e2e.conftest import browser  # noqa: F401 - the fixture
from tests.e2e.wall_server import WallServer, wall_server
from tests.torture.campaign import Campaign

LOOKS = 10
CYCLE = 48  # updates, after which both boards, an alert and a message were on
MOST_HEAP_GROWTH_RATIO = 0.05
"""Of the heap of the first look: what an hour may add; a leak of one node per update adds a multiple of it."""


def measured(session: CDPSession) -> dict[str, float]:
    """The heap after it was swept, and how much is on the page."""
    session.send("HeapProfiler.collectGarbage")
    found = session.send("Performance.getMetrics")["metrics"]
    named = {one["name"]: one["value"] for one in found}
    return {name: named[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


def slope(values: list[float]) -> float:
    """How much is added from the first to the last look, by the line of least squares through all of them."""
    n = len(values)
    middle, mean = (n - 1) / 2, sum(values) / n
    rise = sum((place - middle) * (value - mean) for place, value in enumerate(values))
    return rise / sum((place - middle) ** 2 for place in range(n)) * (n - 1)


def board_of(turn: int) -> dict[str, Any]:
    """What is on at that update: numbers move at each, the board turns, alerts and messages come and go."""
    alerts = [boards.alert(turn // 40)] if turn % 40 < 20 else []
    words = {"text": f"Message {turn // 60}", "tone": "near", "since_ms": boards.AT_MS}
    make = boards.floor if turn // 24 % 2 == 0 else boards.agents
    celebrated = {"key": f"c{turn // 50}", "title": "Goal reached", "text": "Team North", "lasts_ms": 1000}
    found = make(
        banner=alerts,
        message=words if turn % 60 < 12 else None,
        celebration=celebrated if turn % 50 < 4 else None,
        age={"tone": "good", "shape": "circle", "word": "Live", "newest_ms": boards.now_ms()},
    )
    for tile in found["tiles"]:
        if tile["kind"] == "number":
            tile["value"] = f"{40 + turn % 60}.{turn % 10}%"
    return found


def lived(server: WallServer, seconds: float, turn: int) -> int:
    """Updates for so long, four a second, and a dropped line now and then; the number of the next update."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        server.show(board_of(turn))
        if turn % 97 == 96:
            server.drop()
        turn += 1
        time.sleep(0.25)
    return turn


def test_a_wall_that_runs_on_grows_neither_in_memory_nor_in_nodes_nor_in_listeners(
    browser: Browser,  # noqa: F811 - the fixture
    campaign: Campaign,
) -> None:
    seconds = campaign.times(short=18, long=3600)
    context = browser.new_context(viewport={"width": 1920, "height": 1080})
    with wall_server() as server:
        server.show(board_of(0))
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{server.address}/wall/show?boards=floor,agents")
        page.wait_for_selector(".grid .tile", timeout=20_000)
        session = context.new_cdp_session(page)
        session.send("Performance.enable")
        for turn in range(CYCLE):  # until everything was drawn once
            server.show(board_of(turn))
            time.sleep(0.08)
        turn = lived(server, seconds * 0.1, CYCLE)
        looks: list[dict[str, float]] = []
        for _ in range(LOOKS):
            turn = lived(server, seconds * 0.7 / LOOKS, turn)
            server.show(board_of(0))  # the same board at each look
            page.wait_for_function(
                "document.querySelector('.grid[data-board=floor] .figure')?.textContent === '40.0%'"
            )
            looks.append(measured(session))
        context.close()
    heap, nodes, listeners = (
        [look[name] for look in looks] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")
    )
    campaign.record(
        "WS1",
        "a wall that runs on stays as large as it was",
        ran_seconds=seconds,
        updates_count=turn,
        heap_kilobytes=round(heap[-1] / 1024),
        heap_growth_kilobytes=round(slope(heap) / 1024),
        nodes_count=nodes[-1],
        node_growth_count=round(slope(nodes)),
        listeners_count=listeners[-1],
        listener_growth_count=round(slope(listeners)),
    )
    assert errors == []
    assert slope(heap) <= MOST_HEAP_GROWTH_RATIO * heap[0], heap
    assert abs(slope(nodes)) <= 0.1 * nodes[0], nodes
    assert abs(slope(listeners)) <= 2, listeners


def test_a_line_that_rises_is_seen_as_growth() -> None:
    assert slope([100.0] * 10) == 0
    # 10, 20 ... 100: from the first to the last look 90 were added
    assert round(slope([10.0 * n for n in range(1, 11)])) == 90
