"""No change without its line in the trail: every function of the pages that writes into the warehouse notes that it did."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNS = {"execute", "one_row", "frame", "statement"}
WRITES = re.compile(
    r"\b(insert into|update [a-z_.]+( as [a-z]+)?\s+set|delete from|select\s+access\.(?!note\b))", re.I
)
RUN = re.compile(r"\b(execute|one_row|statement)\(|[(] *connection, *f?\"")
COMMENT = re.compile(r"--[^\n]*")
UNNOTED = {
    "dashboard.saved_views": "an address that belongs to one person alone",
    "dashboard.loading.loader_requests.ask_look": "nothing is loaded by it; having it loaded is noted",
    "dashboard.door.sessions.renew": "a session that goes on is the same one",
    "dashboard.door.sessions.end_all": "whoever calls it notes why",
    "dashboard.door.devices.wait": "a code on a screen is no display before somebody said yes",
    "dashboard.door.devices.waiting": "the session that it begins is noted",
    "dashboard.door.devices.account": "a persona of the demo",
    "dashboard.door.personas": "the demo alone",
    "dashboard.door.devices.open_once": "the session that it begins is noted",
    "dashboard.calls.call_queries._counted": "reads, whatever its statement is called",
    "dashboard.people.agent_queries._parts": "reads, whatever its statement is called",
    "dashboard.people.agent_queries._schedules": "reads, whatever its statement is called",
    "dashboard.organisation.organisation.rows": "reads, whatever its statement is called",
    "dashboard.wall.news_queries.wall_teams": "reads: its statement asks the database who looks",
    "dashboard.quality.review_book._rows": "reads, whatever its statement is called",
    "dashboard.game.social_entries": "whoever calls it notes what was decided",
    "dashboard.reports.report_maker": "the loader's work on a report whose asking was noted",
}


@dataclass
class Function:
    """One function: what it calls by name, whether it writes, where it stands."""

    place: str
    calls: set[str] = field(default_factory=set)
    is_writing: bool = False


@cache
def is_write(statement: str) -> bool:
    """Whether a statement below sql/ changes something; of a name with gaps (*) whether one that fits does."""
    paths = list((ROOT / "sql").glob(f"{statement}.sql"))
    return not paths or any(
        WRITES.search(COMMENT.sub("", path.read_text(encoding="utf-8"))) for path in paths
    )


def told_name(node: ast.expr) -> str:
    """The name of a statement as it stands in the code, with * for what is put in while it runs."""
    if isinstance(node, ast.JoinedStr):
        return "".join(told_name(part) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def functions(sources: Mapping[str, str]) -> list[Function]:
    found = []
    for module, text in sources.items():
        for node in ast.walk(ast.parse(text)) if RUN.search(text) else ():
            if not isinstance(node, ast.FunctionDef):
                continue
            one = Function(f"{module}.{node.name}")
            for call in (part for part in ast.walk(node) if isinstance(part, ast.Call)):
                name = (
                    call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
                )
                one.calls.add(name)
                told = [name for name in map(told_name, call.args) if "/" in name]
                if name in RUNS and told:
                    one.is_writing = one.is_writing or is_write(told[0])
            found.append(one)
    return found


def unnoted(sources: Mapping[str, str]) -> set[str]:
    """The functions that write, and neither note it nor serve such functions of their module alone as do."""
    return {place for module, text in sources.items() for place in _unnoted_of(functions({module: text}))}


def _unnoted_of(known: list[Function]) -> set[str]:
    """The same of one module."""
    name_of = {one.place: one.place.rpartition(".")[2] for one in known}
    covered = {"note"}
    while more := {name_of[one.place] for one in known if one.calls & covered} - covered:
        covered |= more
    while more := {
        name
        for name in name_of.values()
        if name.startswith("_")
        and name not in covered
        and {name_of[one.place] for one in known if name in one.calls} - {name}
        and {name_of[one.place] for one in known if name in one.calls} - {name} <= covered
    }:
        covered |= more
    return {one.place for one in known if one.is_writing and name_of[one.place] not in covered}


def sources_of(room: str) -> dict[str, str]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / room).rglob("*.py"))
    }


def is_excused(place: str) -> bool:
    return place in UNNOTED or place.rpartition(".")[0] in UNNOTED


def test_whatever_the_pages_change_is_noted() -> None:
    found = unnoted(sources_of("dashboard"))
    assert {place for place in found if not is_excused(place)} == set()
    left = {
        name for name in UNNOTED if not any(place == name or place.startswith(f"{name}.") for place in found)
    }
    assert left == set(), "excuses that nobody needs any more"


def test_a_change_without_its_note_is_found() -> None:
    """The control: a goal saved in silence, and a private helper of two, with one silent among them."""
    silent = "def save(connection):\n    execute(connection, 'goals/make', x=1)\n"
    noted = silent + "    note(connection, what_name='goal.saved')\n"
    shared = (
        "def _keep(connection):\n    execute(connection, 'goals/make')\n"
        "def make(connection):\n    _keep(connection)\n    note(connection)\n"
    )
    reading = "def look(connection):\n    return frame(connection, 'queries/goals')\n"
    assert unnoted({"a": silent}) == {"a.save"}
    assert unnoted({"a": noted, "b": reading}) == set()
    assert unnoted({"a": shared}) == set()
    assert unnoted({"a": shared + "def amend(connection):\n    _keep(connection)\n"}) == {"a._keep"}
