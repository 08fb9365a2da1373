"""The commands about wall displays: say yes to a screen, put one on the list, see them all, take one down.

In: what a person on the console types. Out: a screen that shows its board, an address that opens once, or a list.
The rule it guards: nobody's account hangs on a wall; the address of a display is told once, and never kept.
"""

from __future__ import annotations

from typing import Annotated

import typer

from floorboard.accounts import changing, wall
from floorboard.terminal import AsJson, show, tell

device_app = typer.Typer(help="Screens on the wall, and what each shows.", no_args_is_help=True)
Board = Annotated[
    str,
    typer.Option(
        "--board",
        help="What it shows: a board such as floor, or a wall's address such as '/wall/show?boards=floor,agents'.",
    ),
]
Name = Annotated[str, typer.Argument(help="What the display is called, such as 'Floor 2 east'.")]
CONSOLE = "console"


@device_app.command("approve")
def device_approve(
    code: Annotated[str, typer.Argument(help="The eight letters that the screen shows.")],
    name: Annotated[str, typer.Option(help="What the display is called, such as 'Floor 2 east'.")],
    board: Board = "floor",
) -> None:
    """Say yes to the screen that shows a code on its page /wall."""
    from dashboard.door import devices

    with changing(is_first=True) as connection:
        given = {"device_name": name, "board_text": board, "made_by_name": CONSOLE}
        shown = devices.approve(connection, code, **given, now=wall())
    tell(f"{name.strip()} shows {shown} within a few seconds, until it is revoked.")


@device_app.command("add")
def device_add(name: Name, board: Board = "floor") -> None:
    """Put a display on the list; gives the address that opens it once."""
    from dashboard.door import devices

    with changing(is_first=True) as connection:
        token = devices.add(connection, name, board_text=board, made_by_name=CONSOLE, now=wall())
    tell(
        f"{name.strip()} waits for its screen. Open this path of the site's address there, once, within a week; it is "
        "not shown again:"
    )
    typer.echo(devices.link_path(token))


@device_app.command("list")
def device_list(as_json: AsJson = False) -> None:
    """Every display: its board, and whether it is open, waits for its screen, or was revoked."""
    from dashboard.door import devices

    with changing() as connection:
        found = devices.listed(connection, as_of=wall())
    show(found, title="Wall displays", as_json=as_json)


@device_app.command("revoke")
def device_revoke(name: Name) -> None:
    """Take a display down: its screen goes dark within ten seconds, and its token opens nothing any more."""
    from dashboard.door import devices

    with changing() as connection:
        devices.revoke(connection, name, now=wall())
    tell(f"{name.strip()} is revoked; its screen goes dark within ten seconds.")
