"""What a viewer may see: every answer of the warehouse is asked as whoever looks, and shared only inside one scope.

In: a viewer, as the door knows them. Out: a connection that reads, or changes, as that viewer.
The rule it guards: without a sign-in on this site there is one viewer who sees everything; with one, the database itself
finds out who asks, and refuses what they may not see.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from dashboard.words import t
from sql import audit, changes, rights, warehouse

DEADLINE_SECONDS = 5.5  # a reader waits no longer: with what a page itself takes, 6 seconds
EVERYONE = "everyone"
SessionError = rights.SessionError
ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person in front of a page; `scope_name` is part of the key of every cached answer.

    Viewers of one scope see the same rows. agent_id: whose own figures they are; None but for an agent's account.
    """

    viewer_name: str
    scope_name: str
    role_name: str = ADMINISTRATOR
    agent_id: int | None = None
    team_ids: tuple[int, ...] = ()
    """The teams whose agents a supervisor sees."""
    board_text: str | None = None
    """The one address that a wall display shows; None for every person."""
    token: str | None = field(default=None, repr=False, compare=False)
    """What proves to the database who asks; None where nobody signs in on this site."""

    @property
    def is_administrator(self) -> bool:
        """Whether this person may see and change what is read and loaded."""
        return self.role_name == ADMINISTRATOR

    def may_change(self, change_name: str) -> bool:
        """Whether this person's role may make a change of that name; which rows are theirs to change, the desk asks."""
        return self.role_name in changes.roles_of(change_name)

    def may_open(self, page_name: str) -> bool:
        """Whether the page stands in this person's menu; every other one does not exist for them."""
        return self == NOBODY or self.role_name in rights.roles_of_page(page_name)


LOCAL_VIEWER = Viewer(viewer_name="local", scope_name=EVERYONE)
NOBODY = Viewer(viewer_name="", scope_name="nobody", role_name="nobody", token="")


def _refuse_unknown(viewer: Viewer) -> None:
    if viewer.token is None and viewer.scope_name != LOCAL_VIEWER.scope_name:
        raise warehouse.WarehouseError(
            t("There is no scope named '{scope}'. Reload the page.", scope=viewer.scope_name)
        )


@contextmanager
def transaction(engine: sa.Engine, viewer: Viewer) -> Iterator[sa.Connection]:
    """A connection that reads as this viewer; raises WarehouseError where the warehouse fails, SessionError where the
    viewer has signed out."""
    _refuse_unknown(viewer)
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        if viewer.token is not None:
            rights.enter(connection, viewer.token)
        yield connection


@contextmanager
def change(engine: sa.Engine, viewer: Viewer) -> Iterator[sa.Connection]:
    """A connection that may change something for this viewer: all others of the pages only read.

    It is the owner's, so whoever asks for it says before what the viewer may change.
    """
    _refuse_unknown(viewer)
    with (
        audit.acting("open", person_name=viewer.viewer_name),
        warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection,
    ):
        warehouse.execute(connection, "requests/may_change")  # Postgres takes it before any question only
        if viewer.token is not None:  # over or revoked: nothing is changed any more
            rights.claim(connection, viewer.token)
        yield connection


@contextmanager
def as_viewer(connection: sa.Connection, viewer: Viewer) -> Iterator[None]:
    """For the length of the block a connection of `change` reads as this viewer, what it has changed itself included."""
    if viewer.token is None:
        yield
        return
    with connection.begin_nested() as looked:
        rights.enter(connection, viewer.token)
        yield
        looked.rollback()  # with it goes whoever has entered
    connection.execution_options(floorboard_asks=None)
