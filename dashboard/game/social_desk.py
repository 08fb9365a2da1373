"""How the desks of thanks, contests, rewards and the month change something, and say why they did not.

In: the person at the page, the change, the work. Out: whether it was done; else a notice with the sentence.
The rule it guards: what is refused is told at the place where it was asked for, in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dashboard import board
from dashboard.game.social_states import SocialError
from dashboard.ui import clock, desk
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError


class Done:
    """What stands in for the answer of a change, where its number is no key of the row that was changed."""


def did(at: Moment, change_name: str, work: Callable[..., object], /, **values: Any) -> bool:
    """Whether it was done (`work` with a connection, the viewer, the instant and the values); else the page says why not."""
    who = at.viewer

    def as_viewer(connection: Any, **given: Any) -> Done:
        work(connection, viewer=who, at=clock.now(), **given)
        return Done()

    try:
        desk.change(who, change_name, as_viewer, **values)
    except (SocialError, WarehouseError) as error:
        refused(str(error))
        return False
    return True


def refused(text: str) -> None:
    """Says why nothing was done."""
    board.show(board.notice("off", t("Not done"), text), key="refused")
