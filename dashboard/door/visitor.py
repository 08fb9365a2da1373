"""Who is in front of a page: looked up on every run, so that whoever was signed out is gone within seconds.

In: the cookie of the browser that asks. Out: the viewer, or none where somebody has to sign in first.
The rule it guards: an identity is never remembered for longer than ten seconds, and never told by the page itself.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import anyio
import anyio.to_thread
import sqlalchemy as sa

from dashboard.access import EVERYONE, LOCAL_VIEWER, Viewer
from dashboard.door import accounts, personas, sessions, sign_in_rules
from dashboard.door.sign_in_rules import SignInRules
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

REMEMBERED_SECONDS = 10.0
USED_SECONDS = 60.0  # that somebody uses a session is noted once within this time
MOST_SECONDS = 60.0  # while the warehouse does not answer: after that even a known face is asked again
DEADLINE_SECONDS = 5.5
LOOK_SECONDS = 6.0
MOST_REMEMBERED = 10_000
DEMO_VARIABLE = "FLOORBOARD_DEMO"
Kept = TypeVar("Kept")
_LOCK = threading.Lock()


class SignedOutError(WarehouseError):
    """Whoever looks has to sign in first."""

    def __init__(self) -> None:
        super().__init__(t("You are signed out. Sign in again."))


async def who_asks(
    token: str | None, viewer: Callable[[str | None], Viewer], *, told_name: str | None = None
) -> Viewer:
    """Who asks beside the pages, by the session in their cookie.

    told_name: whom a trusted proxy names; it must be the same person. Raises SignedOutError, or WarehouseError while nobody
    can tell.
    """
    try:
        with anyio.fail_after(LOOK_SECONDS):
            found = await anyio.to_thread.run_sync(viewer, token, abandon_on_cancel=True)
    except TimeoutError:
        raise WarehouseError(t("The warehouse does not answer. Try again in a moment.")) from None
    if told_name is not None and found.viewer_name.casefold() != told_name.casefold():
        raise SignedOutError
    return found


@dataclass
class Visitors:
    """Who holds which token, remembered for ten seconds; asks the warehouse for everybody else."""

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    rules: Callable[[], SignInRules] = sign_in_rules.in_force
    is_quiet: Callable[[], bool] = lambda: False
    """Whether somebody has just waited for the warehouse in vain: then no known face makes its page wait again."""
    heard_nothing: Callable[[WarehouseError], None] = lambda _error: None
    """Told when the warehouse did not answer here."""
    _seen: OrderedDict[str, tuple[float, Viewer | None]] = field(default_factory=OrderedDict)
    _used: OrderedDict[str, float] = field(default_factory=OrderedDict)
    _has_accounts: tuple[float, bool] | None = None
    _personas: tuple[float, tuple[tuple[str, str], ...]] | None = None

    def viewer(self, token: str | None) -> Viewer:
        """The viewer who holds this token; raises SignedOutError where nobody does and this site asks for a sign-in.

        Raises WarehouseError while the warehouse does not answer: then nobody is let in, and nobody is sent away.
        """
        if token and (found := self._holder(token)):
            return found
        if self._is_open():
            return LOCAL_VIEWER
        raise SignedOutError

    def holders(self, tokens: Collection[str | None]) -> dict[str | None, Viewer | None]:
        """Who holds each of these tokens now, past everything that is remembered; None for one that is worth nothing.

        Asked once for all of them, by whoever looks without end. Raises WarehouseError while nobody can tell.
        """
        told = [token for token in tokens if token]
        found: dict[str | None, Viewer | None] = {None: LOCAL_VIEWER if self._is_open() else None}
        if told:
            with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                held = sessions.holders(connection, told, now=self.now())
            for token in told:  # the next page that they open is told the same
                found[token] = self._viewer_of(held.get(token), token)
                _keep(self._seen, token, (self.clock(), found[token]))
        return found

    def note_use(self, token: str | None) -> None:
        """Somebody has opened or changed a page with this token: where sessions end without use, this one goes on."""
        idle = self.rules().idle
        if not token or idle is None or self.clock() - self._used.get(token, -USED_SECONDS) < USED_SECONDS:
            return
        try:
            with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                warehouse.execute(connection, "requests/may_change")
                sessions.renew(connection, token, now=self.now(), idle=idle, lasts=self.rules().lasts)
        except WarehouseError:
            return  # it is noted at the next use
        _keep(self._used, token, self.clock())

    def forget(self, token: str | None) -> None:
        """Looks this token up anew at its next run."""
        with _LOCK:
            self._seen.pop(token or "", None)
            self._used.pop(token or "", None)

    def personas(self) -> tuple[tuple[str, str], ...]:
        """As whom the demo can be looked at: name and label of each; none where these pages show no demo."""
        if not is_demo():
            return ()
        if self._personas is None or self.clock() - self._personas[0] >= REMEMBERED_SECONDS:
            try:
                with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                    found = personas.listed(connection)
            except WarehouseError:
                return self._personas[1] if self._personas else ()
            self._personas = (self.clock(), tuple(found.iter_rows()))
        return self._personas[1]

    def _holder(self, token: str) -> Viewer | None:
        kept = self._seen.get(token)
        if kept is not None and self.clock() - kept[0] < REMEMBERED_SECONDS:
            return kept[1]
        if kept is not None and self.clock() - kept[0] < MOST_SECONDS and self.is_quiet():
            return kept[1]
        try:
            with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                holder = sessions.holder(connection, token, now=self.now())
        except WarehouseError as error:
            self.heard_nothing(error)
            if kept is not None and self.clock() - kept[0] < MOST_SECONDS:
                return kept[1]  # what is shown meanwhile is what was answered before
            raise
        found = self._viewer_of(holder, token)
        _keep(self._seen, token, (self.clock(), found))
        return found

    @staticmethod
    def _viewer_of(holder: sessions.Holder | None, token: str) -> Viewer | None:
        is_known = holder is not None and (not holder.is_persona or is_demo())
        return viewer_of(holder, token) if holder and is_known else None

    def _is_open(self) -> bool:
        """Whether nobody signs in on this site; a demo, whose accounts are personas alone, is such a one."""
        if self.rules().is_asked:
            return False
        known = self._has_accounts
        is_old = known is None or self.clock() - known[0] >= REMEMBERED_SECONDS
        if known is None or (is_old and not self.is_quiet()):
            try:
                with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
                    self._has_accounts = (self.clock(), accounts.has_accounts(connection))
            except WarehouseError as error:
                self.heard_nothing(error)
                if self._has_accounts is None:
                    raise
        assert self._has_accounts is not None  # it was known, or has just been found
        return not self._has_accounts[1]


def _keep(where: OrderedDict[str, Kept], token: str, what: Kept) -> None:
    with _LOCK:  # many tabs at once
        where[token] = what
        where.move_to_end(token)
        while len(where) > MOST_REMEMBERED:
            where.popitem(last=False)


def is_demo() -> bool:
    """Whether these pages show the demo, in which personas stand for people; nowhere else do they sign in."""
    return os.environ.get(DEMO_VARIABLE) == "1"


def viewer_of(holder: sessions.Holder, token: str) -> Viewer:
    """The viewer that a session's holder is; those who see the same rows share a scope.

    Only whoever sees everybody and a wall share one: of the others each finds what they made themselves, too. A scope
    ends with the rights it was made of: another role, another agent or other teams are another scope.
    """
    whose = f"account {holder.account_id}, "
    rows = {
        "administrator": EVERYONE,
        "manager": EVERYONE,
        # Also who is in the teams: what was kept of a team does not outlive an agent's leaving it.
        "supervisor": f"{whose}teams {','.join(str(team) for team in holder.team_ids)} {holder.agents_text}",
        "agent": f"{whose}agent {holder.agent_id}",
        "executive": whose + "sums",
    }
    scope_name = rows.get(holder.role_name, "")
    return Viewer(
        viewer_name=holder.login_name,
        scope_name=f"{holder.role_name}: {scope_name}",
        role_name=holder.role_name,
        agent_id=holder.agent_id,
        team_ids=holder.team_ids,
        board_text=holder.board_text,
        token=token,
    )
