"""Whether there is a game on this site, as its settings say.

In: what the settings say, given once when the pages start. Out: the same for every page of the game.
The rule it guards: where nothing was said there is a game as soon as a rule is on; where it is switched off no page
shows a point.
"""

from __future__ import annotations

_in_force = [True]


def is_on() -> bool:
    """Whether the site has a game."""
    return _in_force[0]


def put_in_force(is_enabled: bool) -> None:
    """Says once, when the pages start, whether it has."""
    _in_force[0] = is_enabled
