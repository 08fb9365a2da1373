"""Keeps the views of a page that a person saves under a name: what its address says, and which one it opens with.

In: a connection that may write, the person, the page, a name, an address. Out: the view saved, renamed, deleted, or made
the start of the page.
The rule it guards: a view is an address and nothing more, belongs to one person, and names and numbers have limits.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from sql.warehouse import WarehouseError, execute

MOST_VIEWS = 50
"""How many views one person may keep of one page."""

LONGEST_NAME = 60
LONGEST_ADDRESS = 2000


def save(
    connection: Connection,
    *,
    viewer_name: str,
    page_name: str,
    view_name: str,
    address_text: str,
    saved_at: datetime,
    is_start: bool = False,
) -> None:
    """Keeps the view; one of the same name is replaced. Raises WarehouseError for a name or a number past the limits.

    is_start: of a view that is put back after it was deleted; a start that was chosen meanwhile stays.
    """
    name = _checked(view_name)
    if len(address_text) > LONGEST_ADDRESS:
        raise WarehouseError(
            f"This view's address has {len(address_text)} characters, expected at most {LONGEST_ADDRESS}. "
            "Take back some of what narrows it, and save it again."
        )
    who = {"viewer_name": viewer_name, "page_name": page_name}
    is_saved = execute(
        connection,
        "requests/saved_view_save",
        **who,
        view_name=name,
        address_text=address_text,
        is_start=is_start,
        saved_at=saved_at,
        most_rows=MOST_VIEWS,
    )
    if not is_saved:
        raise WarehouseError(
            f"There are {MOST_VIEWS} saved views of this page already, expected fewer. Delete one that is not needed."
        )


def rename(connection: Connection, *, viewer_name: str, view_id: int, view_name: str) -> None:
    """Gives the person's view another name; WarehouseError where another one has it or the name cannot be."""
    name = _checked(view_name)
    if not execute(
        connection, "requests/saved_view_rename", view_id=view_id, viewer_name=viewer_name, view_name=name
    ):
        raise WarehouseError(
            f'The view was not renamed: "{name}" is taken, or the view is gone. Give it another name.'
        )


def delete(connection: Connection, *, viewer_name: str, view_id: int) -> None:
    """Lets go of the person's view; of one that is gone already there is nothing to do."""
    execute(connection, "requests/saved_view_delete", view_id=view_id, viewer_name=viewer_name)


def start_with(connection: Connection, *, viewer_name: str, page_name: str, view_id: int | None) -> None:
    """Lets the page open with that view for this person; with None it opens as for everybody."""
    execute(connection, "requests/saved_view_no_start", viewer_name=viewer_name, page_name=page_name)
    if view_id is not None:
        execute(connection, "requests/saved_view_start", viewer_name=viewer_name, view_id=view_id)


def _checked(view_name: str) -> str:
    name = " ".join(view_name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise WarehouseError(
            f"A view's name has {len(name)} characters, expected 1 to {LONGEST_NAME} that can be read. Give it another name."
        )
    return name
