"""The published table of rights: one line for everything that a role may see or change, and the document that holds it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sql import rights, role_matrix
from sql.role_matrix import DOCUMENT

ROOT = Path(__file__).parents[2]


def test_the_document_holds_the_tables_of_rights_as_they_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert role_matrix.markdown() in text, "write it anew: python -m sql.role_matrix"
    assert role_matrix.written(text) == text
    assert f"{rights.PAGES_SETTINGS['statement_timeout'].replace('s', ' s')} at most" in text
    assert f"over {rights.MOST_CONNECTIONS} connections" in text


def test_every_page_table_question_and_change_has_one_line_with_an_answer_for_each_role() -> None:
    lines = role_matrix.matrix()
    of_kind = {
        kind: [line.thing_name for line in lines if line.kind_name == kind]
        for kind in ("page", "rows", "sums", "change")
    }
    pages = {path.stem for path in (ROOT / "pages").glob("*.py") if not path.stem.startswith("_")}
    assert sorted(of_kind["page"]) == sorted(pages)
    assert of_kind["rows"] == list(rights.tables())
    assert of_kind["sums"] == sorted(rights.released_names())
    assert of_kind["change"] == list(rights.changes())
    assert len(lines) == sum(len(set(names)) for names in of_kind.values())
    for line in lines:
        assert tuple(line.answers) == role_matrix.ROLES
        assert line.answers["administrator"] != "no"


def test_some_cells_that_must_never_change_unseen() -> None:
    cell = {
        (line.thing_name, role): answer
        for line in role_matrix.matrix()
        for role, answer in line.answers.items()
    }
    assert cell["sources", "manager"] == "no"
    assert cell["warehouse.calls", "agent"] == "own"
    assert cell["warehouse.calls", "executive"] == "no"
    assert cell["ops.saved_views", "administrator"] == "own"
    assert cell["ops.rejects", "manager"] == "no"
    assert cell["queue_totals", "wall"] == "yes"
    assert cell["queue_hours", "wall"] == "no"
    assert cell["wait_times", "wall"] == "no"
    assert cell["quality.reviews", "agent"] == "no"
    assert {answer for (name, role), answer in cell.items() if role == "wall" and "." in name} == {"no"}


def test_the_command_prints_the_table_for_programs_and_for_the_document() -> None:
    told = [
        subprocess.run([sys.executable, "-m", "floorboard", "account", "roles", option],
                       check=True, capture_output=True, text=True, cwd=ROOT).stdout
        for option in ("--json", "--markdown")
    ]  # fmt: skip
    assert len(json.loads(told[0])) == len(role_matrix.matrix())
    assert told[1] == role_matrix.markdown() + "\n"
