"""Zendesk on a real warehouse: the measures of an independent implementation, and nothing twice, from files and the API."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.config import Settings, SiteSettings
from etl.sources import SourceSettings
from etl.sources.desks.zendesk_schedules import Schedules
from etl.sources.zendesk import ZendeskSettings
from etl.sources.zendesk_csv import ZendeskCsvSettings
from tests.unit.test_zendesk_metrics import DURATIONS, VALUES, comparable, disagreeing
from tests.web_server import web_server
from tests.zendesk_account import AGENT, CUSTOMER, Account

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = SiteSettings(name="Main", time_zone="Europe/Tallinn")


def csv_source(path: Path) -> ZendeskCsvSettings:
    return ZendeskCsvSettings.model_validate(
        {"name": "desk files", "kind": "zendesk_csv", "path": str(path), "every_seconds": 60}
    )


def api_source(address: str, **settings: Any) -> ZendeskSettings:
    given = {
        "name": "desk",
        "kind": "zendesk",
        "address": address,
        "every_seconds": 60,
        "token_env": "DESK_TOKEN",
    }
    return ZendeskSettings.model_validate(given | {"requests_per_minute": 6000} | settings)


def run(engine: sa.Engine, source: SourceSettings, *, now: datetime = NOW) -> load.RunSummary:
    settings = Settings.model_construct(site=SITE, sources=())
    return load.run_source(engine, settings, source, now=lambda: now)


def ask(engine: sa.Engine, text: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(text)).mappings()]


def counts(engine: sa.Engine) -> dict[str, int]:
    names = ("tickets", "ticket_events", "surveys")
    return {name: ask(engine, f"select count(*) as rows from warehouse.{name}")[0]["rows"] for name in names}  # noqa: S608


def store_schedules(engine: sa.Engine, found: Schedules, *, is_default: bool = False) -> None:
    with engine.begin() as connection:
        for table, frame in (
            ("schedules", found.schedules.with_columns(is_default=pl.lit(is_default))),
            ("business_hours", found.business_hours),
            ("holidays", found.holidays),
        ):
            columns = ", ".join(frame.columns)
            values = ", ".join(f":{name}" for name in frame.columns)
            connection.execute(
                sa.text(f"insert into warehouse.{table} ({columns}) values ({values})"),  # noqa: S608
                frame.to_dicts(),
            )


@pytest.fixture
def desk(shared_data: Path) -> Path:
    return shared_data / "zendesk"


def compared(engine: sa.Engine, desk: Path) -> pl.DataFrame:
    """One row per cell of the expected table: what they say, what the warehouse says."""
    agents = {row["agent_id"]: row["source_key"] for row in ask(engine, "select * from warehouse.agent_keys")}
    ours = {row["ticket_id"]: row for row in ask(engine, "select * from warehouse.tickets")}
    expected = pl.read_csv(desk / "expected_ticket_metrics.csv", infer_schema=False)

    def cell(row: dict[str, Any], column: str) -> str | None:
        value = row[DURATIONS.get(column) or VALUES[column]]
        if value is None:
            return None
        if column in DURATIONS:
            return str(value / 60)
        if column in ("first_assignee_id", "last_assignee_id"):
            return str(agents[value])
        if column == "created_channel":
            return "voice" if value == "call" else str(value)
        if isinstance(value, bool):
            return "t" if value else "f"
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if column.endswith("_at") else str(value)

    cells = [
        (row["ticket_id"], row["status"], column, theirs, cell(ours[row["ticket_id"]], column))
        for row in expected.iter_rows(named=True)
        for column, theirs in row.items()
        if column != "ticket_id"
    ]
    return pl.DataFrame(cells, schema=["ticket_id", "status", "column", "theirs", "ours"], orient="row")


def test_every_comparable_measure_of_the_recorded_account_agrees_to_one_minute(
    engine: sa.Engine, desk: Path
) -> None:
    source = csv_source(desk)
    summary = run(engine, source)
    assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (298, 298, 0)
    cells = comparable(compared(engine, desk))
    assert len(cells) == 25 * 47 - 2 * (14 + 3 + 2)
    assert disagreeing(cells).rows() == []


def test_the_same_account_over_the_api_has_the_same_measures(
    engine: sa.Engine, desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")
    store_schedules(engine, csv_source(desk).reader(SITE.site, b"k" * 32).schedules(), is_default=True)
    account = as_an_account(desk)
    with web_server(account.served) as address:
        summary = run(engine, api_source(address))
    assert summary.rejected_rows == 0
    assert counts(engine) == {"tickets": 25, "ticket_events": 25 + 165 + 83, "surveys": 0}
    cells = comparable(compared(engine, desk))
    assert len(cells) == 25 * 47 - 2 * (14 + 3 + 2)
    assert disagreeing(cells).rows() == []


def test_loading_the_same_files_twice_changes_nothing(engine: sa.Engine, desk: Path, tmp_path: Path) -> None:
    for name in ("once", "again"):
        shutil.copytree(desk, tmp_path / name, copy_function=shutil.copyfile)
    run(engine, csv_source(tmp_path / "once"))
    before = ask(engine, "select * from warehouse.tickets order by ticket_id"), counts(engine)
    nothing = run(engine, csv_source(tmp_path / "once"))
    assert (nothing.read_rows, nothing.batches) == (0, 0)
    summary = run(engine, csv_source(tmp_path / "again"))  # the same rows in files that were written anew
    assert (summary.read_rows, summary.loaded_rows, summary.unchanged_rows) == (298, 0, 298)
    assert (ask(engine, "select * from warehouse.tickets order by ticket_id"), counts(engine)) == before


def as_an_account(desk: Path) -> Account:
    """The recorded files as the API would tell them: an update for everything that one user did at one second."""

    def rows(name: str) -> list[dict[str, str]]:
        return pl.read_csv(desk / f"{name}_data.csv", infer_schema=False).to_dicts()

    def second(text: str) -> int:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())

    agents = {int(user["id"]): user["name"] for user in rows("user") if user["role"] in ("agent", "admin")}
    account = Account(int(NOW.timestamp()), agents=agents, page_rows=50)
    for row in rows("ticket"):
        account.ticket(
            int(row["id"]),
            at=second(row["created_at"]),
            changed=second(row["updated_at"]),
            status=row["status"],
            via={"channel": row["via_channel"]},
            requester_id=int(row["requester_id"]),
            submitter_id=int(row["submitter_id"]),
        )
    parts: dict[tuple[int, int, int], list[dict[str, Any]]] = {}
    for row in rows("ticket_field_history"):
        key = second(row["updated"]), int(row["ticket_id"]), int(row["user_id"])
        parts.setdefault(key, []).append({"event_type": "Change", row["field_name"]: row["value"]})
    for row in rows("ticket_comment"):
        key = second(row["created"]), int(row["ticket_id"]), int(row["user_id"])
        parts.setdefault(key, []).append({"event_type": "Comment", "public": row["public"] == "TRUE"})
    for (at, ticket_id, user_id), children in sorted(parts.items(), key=lambda part: part[0]):
        account.update(ticket_id, *children, at=at, updater_id=user_id)
    return account


def busy_account(at: float) -> Account:
    account = Account(int(at), page_rows=20)
    for id_ in range(1, 31):
        born = at - 7200 + id_
        account.ticket(id_, at=born, changed=at - 3600 + id_ // 5)
        account.update(
            id_,
            {"event_type": "Create", "status": "new"},
            {"event_type": "Create", "assignee_id": AGENT},
            {"event_type": "Comment", "public": True, "author_id": CUSTOMER, "body": "PRIVATE"},
            at=born,
            updater_id=CUSTOMER,
        )
        account.update(
            id_,
            {"event_type": "Comment", "public": True, "author_id": AGENT},
            {"event_type": "Change", "status": "solved"},
            at=born + 600,
        )
    account.rating(1, 3, "good", at=at - 600)
    return account


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")
    return busy_account(NOW.timestamp())


def test_the_api_fills_the_warehouse_over_the_wire_and_again_changes_nothing(
    engine: sa.Engine, account: Account
) -> None:
    with web_server(account.served) as address:
        account.address = address
        summary = run(engine, api_source(address))
        assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (30 + 60 + 1, 91, 0)
        [ticket] = ask(engine, "select * from warehouse.tickets where ticket_id = '3'")
        assert ticket["first_reply_seconds"] == 600
        assert ticket["status_name"] == "solved"
        assert ticket["csat_score"] == 5
        assert ticket["is_one_touch"] is True
        before = counts(engine)
        assert load.reset_cursor(engine, "desk")
        again = run(engine, api_source(address))
        assert (again.read_rows, again.loaded_rows, again.unchanged_rows) == (91, 0, 91)
        assert counts(engine) == before
    assert ask(engine, "select agent_name from warehouse.agents") == [{"agent_name": "Ann Agent"}]


def test_an_older_version_of_a_ticket_never_replaces_a_newer_one(engine: sa.Engine, account: Account) -> None:
    with web_server(account.served) as address:
        run(engine, api_source(address))
        newest = ask(engine, "select updated_at, version_number from warehouse.tickets where ticket_id = '7'")
        account.ticket(7, at=account.now - 7000, changed=account.now - 6999)
        load.reset_cursor(engine, "desk")
        run(engine, api_source(address))
    assert (
        ask(engine, "select updated_at, version_number from warehouse.tickets where ticket_id = '7'")
        == newest
    )


def test_a_rate_limit_in_the_middle_loses_nothing(engine: sa.Engine, account: Account) -> None:
    with web_server(account.served) as address:
        refused = httpx.codes.UNAUTHORIZED
        account.bend = lambda path, _, found: (refused, {}) if len(account.asked) > 6 else found
        with pytest.raises(LoadError, match="DESK_TOKEN"):
            run(engine, api_source(address))
        part = counts(engine)
        assert 0 < part["tickets"] + part["ticket_events"] < 30 + 30 + 180
        account.bend = None
        run(engine, api_source(address))
    assert counts(engine) == {"tickets": 30, "ticket_events": 30 + 30 * 3 + 30 * 2 + 1, "surveys": 1}


def test_a_record_that_the_warehouse_refuses_is_kept_and_the_others_loaded(
    engine: sa.Engine, account: Account
) -> None:
    account.ticket(31, at=-3e9, changed=NOW.timestamp() - 3600)  # the year 1874
    account.ticket(32, at=NOW.timestamp() - 7200, changed=NOW.timestamp() - 3600, status="parked")
    account.update(1, {"event_type": "Change", "status": "open"}, "no object", at=NOW.timestamp() - 3600)
    with web_server(account.served) as address:
        summary = run(engine, api_source(address))
    assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (94, 91, 3)
    reasons = {row["place_text"]: row["reason_text"] for row in ask(engine, "select * from ops.rejects")}
    assert set(reasons) == {"tickets 31", "tickets 32", f"events {account.updates[-1]['id']}"}
    assert "1990" in reasons["tickets 31"]
