"""The commands about the trail: who saw, took along or changed what, and whether the trail is whole.

In: what is to be listed, or a line's number and hash that somebody wrote down. Out: lines; or the first one that is broken.
The rule it guards: exit code 0 only for a trail that is whole.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from floorboard.terminal import AsJson, From, FrontDoorError, To, show, tell
from floorboard.visits import answer, warehouse

audit_app = typer.Typer(help="The trail: who saw, took along or changed what.", no_args_is_help=True)
KINDS = ("saw", "exported", "changed", "access", "upkeep")
FAULTS = {
    "missing": "lines before it were taken out",
    "cut": "it does not follow from the line before",
    "beginning": "what stood before it was taken out, and not by the retention",
    "content": "it was changed",
    "actor": "who did it was changed",
    "actor_gone": "who did it was taken out",
}


@audit_app.command("list")
def audit_list(
    from_: From = None,
    to: To = None,
    kind: Annotated[str | None, typer.Option(help=f"One of {', '.join(KINDS)}.")] = None,
    who: Annotated[str | None, typer.Option(help="The name under which somebody acted.")] = None,
    agent: Annotated[int | None, typer.Option(help="The number of the agent whose data it was.")] = None,
    search: Annotated[str | None, typer.Option(help="A word in a line.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many lines.")] = 200,
    as_json: AsJson = False,
) -> None:
    """The newest lines of the last 30 days, or of a window."""
    from etl.schedule.clock import environment_clock

    if kind is not None and kind not in KINDS:
        raise FrontDoorError(f"Found --kind {kind}; expected one of {', '.join(KINDS)}.")
    now = environment_clock()()
    given = {
        "window_start": from_ or (now - timedelta(days=30)).isoformat(),
        "window_end": to or (now + timedelta(minutes=1)).isoformat(),
        "kind_name": kind,
        "person_name": who,
        "agent_id": None if agent is None else str(agent),
        "search_text": search,
        "limit_rows": str(limit),
    }
    found = answer("audit_lines", {name: text for name, text in given.items() if text is not None})
    show(found.drop("found_rows"), title="The trail", as_json=as_json)
    left = int(found[0, "found_rows"]) - found.height if found.height else 0
    if left:
        tell(f"{left:,} more; --limit shows them.")


@audit_app.command("check")
def audit_check(
    number: Annotated[
        int | None, typer.Option(help="The number of a line that was written down before.")
    ] = None,
    hash_: Annotated[str | None, typer.Option("--hash", help="Its hash; it must still stand so.")] = None,
    as_json: AsJson = False,
) -> None:
    """Walk the whole trail: does every line follow from the one before, and has none been changed or taken out?"""
    from sql import audit
    from sql.warehouse import connected

    if (number is None) != (hash_ is None):
        raise FrontDoorError(
            "Found one of --number and --hash; expected both, as an earlier check told them."
        )
    with warehouse(migrating=False) as engine, connected(engine, deadline_seconds=600.0) as connection:
        faults = audit.faults(connection)
        head = audit.head(connection).row(0, named=True)
        is_held = number is None or audit.holds(
            connection, line_number=number, sha256_text=str(hash_).lower()
        )
    sentences = [
        f"Line {row['line_number']}: {FAULTS[row['fault_name']]}." for row in faults.iter_rows(named=True)
    ]
    if not is_held:
        sentences.append(f"Line {number} does not stand with that hash any more.")
    if as_json:
        show([{**head, "faults": sentences}], title="", as_json=True)
    if sentences:
        first = sentences[0] if len(sentences) == 1 else f"{sentences[0]} And {len(sentences) - 1} more."
        raise FrontDoorError(
            f"The trail was tampered with. {first} Keep the warehouse as it is, and a backup of before."
        )
    tell(f"The trail is whole: {head['line_rows']:,} lines.")
    if head["last_sha256_text"]:
        tell(
            f"Write down elsewhere: --number {head['last_number']} --hash {head['last_sha256_text']}; "
            "with them the next check finds lines that were taken from its end, too."
        )
