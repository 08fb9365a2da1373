"""Every kind of tile that a board may have, by its name.

In: the kinds of each subject. Out: one `Kind` per name.
The rule it guards: a tile that is not listed here is not drawn, and its place says so.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.wall import tile_agents, tile_calls, tile_day, tile_game, tile_news, tile_queues, tile_sources
from dashboard.wall.boards import Board
from dashboard.wall.tile_parts import Kind
from dashboard.words import t

__all__ = ["KINDS", "MOST_BIG_NUMBERS", "Kind", "hints"]
MOST_BIG_NUMBERS = 6
"""More than these nobody takes in from five metres."""

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for wing in (tile_calls, tile_queues, tile_agents, tile_day, tile_news, tile_game, tile_sources)
    for kind in wing.KINDS
}


def hints(board: Board) -> list[str]:
    """What could be better about a board that can be drawn as it is, a sentence each; none where all is well."""
    numbers = sum(one.shows in KINDS and KINDS[one.shows].is_big_number for one in board.tiles)
    if numbers <= MOST_BIG_NUMBERS:
        return []
    return [
        t(
            "{found} big numbers stand on this board; from five metres nobody takes in more than {most}. Move some to a "
            "second board, and let the two take turns.",
            found=numbers,
            most=MOST_BIG_NUMBERS,
        )
    ]
