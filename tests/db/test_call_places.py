"""From a call back to the row of its source that told of it last."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from tests.db.test_load import ask, run

T0 = 1_795_309_870
PLACES = "select call_id, outcome_name, place_text from warehouse.calls order by call_id"


def test_a_call_names_the_line_that_told_of_it_last(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    begin = [
        f"{T0}|NONE|NONE|NONE|QUEUESTART|",
        f"{T0 + 1}|c1|sales|NONE|ENTERQUEUE||1234|1",
        f"{T0 + 2}|c2|sales|NONE|ENTERQUEUE||1235|2",
        f"{T0 + 5}|c1|sales|A|CONNECT|4|x|2",
    ]
    path.write_text("".join(f"{line}\n" for line in begin))
    run(engine, path)
    assert ask(engine, PLACES) == [("c1", "in_progress", "queue_log:4"), ("c2", "waiting", "queue_log:3")]

    with path.open("a") as log:
        log.write(f"{T0 + 9}|c2|sales|NONE|ABANDON|2|2|7\n{T0 + 30}|c1|sales|A|COMPLETEAGENT|4|25|1\n")
    run(engine, path)
    ended = [("c1", "answered", "queue_log:6"), ("c2", "abandoned", "queue_log:5")]
    assert ask(engine, PLACES) == ended

    path.rename(
        tmp_path / "queue_log.1"
    )  # told again under another name: nothing changes, so neither does the place
    path.write_text(f"{T0 + 60}|c3|sales|NONE|ENTERQUEUE||1236|1\n")
    run(engine, path, include_rotated=True)
    assert ask(engine, PLACES) == [*ended, ("c3", "waiting", "queue_log:1")]
