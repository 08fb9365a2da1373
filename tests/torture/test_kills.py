"""The long campaign: kills at random moments, many seeds; `make torture`."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.db.test_load import expect_the_numbers_of_asterisk, facts, run
from tests.torture.kills import killed_loads


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(4))
def test_kills_lose_and_double_nothing(
    engine: sa.Engine, database_url: str, shared_data: Path, tmp_path: Path, seed: int
) -> None:
    pbx, path = shared_data / "asterisk_pbx", tmp_path / "queue_log"
    assert killed_loads(pbx / "queue_log", path, database_url=database_url, lines_a_load=60, seed=seed) >= 50
    run(engine, path)
    expect_the_numbers_of_asterisk(engine, pbx)
    after_kills = facts(engine)
    with engine.begin() as connection:
        assert connection.execute(
            sa.text("select sum(read_rows), sum(rejected_rows) from ops.runs")
        ).one() == (5029, 0)
        for table in ("calls", "agent_states", "queue_members", "queue_intervals", "agent_intervals"):
            connection.execute(sa.delete(sa.table(table, schema="warehouse")))
        connection.execute(sa.delete(sa.table("cursors", schema="ops")))
    run(engine, path)
    assert facts(engine) == after_kills
