"""The published table of who may see and change what: role by page, by rows, by sums and by change.

In: `sql/rights.toml`, from which the database's own policies are made. Out: one line per page, table, question and change,
for the page Access and for docs/access.md; `floorboard account roles --markdown` prints it,
and `python -m sql.role_matrix` puts it into the document.
The rule it guards: what is published is what is refused; a test asks the database for each kind of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal

from sql import rights

Kind = Literal["page", "rows", "sums", "change"]
PURPOSES: Final[Mapping[str, str]] = {
    "agent": "An agent sees their own contacts, times and reviews, and the floor as a whole.",
    "supervisor": "A supervisor sees the agents of the teams that were given to them, and contacts that no agent took.",
    "manager": "A manager sees everybody, and sets goals, alerts and review forms; not how the site is run.",
    "executive": "An executive sees sums of the floor, of queues and of teams that are large enough; no single person.",
    "administrator": "An administrator sees and changes everything: sources, refused rows, accounts.",
    "wall": "A wall display sees sums of the floor. It is a device's account, never a person's.",
}
ROLES = tuple(PURPOSES)
DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "access.md"
_ALL, _NONE = "all", "no"
# By the kind of rows that rights.toml names: what agent, supervisor, executive and wall find. Managers find all but the
# administrator's, administrators find all.
_FOUND: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "everybody": (_ALL, _ALL, _ALL, _NONE),
    "of_agent": ("own", "their teams'", _NONE, _NONE),
    "of_review": ("own", "their teams'", _NONE, _NONE),
    "of_contact": ("own", "their teams'", _NONE, _NONE),
    "of_ticket": ("own", "their teams'", _NONE, _NONE),
    "of_moved": ("queues'", "their teams'", "queues'", _NONE),
    "of_report": ("own", "own, sums of the floor", "own", _NONE),
    "of_team": ("own, large ones", "own, large ones", "large ones", _NONE),
    "of_goal": (_NONE, "customers', their teams'", _NONE, _NONE),
    "of_its_goal": (_NONE, "customers', their teams'", _NONE, _NONE),
    "sums": (_NONE, _NONE, _NONE, _NONE),
    "own": ("own", "own", "own", _NONE),
    "signed_in": (_ALL, _ALL, _ALL, _NONE),
    "announced": ("announced", _ALL, "announced", _NONE),
    "staff": (_NONE, _ALL, _NONE, _NONE),
    "administrator": (_NONE, _NONE, _NONE, _NONE),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One page, table, question or change, and what each role has of it, by the role's name."""

    kind_name: Kind
    thing_name: str
    answers: Mapping[str, str]


def matrix() -> list[Line]:
    """Every line of the published table: pages, then rows, sums and changes, each in the order of rights.toml."""
    pages = dict.fromkeys(name for role in ROLES for name in rights.pages_of(role))
    everything = sorted(
        path.name.removesuffix(".py") for path in _pages().iterdir() if path.name.endswith(".py")
    )
    return [
        *(_line("page", name, rights.roles_of_page(name)) for name in dict.fromkeys([*pages, *everything])),
        *(Line("rows", table, _found(rows)) for table, rows in rights.tables().items()),
        *(_line("sums", name, rights.roles_of_question(name)) for name in sorted(rights.released_names())),
        *(
            _line("change", name, frozenset({"administrator", *change["roles"]}))
            for name, change in rights.changes().items()
        ),
    ]


def _pages() -> Traversable:
    """Where the pages are: beside this package, in a checkout as in an installed Floorboard."""
    return files("pages")


def _line(kind: Kind, name: str, roles: frozenset[str]) -> Line:
    return Line(kind, name, {role: "yes" if role in roles else _NONE for role in ROLES})


def _found(rows: str) -> dict[str, str]:
    agent, supervisor, executive, wall = _FOUND[rows]
    return {
        "agent": agent,
        "supervisor": supervisor,
        "manager": "own" if rows == "own" else _NONE if rows == "administrator" else _ALL,
        "executive": executive,
        "administrator": "own" if rows == "own" else _ALL,
        "wall": wall,
    }


def markdown() -> str:
    """The roles and the four tables as they stand in docs/access.md."""
    lines = ["## The roles", "", *_table(("Role", "What it is for"), list(PURPOSES.items())), ""]
    for kind, (title, text) in _SECTIONS.items():
        rows = [
            (f"`{line.thing_name}`", *(line.answers[role] for role in ROLES))
            for line in matrix()
            if line.kind_name == kind
        ]
        lines += [f"## {title}", "", text, "", *_table(("", *ROLES), rows), ""]
    return "\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


_SECTIONS: Final[Mapping[Kind, tuple[str, str]]] = {
    "page": ("Pages", "A page that a role does not have is not in its menu, and its address leads nowhere."),
    "rows": (
        "Rows",
        "Which rows of a table a role finds, whatever asks for them: a page, a download, a report. *Their teams'* are the "
        "agents who belong to a supervisor's teams today, and contacts that no agent took. *Large ones* are teams with "
        "enough agents that no single one shows. A table that is not named here is read by nobody but the loader.",
    ),
    "sums": (
        "Sums of a whole floor",
        "Questions that are answered from every row, whoever asks, because their answer names nobody. The database refuses "
        "to narrow them to one agent. Managers and administrators ask them of the rows themselves.",
    ),
    "change": (
        "Changes",
        "What a role may change at the pages; of what belongs to an agent or a team only where it finds the row. Whatever "
        "is not named here is an administrator's.",
    ),
}


def written(text: str) -> str:
    """The text of docs/access.md with the tables as they are now in their place."""
    before, _, rest = text.partition("## The roles\n")
    _, _, after = rest.partition("## How the database refuses\n")
    return f"{before}{markdown()}\n## How the database refuses\n{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
