"""The command that measures the guards of the game: how many who cheat they find, and how many honest agents they flag.

In: a seed, how many invented floors, and where the page is to be written. Out: the page, or the figures as JSON.
The rule it guards: what is written is what was measured just now; exit code 1 where the guards do not see well enough.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from floorboard.terminal import AsJson, FrontDoorError, show, tell

PAGE = Path("docs") / "game-guards.md"


def measure_guards(
    seed: Annotated[int, typer.Option(help="The same seed makes the same floors.")] = 10,
    floors: Annotated[int, typer.Option(min=1, max=200, help="Floors of 60 agents, four weeks each.")] = 10,
    write: Annotated[bool, typer.Option("--write", help=f"Write the page {PAGE} below this folder.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the guards on invented floors where some cheat in known ways; takes a minute for each two floors."""
    from etl.demo_home import enter_home_in_use
    from etl.game.guard_measure import measure
    from etl.game.guard_report import markdown
    from sql.embedded import attached

    if write and not PAGE.parent.is_dir():
        raise FrontDoorError(
            f"There is no folder {PAGE.parent} here; expected the checkout. Change into it, then type this again."
        )
    enter_home_in_use()
    with attached() as url:
        measured = measure(url, seed=seed, floors=floors, tell=tell)
    if write:
        PAGE.write_text(markdown(measured), encoding="utf-8")
        tell(f"Wrote {PAGE}.")
    if as_json:
        show([measured.to_dict()], title="", as_json=True)
    elif not write:
        typer.echo(markdown(measured))
    if not measured.main.is_good:
        raise FrontDoorError(
            "The guards do not see well enough: the page tells which way of cheating is found too seldom, or which honest "
            "agents are flagged. Put the signs right (etl/game/guard_signs.py), then measure again."
        )
