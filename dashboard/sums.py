"""Which answers about this second one viewer shares with others, and which are theirs alone.

In: a viewer, and the answers of the live questions. Out: the name of those who share their sums; the answers without,
and with, what the database tells this viewer and not the next one.
The rule it guards: what is shared was answered alike to every one of them by the database itself; what it tells of the
work of agents depends on whom the reader sees, and so is never taken over from another's answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cache
from time import monotonic

import polars as pl

from dashboard.access import Viewer
from sql import metrics, small_groups
from sql.rights import ROLES_THAT_SEE_EVERYBODY, SessionError
from sql.warehouse import WarehouseError

ROWS = ("live_agents",)
"""The live questions that are answered with rows of persons."""
PARTLY_OWN = ("live_queues", "live_totals")
"""Those that also tell of the work of agents: how many are in which state, how long they talk."""
ALIKE = frozenset({"wall_top", "wall_news", "wall_game_moments", "wall_game_kudos"})
"""Questions that are answered alike to every reader, so that those who share their sums are answered once."""
OWN_SECONDS = 1.5
OWN_ASKINGS = 10  # a second and role, in one process, however many look
FORGOTTEN_SECONDS = 120.0
_SEES_NOBODY = frozenset({"executive", "wall"})
_KEYS = {"live_queues": "queue_id"}
_REASONS = frozenset({small_groups.REASON[0], small_groups.FEWEST[0]})


def is_shared(viewer: Viewer) -> bool:
    """Whether the snapshot of this viewer's poller holds sums alone, which others of the role are answered, too.

    Those who see everybody share one scope already, with every row.
    """
    return viewer.token is not None and viewer.role_name not in ROLES_THAT_SEE_EVERYBODY


def scope_name(viewer: Viewer) -> str:
    """The name of those who are answered the same sums; part of the key of whatever is made of them."""
    return f"sums of every {viewer.role_name}" if is_shared(viewer) else viewer.scope_name


def own_questions(viewer: Viewer) -> tuple[str, ...]:
    """The live questions whose answers, or parts of them, are this viewer's alone; none where nothing is."""
    if not is_shared(viewer) or viewer.role_name == "wall":
        return ()
    return ROWS if viewer.role_name in _SEES_NOBODY else (*PARTLY_OWN, *ROWS)


def common(viewer: Viewer, answers: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The answers without what is told this viewer alone."""
    own = own_questions(viewer)
    return {
        name: answer.select(column for column in answer.columns if not (name in own and _is_own(column)))
        for name, answer in answers.items()
    }


def joined(question_name: str, shared: pl.DataFrame, own: pl.DataFrame) -> pl.DataFrame:
    """The shared answer with the viewer's own columns beside it; of rows of persons the viewer's own answer."""
    if question_name not in PARTLY_OWN:
        return own
    columns = [column for column in own.columns if _is_own(column)]
    if key := _KEYS.get(question_name):
        return shared.join(own.select(key, *columns), on=key, how="left", maintain_order="left")
    return shared.hstack(own.select(columns))


@cache
def _is_own(column_name: str) -> bool:
    """Whether a column tells of the work of agents, or why it is not told."""
    if column_name in _REASONS or small_groups.is_of_agents(column_name):
        return True
    return any(one.name == column_name and one.is_of_agents for one in metrics.metrics())


class OwnAnswers:
    """What is a viewer's alone, kept for some seconds: the longer, the more of the same role look.

    So the askings do not grow with the viewers. The key holds the viewer's scope; whoever has no session any more is
    answered nothing, also nothing that was known before.
    """

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Mapping[str, pl.DataFrame]]] = {}
        self._lock = threading.Lock()

    def of(
        self, viewer: Viewer, ask: Callable[[], Mapping[str, pl.DataFrame]], *, lookers: int
    ) -> Mapping[str, pl.DataFrame]:
        """What `ask` answers, or has answered just now; the last good one where the warehouse fails.

        lookers: how many of the viewer's role look at present. Raises WarehouseError where there never was an answer.
        """
        now = monotonic()
        with self._lock:
            known = self._kept.get(viewer.scope_name)
        if known is not None and now - known[0] < max(OWN_SECONDS, lookers / OWN_ASKINGS):
            return known[1]
        try:
            found = ask()
        except SessionError:
            with self._lock:
                self._kept.pop(viewer.scope_name, None)
            raise
        except WarehouseError:
            if known is None:
                raise
            return known[1]
        with self._lock:
            self._kept[viewer.scope_name] = (now, found)
            for name in [name for name, (at, _) in self._kept.items() if now - at > FORGOTTEN_SECONDS]:
                del self._kept[name]
        return found
