"""Who is looking: every page asks here on every run, before it shows anything.

In: the request of a page. Out: the viewer with the scope of what they may see.
The rule it guards: no page and no cached answer without a viewer; a cached answer is shared only inside one
scope.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from sql import warehouse

DEADLINE_SECONDS = 5.5  # a reader waits no longer: with what a page itself takes, 6 seconds


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person in front of a page; `scope_name` is part of the key of every cached answer."""

    viewer_name: str
    scope_name: str

    @property
    def is_administrator(self) -> bool:
        """Whether this person may change what is read and loaded: only whoever sees everything may."""
        return self.scope_name == "everyone"


LOCAL_VIEWER = Viewer(viewer_name="local", scope_name="everyone")


def viewer() -> Viewer:
    """The person at this page: without sign-in, whoever can reach the address, with everything in view."""
    return LOCAL_VIEWER


@contextmanager
def transaction(engine: sa.Engine, scope_name: str) -> Iterator[sa.Connection]:
    """A connection that reads as the viewers of this scope; raises WarehouseError where the warehouse
    fails."""
    if scope_name != LOCAL_VIEWER.scope_name:
        raise warehouse.WarehouseError(
            f"There is no scope named '{scope_name}'; expected '{LOCAL_VIEWER.scope_name}'. Reload the page."
        )
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        yield connection


@contextmanager
def change(engine: sa.Engine, scope_name: str) -> Iterator[sa.Connection]:
    """A connection that may change something for the viewers of this scope: all others of the pages only read."""
    with transaction(engine, scope_name) as connection:
        warehouse.execute(connection, "requests/may_change")
        yield connection
