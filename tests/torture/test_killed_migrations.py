"""The schema's own files, killed at every statement: the long run at each one, the short one here and there."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sql import migrate, warehouse
from tests.torture.campaign import Campaign
from tests.torture.killed_migrations import statements
from tests.torture.kills import ROOT


def test_a_file_is_cut_into_its_statements() -> None:
    text = "select 'a;b'; -- c;\ncreate function f() as $$ begin; end; $$;\nselect 1;\n"
    assert [one.strip() for one in statements(text)] == [
        "select 'a;b';",
        "-- c;\ncreate function f() as $$ begin; end; $$;",
        "select 1;",
    ]


@pytest.mark.timeout(900)
def test_migrations_killed_at_each_statement_leave_nothing_behind(
    empty_database_url: str, campaign: Campaign
) -> None:
    step = campaign.times(short=60, long=1)
    command = [sys.executable, "-m", "tests.torture.killed_migrations", empty_database_url, str(step)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
    figures = json.loads(done.stderr.strip().splitlines()[-1])
    assert figures["kills_count"] >= 3
    engine = warehouse.open_engine(empty_database_url)
    assert migrate.check(engine) == []
    engine.dispose()
    campaign.record(
        "P9", "migrations killed at each statement leave no half schema", **figures, half_schemas_count=0
    )
