"""A metric says the same in SQL as in Polars, so that an alert, a goal and a page never differ: on rows drawn at random."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from sql import metrics
from sql.metrics import SERVICE_LEVEL_FORMULAS, Metric

ROWS = 120
NAMES = sorted({name for one in metrics.metrics() for name in one.columns})


def drawn(seed: int) -> list[dict[str, Any]]:
    """Rows of every column a metric needs: nothing, unknown, few, very many; formulas known, unknown and missing."""
    dice = random.Random(seed)
    values = (0, 0, 1, 2, 7, 900, 3_000_000_000, None)
    formulas = (*SERVICE_LEVEL_FORMULAS, None, "unheard_of")
    return [
        {name: dice.choice(formulas if name.endswith("_name") else values) for name in NAMES}
        for _ in range(ROWS)
    ]


def asked(engine: sa.Engine, rows: list[dict[str, Any]], shown: tuple[Metric, ...]) -> list[dict[str, Any]]:
    """Value and n of every metric for every row, in one statement."""
    types = (sa.Column(name, sa.Text if name.endswith("_name") else sa.BigInteger) for name in NAMES)
    table = sa.Table(
        "rows_drawn",
        sa.MetaData(),
        sa.Column("row_number", sa.Integer),
        *types,
        prefixes=["temporary"],
        postgresql_on_commit="DROP",
    )
    told = ", ".join(f"{one.sql('m')} as {one.name}, {one.n_sql('m')} as n_{one.name}" for one in shown)
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"row_number": place, **row} for place, row in enumerate(rows)])
        statement = sa.text(f"select {told} from rows_drawn as m order by m.row_number")  # noqa: S608 - our own records
        return [dict(row._mapping) for row in connection.execute(statement)]


def test_every_metric_says_the_same_in_sql_and_in_polars(engine: sa.Engine) -> None:
    rows, shown = drawn(seed=5), metrics.metrics()
    types = {name: pl.String if name.endswith("_name") else pl.Int64 for name in NAMES}
    frame = pl.DataFrame(rows, schema=types)
    here = metrics.with_metrics(frame, *(one.name for one in shown)).with_columns(
        one.population().alias(f"n_{one.name}") for one in shown
    )
    there = asked(engine, rows, shown)
    for one in shown:
        values = here[one.name].to_list()
        assert [row[one.name] for row in there] == [
            None if value is None else pytest.approx(value, rel=1e-12) for value in values
        ], one.name
        assert [row[f"n_{one.name}"] for row in there] == here[f"n_{one.name}"].to_list(), one.name
        assert {value is None for value in values} == {True, False}, f"{one.name} was never known, or always"


def test_an_expression_that_differs_would_be_caught(engine: sa.Engine) -> None:
    wrong = metrics._metric(
        "occupancy_ratio",
        {
            **dict.fromkeys(("label", "group", "meaning", "counts", "source"), "x"),
            "unit": "ratio", "direction": "none", "kind": "states", "shown": [], "example": {},
            "numerator": "on_contact_seconds", "denominator": "available_seconds",
        },
    )  # fmt: skip
    rows = drawn(seed=5)
    right, other = (
        [row["occupancy_ratio"] for row in asked(engine, rows, (one,))]
        for one in (metrics.metric("occupancy_ratio"), wrong)
    )
    assert right != other
