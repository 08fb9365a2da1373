"""Whether there is a game on this site at all, as the settings of a site have it.

In: the table [game] of floorboard.toml. Out: one typed value, whole without the table.
The rule it guards: a site that has switched the game off writes no point and shows none, whatever rules are published.
"""

from __future__ import annotations

from etl.sign_in_settings import SafeAddress
from etl.sources import Table


class GameSettings(Table):
    """The game: points, badges, boards, contests, rewards."""

    enabled: bool = True
    """Off: nothing is counted for the game, and its pages say so; what was written stays until it is on again."""
    public_url: SafeAddress | None = None
    """By which address others reach the site; without it, and without `address` in [sign_in], no badge is taken home."""
