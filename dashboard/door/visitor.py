"""Who is in front of a page: looked up on every run, so that whoever was signed out is gone within seconds.

In: the cookie of the browser that asks. Out: the viewer, or none where somebody has to sign in first.
The rule it guards: an identity is never remembered for longer than ten seconds, and never told by the page itself.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from dashboard.access import EVERYONE, LOCAL_VIEWER, Viewer
from dashboard.door import accounts, sessions
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

REMEMBERED_SECONDS = 10.0
MOST_SECONDS = 60.0  # while the warehouse does not answer: after that even a known face is asked again
DEADLINE_SECONDS = 5.5
MOST_REMEMBERED = 10_000
DEMO_VARIABLE = "FLOORBOARD_DEMO"


class SignedOutError(WarehouseError):
    """Whoever looks has to sign in first."""

    def __init__(self) -> None:
        super().__init__(t("You are signed out. Sign in again."))


@dataclass
class Visitors:
    """Who holds which token, remembered for ten seconds; asks the warehouse for everybody else."""

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    _seen: OrderedDict[str, tuple[float, Viewer | None]] = field(default_factory=OrderedDict)
    _has_accounts: tuple[float, bool] | None = None

    def viewer(self, token: str | None) -> Viewer:
        """The viewer who holds this token; raises SignedOutError where nobody does and this site asks for a sign-in.

        Raises WarehouseError while the warehouse does not answer: then nobody is let in, and nobody is sent away.
        """
        if token and (found := self._holder(token)):
            return found
        if self._is_open():
            return LOCAL_VIEWER
        raise SignedOutError

    def forget(self, token: str | None) -> None:
        """Looks this token up anew at its next run."""
        self._seen.pop(token or "", None)

    def _holder(self, token: str) -> Viewer | None:
        kept = self._seen.get(token)
        if kept is not None and self.clock() - kept[0] < REMEMBERED_SECONDS:
            return kept[1]
        try:
            with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                holder = sessions.holder(connection, token, now=self.now())
        except WarehouseError:
            if kept is not None and self.clock() - kept[0] < MOST_SECONDS:
                return kept[1]  # what is shown meanwhile is what was answered before
            raise
        found = viewer_of(holder, token) if holder else None
        self._seen[token] = (self.clock(), found)
        self._seen.move_to_end(token)
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return found

    def _is_open(self) -> bool:
        """Whether nobody signs in on this site; a demo is open to whoever chose no persona."""
        if os.environ.get(DEMO_VARIABLE) == "1":
            return True
        if self._has_accounts is None or self.clock() - self._has_accounts[0] >= REMEMBERED_SECONDS:
            try:
                with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                    self._has_accounts = (self.clock(), accounts.has_accounts(connection))
            except WarehouseError:
                if self._has_accounts is None:
                    raise
        return not self._has_accounts[1]


def viewer_of(holder: sessions.Holder, token: str) -> Viewer:
    """The viewer that a session's holder is; those who see the same rows share a scope."""
    rows = {
        "administrator": EVERYONE,
        "supervisor": "teams " + ",".join(str(team) for team in holder.team_ids),
        "agent": f"agent {holder.agent_id}",
    }
    scope_name = rows.get(holder.role_name, "")
    return Viewer(
        viewer_name=holder.login_name,
        scope_name=f"{holder.role_name}: {scope_name}",
        role_name=holder.role_name,
        agent_id=holder.agent_id,
        token=token,
    )
