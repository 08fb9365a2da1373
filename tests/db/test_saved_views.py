"""Saved views on a real Postgres: each person keeps their own, under names and in numbers with limits, and one start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard import saved_views
from dashboard.saved_view_queries import saved_views as kept_views
from sql import warehouse
from sql.warehouse import WarehouseError

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
MARI = {"viewer_name": "mari", "page_name": "queues"}


def do(engine: sa.Engine, work: Callable[..., None], **values: Any) -> None:
    with warehouse.connected(engine) as connection:
        work(connection, **values)


def save(engine: sa.Engine, name: str, address: str = "period=today", **more: Any) -> None:
    values = {**MARI, "view_name": name, "address_text": address, "saved_at": AT, **more}
    do(engine, saved_views.save, **values)


def kept(engine: sa.Engine, **whose: str) -> list[tuple[str, str, bool]]:
    with warehouse.connected(engine) as connection:
        found = kept_views(connection, **{**MARI, **whose})
    return found.select("view_name", "address_text", "is_start").rows()


def number(engine: sa.Engine, name: str) -> int:
    with warehouse.connected(engine) as connection:
        found = kept_views(connection, **MARI)
    return int(found.filter(found["view_name"] == name)[0, "view_id"])


def test_saving_under_the_same_name_replaces_and_keeps_the_start(engine: sa.Engine) -> None:
    save(engine, "Mornings")
    do(engine, saved_views.start_with, **MARI, view_id=number(engine, "Mornings"))
    save(engine, " Mornings ", "period=7_days&queue=1")
    assert kept(engine) == [("Mornings", "period=7_days&queue=1", True)]


def test_nobody_sees_or_changes_the_views_of_others(engine: sa.Engine) -> None:
    save(engine, "Mine")
    mine = number(engine, "Mine")
    assert kept(engine, viewer_name="jaan") == []
    assert kept(engine, page_name="agents") == []
    do(engine, saved_views.delete, viewer_name="jaan", view_id=mine)
    do(engine, saved_views.start_with, viewer_name="jaan", page_name="queues", view_id=mine)
    with pytest.raises(WarehouseError, match="was not renamed"):
        do(engine, saved_views.rename, viewer_name="jaan", view_id=mine, view_name="His")
    assert kept(engine) == [("Mine", "period=today", False)]


def test_a_page_opens_with_one_view_at_most(engine: sa.Engine) -> None:
    save(engine, "A")
    save(engine, "B")
    for name in ("A", "B"):
        do(engine, saved_views.start_with, **MARI, view_id=number(engine, name))
    assert [row[2] for row in kept(engine)] == [False, True]
    do(engine, saved_views.start_with, **MARI, view_id=None)
    assert [row[2] for row in kept(engine)] == [False, False]


def test_a_start_that_is_put_back_gives_way_to_the_one_chosen_meanwhile(engine: sa.Engine) -> None:
    save(engine, "Old", is_start=True)
    do(engine, saved_views.delete, viewer_name="mari", view_id=number(engine, "Old"))
    save(engine, "New")
    do(engine, saved_views.start_with, **MARI, view_id=number(engine, "New"))
    save(engine, "Old", is_start=True)
    assert [(row[0], row[2]) for row in kept(engine)] == [("New", True), ("Old", False)]


def test_a_view_takes_no_name_that_another_has(engine: sa.Engine) -> None:
    save(engine, "A")
    save(engine, "B", "period=7_days")
    with pytest.raises(WarehouseError, match='"A" is taken'):
        do(engine, saved_views.rename, viewer_name="mari", view_id=number(engine, "B"), view_name="A")
    do(engine, saved_views.rename, viewer_name="mari", view_id=number(engine, "B"), view_name="  C  c ")
    assert [row[0] for row in kept(engine)] == ["A", "C c"]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "has 0 characters"),
        ("  \n ", "has 0 characters"),
        ("x" * 61, "has 61 characters"),
        ("a\x07b", "can be read"),
    ],
)
def test_a_name_that_cannot_be_is_refused(engine: sa.Engine, name: str, found: str) -> None:
    with pytest.raises(WarehouseError, match=found):
        save(engine, name)
    assert kept(engine) == []


def test_names_and_numbers_have_limits(engine: sa.Engine) -> None:
    for place in range(saved_views.MOST_VIEWS):
        save(engine, f"{place}")
    save(engine, "0", "period=28_days")  # replacing one is no new one
    with pytest.raises(WarehouseError, match="There are 50 saved views of this page already"):
        save(engine, "one more")
    assert len(kept(engine)) == saved_views.MOST_VIEWS
    save(engine, "of another page", page_name="agents")
    with pytest.raises(WarehouseError, match="address has 2001 characters, expected at most 2000"):
        save(engine, "0", "x" * 2001)
