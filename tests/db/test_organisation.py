"""The organisation on a real Postgres: saved whole, nothing of others overwritten, everything can be taken back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.organisation import organisation, organisation_files
from dashboard.organisation.organisation_rows import SHEETS, Change, OrganisationError, Row
from etl.on_request.key_moves import move_keys, recount
from sql import warehouse
from tests.conftest import engine_of_copy, filled_template
from tests.db.test_records import NOW, ask, at, call, tell

VIEWER = {"viewer_name": "liis", "now": NOW}
MON, TUE, WED = (date(2026, 3, day) for day in (9, 10, 11))


def with_connection(engine: sa.Engine, work: Callable[[sa.Connection], Any]) -> Any:
    with warehouse.connected(engine) as connection:
        return work(connection)


def rows(engine: sa.Engine, name: str) -> list[Row]:
    return [SHEETS[name].values(row) for row in with_connection(engine, lambda c: organisation.rows(c, name))]


def save(engine: sa.Engine, *changes: Change, **more: Any) -> int:
    return int(with_connection(engine, lambda c: organisation.save(c, changes, **{**VIEWER, **more})))


def undo(engine: sa.Engine, number: int) -> int:
    return int(with_connection(engine, lambda c: organisation.undo(c, number, **VIEWER)))


def add(sheet: str, **values: Any) -> Change:
    return Change(sheet, "add", None, {**{c.name: c.default for c in SHEETS[sheet].columns}, **values})


def changed(sheet: str, row: Row, **values: Any) -> Change:
    return Change(sheet, "change", row, {**row, **values})


def contents(engine: sa.Engine) -> dict[str, list[Row]]:
    return {name: rows(engine, name) for name in SHEETS}


SCHEDULE = add("schedules", schedule_name="Office", time_zone_name="Europe/Tallinn", is_default=True)
HOURS = {
    "schedule_name": "Office",
    "weekday_number": 0,
    "opens_seconds": 9 * 3600,
    "closes_seconds": 17 * 3600,
}
EASTER = {"schedule_name": "Office", "first_date": MON, "last_date": TUE, "holiday_name": "Easter"}
PROMISE = {"policy_name": "Fast", "target_name": "first_reply", "priority_name": None, "target_seconds": 3600,
           "is_business": True, "valid_from_at": NOW - timedelta(days=9), "valid_until_at": None}  # fmt: skip


def drawn_floor(engine: sa.Engine) -> None:
    """Mari and Jaan at the telephone, Mari again at the help desk; one queue."""
    tell(engine, {"calls": [call(), call("c2", agent_name="jaan", offered_at=at(9), answered_at=at(9), ended_at=at(10))]},
         name="pbx")  # fmt: skip
    tell(engine, {"calls": [call("t1", queue_name="mail")]}, name="desk")


@pytest.fixture(scope="module")
def floor_name(server_url: str, template_name: str) -> Iterator[str]:
    """A database with the drawn floor in it; every test has its own copy."""
    with filled_template(server_url, template_name, drawn_floor) as name:
        yield name


@pytest.fixture
def floor(server_url: str, floor_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, floor_name) as engine:
        yield engine


def fill(engine: sa.Engine) -> int:
    mari = rows(engine, "agents")[-1]
    return save(
        engine, SCHEDULE, add("business_hours", **HOURS), add("holidays", **EASTER), add("ticket_policies", **PROMISE),
        add("teams", team_name="Day"),
        add("team_members", agent_id=mari["agent_id"], team_name="Day", started_date=MON),
    )  # fmt: skip


def test_every_sheet_is_saved_and_taken_back_to_the_last_value(floor: sa.Engine) -> None:
    before = contents(floor)
    first = fill(floor)
    filled = contents(floor)
    assert filled["business_hours"] == [HOURS]
    queue, agent = filled["queues"][0], filled["agents"][0]
    second = save(
        floor,
        changed(
            "queues",
            queue,
            service_level_threshold_seconds=45,
            group_name="Front",
            callback_promise_seconds=3600,
        ),
        changed("agents", agent, alias_name="Fox", is_active=False),
        changed("schedules", filled["schedules"][0], schedule_name="Shop"),
        changed("holidays", {**EASTER, "schedule_name": "Shop"}, last_date=WED),
        changed("business_hours", {**HOURS, "schedule_name": "Shop"}, closes_seconds=86_400),
        changed("teams", filled["teams"][0], team_name="Dawn"),
    )
    assert contents(floor)["queues"][0]["service_level_threshold_seconds"] == 45
    undo(floor, second)
    assert contents(floor) == filled
    third = undo(floor, first)
    assert contents(floor) == before
    undo(floor, third)  # what was taken back is put there again
    assert contents(floor) == filled


def test_the_log_says_who_changed_what_from_what_to_what(floor: sa.Engine) -> None:
    queue = rows(floor, "queues")[0]
    save(floor, changed("queues", queue, group_name="Front"))
    [(who, sheet, before, after)] = ask(
        floor, "select viewer_name, sheet_name, before_text, after_text from ops.organisation_changes"
    )
    assert (who, sheet) == ("liis", "queues")
    assert '"group_name": null' in before
    assert '"group_name": "Front"' in after


def test_a_row_that_somebody_changed_meanwhile_is_not_overwritten(floor: sa.Engine) -> None:
    queue = rows(floor, "queues")[0]
    save(floor, changed("queues", queue, group_name="Theirs"))
    with pytest.raises(OrganisationError, match="somebody else meanwhile"):
        save(floor, add("teams", team_name="New"), changed("queues", queue, group_name="Mine"))
    assert rows(floor, "queues")[0]["group_name"] == "Theirs"
    assert rows(floor, "teams") == []  # nothing of the save is left


def test_a_save_is_not_taken_back_over_a_later_one_or_twice(floor: sa.Engine) -> None:
    queue = rows(floor, "queues")[0]
    first = save(floor, changed("queues", queue, group_name="A"))
    second = save(floor, changed("queues", {**queue, "group_name": "A"}, group_name="B"))
    with pytest.raises(OrganisationError, match="somebody else meanwhile"):
        undo(floor, first)
    undo(floor, second)
    undo(floor, first)
    assert rows(floor, "queues")[0] == queue
    with pytest.raises(OrganisationError, match="taken back already"):
        undo(floor, first)
    with pytest.raises(OrganisationError, match="no save with the number 999"):
        undo(floor, 999)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ([SCHEDULE, add("business_hours", **HOURS), add("business_hours", **{**HOURS, "opens_seconds": 10 * 3600})],
         "begins before the changed row has ended"),
        ([SCHEDULE, add("schedules", schedule_name="B", time_zone_name="UTC", is_default=True)], "the default already"),
        ([add("teams", team_name=None)], "must not be empty"),
        ([add("schedules", schedule_name="B", time_zone_name="Mars/Olympus")], "is no time zone"),
        ([SCHEDULE, add("holidays", **{**EASTER, "last_date": date(2026, 3, 1)})], "ends before it begins"),
    ],
    ids=["overlap", "two defaults", "empty", "zone", "backwards"],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_whole(floor: sa.Engine, changes: list[Change], sentence: str) -> None:
    before = contents(floor)
    with pytest.raises((OrganisationError, warehouse.WarehouseError), match=sentence):
        save(floor, *changes)
    assert contents(floor) == before


def test_a_changed_promise_ends_the_old_row_and_begins_a_new_one(floor: sa.Engine) -> None:
    save(floor, add("ticket_policies", **PROMISE))
    [promise] = rows(floor, "ticket_policies")
    number = save(floor, changed("ticket_policies", promise, target_seconds=1800))
    begun, ended = rows(floor, "ticket_policies")
    assert (ended["policy_id"], ended["target_seconds"], ended["valid_until_at"]) == (
        promise["policy_id"],
        3600,
        NOW,
    )
    assert (begun["target_seconds"], begun["valid_from_at"], begun["valid_until_at"]) == (1800, NOW, None)
    with pytest.raises(OrganisationError, match="has ended and belongs to the past"):
        save(floor, changed("ticket_policies", ended, target_seconds=60), now=NOW + timedelta(days=1))
    undo(floor, number)
    assert rows(floor, "ticket_policies") == [promise]


def teams_by_day(engine: sa.Engine, name: str) -> list[str | None]:
    def on(day: date) -> str | None:
        with engine.begin() as connection:
            warehouse.execute(
                connection, "organisation/teams_today", as_of=at(24 * 60 * (day - date(2026, 3, 2)).days)
            )
            return connection.execute(
                sa.text("select team_name from warehouse.agents left join warehouse.teams using (team_id) "
                        "where agent_name = :name"), {"name": name}
            ).scalar()  # fmt: skip

    return [on(day) for day in (MON, TUE, WED)]


def test_a_team_changes_from_a_day_on_and_the_past_keeps_the_old_one(floor: sa.Engine) -> None:
    save(floor, add("teams", team_name="Day"), add("teams", team_name="Night"))
    with floor.begin() as connection:  # a team without a date, as a source tells it
        connection.execute(sa.text("update warehouse.agents set team_id = 1 where agent_name = 'jaan'"))
    jaan = next(row for row in rows(floor, "agents") if row["agent_name"] == "jaan")["agent_id"]
    first, wanted = with_connection(
        floor, lambda c: organisation.team_changes(c, [(jaan, "Night")], from_date=TUE)
    )
    save(floor, *first)
    number = save(floor, *wanted)
    assert teams_by_day(floor, "jaan") == ["Day", "Night", "Night"]
    first, wanted = with_connection(
        floor, lambda c: organisation.team_changes(c, [(jaan, None)], from_date=WED)
    )
    assert first == []
    last = save(floor, *wanted)
    assert teams_by_day(floor, "jaan") == ["Day", "Night", None]
    undo(floor, last)
    undo(floor, number)
    assert teams_by_day(floor, "jaan") == ["Day"] * 3


def join_mari(engine: sa.Engine) -> tuple[int, int, int]:
    keys = {(row["source_name"], row["source_key"]): row["agent_id"] for row in rows(engine, "agent_keys")}
    to_id = keys["pbx", "mari"]
    changes = with_connection(
        engine, lambda c: organisation.given_away(c, "agent", [("desk", "mari", to_id)])
    )
    return save(engine, *changes), keys["desk", "mari"], to_id


def test_joining_gives_the_key_asks_for_the_move_and_can_be_taken_back(floor: sa.Engine) -> None:
    before = contents(floor)
    number, from_id, to_id = join_mari(floor)
    left = next(row for row in rows(floor, "agents") if row["agent_id"] == from_id)
    assert left["is_active"] is False
    assert move_keys(floor, now=lambda: NOW) == 1
    owners = "select call_id, agent_id from warehouse.calls where call_id in ('c1', 't1') order by 1"
    assert ask(floor, owners) == [("c1", to_id), ("t1", to_id)]
    undo(floor, number)
    assert move_keys(floor, now=lambda: NOW) == 1
    assert ask(floor, owners) == [("c1", to_id), ("t1", from_id)]
    assert contents(floor) == before


def test_undone_before_the_load_came_by_both_moves_are_carried_out(floor: sa.Engine) -> None:
    number, from_id, _ = join_mari(floor)
    undo(floor, number)
    assert move_keys(floor, now=lambda: NOW) == 2
    assert ask(floor, "select agent_id from warehouse.calls where call_id = 't1'") == [(from_id,)]


def test_the_past_stays_where_other_keys_are_mixed_with_it(floor: sa.Engine) -> None:
    keys = {(row["source_name"], row["source_key"]): row["agent_id"] for row in rows(floor, "agent_keys")}
    pbx_mari, pbx_jaan, desk = keys["pbx", "mari"], keys["pbx", "jaan"], keys["desk", "mari"]

    def give(key: str, to_id: int) -> None:
        save(
            floor,
            *with_connection(floor, lambda c: organisation.given_away(c, "agent", [("pbx", key, to_id)])),
        )
        move_keys(floor, now=lambda: NOW)

    give("jaan", pbx_mari)  # jaan's only key: his past comes with it
    give("mari", desk)  # mixed with jaan's now: only what comes
    give("jaan", pbx_jaan)  # jaan's is the only one left there, but mari's past is among it
    assert ask(floor, "select source_key, has_past from ops.key_moves order by move_id") == [
        ("jaan", True), ("mari", False), ("jaan", False),
    ]  # fmt: skip
    assert ask(floor, "select distinct agent_id from warehouse.calls where source_name = 'pbx'") == [
        (pbx_mari,)
    ]


def test_a_key_given_away_by_two_people_at_once_is_given_once(floor: sa.Engine) -> None:
    keys = {(row["source_name"], row["source_key"]): row["agent_id"] for row in rows(floor, "agent_keys")}

    def wish(to_id: int) -> Any:
        return with_connection(
            floor, lambda c: organisation.given_away(c, "agent", [("desk", "mari", to_id)])
        )

    mine, theirs = wish(keys["pbx", "mari"]), wish(keys["pbx", "jaan"])
    save(floor, *theirs)
    with pytest.raises(OrganisationError, match="somebody else meanwhile"):
        save(floor, *mine)
    assert ask(floor, "select count(*) from ops.key_moves") == [(1,)]


def test_a_changed_threshold_reaches_the_past_by_itself(floor: sa.Engine) -> None:
    inside = "select sum(answered_in_threshold_calls) from warehouse.queue_intervals"
    assert ask(floor, inside) == [(0,)]  # all waited 60 s, the threshold is 20 s
    for queue in rows(floor, "queues"):
        save(floor, changed("queues", queue, service_level_threshold_seconds=60))
    assert with_connection(floor, organisation.has_open_recount)
    assert recount(floor, now=lambda: NOW) == 2
    assert ask(floor, inside) == [(3,)]
    assert not with_connection(floor, organisation.has_open_recount)
    assert recount(floor, now=lambda: NOW) == 0


# ---- files


def plan(engine: sa.Engine, data: bytes, name: str = "organisation.zip") -> organisation_files.Plan:
    return with_connection(engine, lambda c: organisation_files.plan_import(c, name, data))  # type: ignore[no-any-return]


def exported(engine: sa.Engine) -> bytes:
    return with_connection(engine, organisation_files.export_zip)  # type: ignore[no-any-return]


NAMES = (
    "=1+1",
    "'=1",
    "'t Hooft",
    "''x",
    "%0A=",
    "'%0A",
    "-5",
    'Õnne "Q" Tamm',
    "a,b;c\td",
    "001",
    " padded ",
    "李明",
    "@SUM(A1)",
)


def test_an_export_is_imported_without_changing_anything(floor: sa.Engine) -> None:
    fill(floor)
    agent = rows(floor, "agents")[0]
    for name in NAMES:
        with floor.begin() as connection:
            connection.execute(
                sa.text("insert into warehouse.agents (agent_name) values (:name)"), {"name": name}
            )
    save(floor, changed("agents", agent, alias_name="=cmd|'/c calc'!A1"))
    data = exported(floor)
    assert exported(floor) == data
    found = plan(floor, data)
    assert (found.changes, found.faults) == ((), ())
    assert found.unchanged_rows == sum(len(each) for each in contents(floor).values())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("agents.csv").decode("utf-8-sig")
    assert ",'=1+1," in text
    assert "'=cmd" in text


def test_an_empty_organisation_takes_an_export_of_another_one(floor: sa.Engine) -> None:
    fill(floor)
    whole = contents(floor)
    with zipfile.ZipFile(io.BytesIO(exported(floor))) as archive:
        kept = {name: archive.read(f"{name}.csv") for name in ("schedules", "business_hours", "holidays")}
    undo(floor, 1)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in kept.items():
            archive.writestr(f"export/{name}.csv", data)
    done, number = with_connection(
        floor, lambda c: organisation_files.import_file(c, "x.zip", out.getvalue(), **VIEWER)
    )
    assert [change.action for change in done.changes] == ["add"] * 3
    assert number is not None
    assert {name: rows(floor, name) for name in kept} == {name: whole[name] for name in kept}


def test_an_import_changes_adds_and_takes_nothing_away(floor: sa.Engine) -> None:
    number = rows(floor, "agents")[0]["agent_id"]
    text = f"agent_id;agent_name;alias_name\r\n{number};Renamed;Fox\r\n;Newcomer;\r\n"
    done, _ = with_connection(
        floor, lambda c: organisation_files.import_file(c, "agents (1).csv", text.encode(), **VIEWER)
    )
    assert [change.action for change in done.changes] == ["change", "add"]
    names = [row["agent_name"] for row in rows(floor, "agents")]
    assert sorted(names) == ["Newcomer", "Renamed", "mari", "mari"] or sorted(names) == [
        "Newcomer",
        "Renamed",
        "jaan",
        "mari",
    ]


@pytest.mark.parametrize(
    ("name", "text", "place", "column", "sentence"),
    [
        ("queues.csv", "queue_id,service_level_target_ratio\n1,80\n", "line 2", "service_level_target_ratio",
         "expected 0.0 to 1.0"),
        ("queues.csv", "queue_id,service_level_target_ratio\n1,0.8\n1,0.9\n", "line 3", "queue_id", "line 2 already"),
        ("queues.csv", "queue_id,queue_name\n99,x\n", "line 2", "queue_id", "no row with the number 99"),
        ("queues.csv", "queue_id,queue_name\n,x\n", "line 2", "queue_id", "come from the sources"),
        ("agents.csv", "agent_id,agent_name\none,x\n", "line 2", "agent_id", "is not a number"),
        ("agents.csv", "agent_id,agent_name\n1,x,y\n", "line 2", "", "cells too many"),
        ("agents.csv", 'agent_id,agent_name\n1,"a\nb"\n', "line 3", "agent_name", "line break"),
        ("agents.csv", "agent_id,is_active\n1,maybe\n", "line 2", "is_active", "true or false"),
        ("team_members.csv", "agent_id,team_name,started_date\n1,Nobody,2026-01-01\n", "line 2", "team_name", "none yet"),
        ("team_members.csv", "agent_id,team_name,started_date\n1,x,01.02.2026\n", "line 2", "started_date", "is not a day"),
        ("business_hours.csv", "schedule_name,weekday_number,opens_seconds,closes_seconds\nx,0,9:00,25:00\n",
         "line 2", "closes_seconds", "is not a time"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_line_and_column_and_nothing_is_imported(
    floor: sa.Engine, name: str, text: str, place: str, column: str, sentence: str
) -> None:
    before = contents(floor)
    first = plan(floor, text.encode(), name).faults[0]
    assert first.place_text == f"{name}, {place}"
    assert first.column_name == column
    assert sentence in first.sentence
    with pytest.raises(OrganisationError, match="Nothing was imported"):
        with_connection(floor, lambda c: organisation_files.import_file(c, name, text.encode(), **VIEWER))
    assert contents(floor) == before


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("agents.csv", b"0" * 30_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("notes.txt", b"hello", "is no sheet of the organisation"),
        ("../../agents.exe", b"hello", '"agents.exe" is no sheet'),
        ("agents.csv", b"\xff\xfe\x00", "is not UTF-8"),
        ("agents.csv", b"agent_id,salary\n1,2\n", 'has the column "salary"'),
        ("agents.csv", b"agent_id,agent_id\n1,2\n", 'has the column "agent_id"'),
        ("agents.csv", b"", "has no line"),
        ("agent_keys.csv", b"source_name,agent_id\nx,1\n", 'no column "source_key"'),
        ("agents.csv", b'agent_id,agent_name\n1,"open\n', "is not CSV"),
        ("o.zip", b"PK\x03\x04broken", "cannot be read"),
        ("o.zip", bomb(), "would unpack to more"),
        ("agents.csv", b"0" * 20_000_001, "expected 20,000,000 at the most"),
    ],
)
def test_a_file_of_another_kind_is_refused(floor: sa.Engine, name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(OrganisationError, match=sentence):
        plan(floor, data, name)


def test_a_queue_keeps_its_timetable_until_it_is_given_another(floor: sa.Engine) -> None:
    queue = rows(floor, "queues")[0]
    number = save(
        floor, SCHEDULE, add("business_hours", **HOURS), changed("queues", queue, schedule_name="Office")
    )
    [schedule] = rows(floor, "schedules")
    with pytest.raises(OrganisationError, match="give the queue another one first"):
        save(floor, Change("schedules", "remove", schedule, None))
    save(floor, changed("schedules", schedule, schedule_name="Shop"))
    assert rows(floor, "queues")[0]["schedule_name"] == "Shop"
    save(floor, changed("schedules", rows(floor, "schedules")[0], schedule_name="Office"))
    freed = changed("queues", rows(floor, "queues")[0], schedule_name=None)
    save(floor, Change("schedules", "remove", schedule, None), freed)
    assert rows(floor, "queues")[0] == queue
    assert number > 0


def test_taking_back_a_timetable_takes_it_from_its_queue(floor: sa.Engine) -> None:
    before = contents(floor)
    queue = rows(floor, "queues")[0]
    number = save(floor, SCHEDULE, changed("queues", queue, schedule_name="Office"))
    undo(floor, number)
    assert contents(floor) == before


def test_a_change_from_before_queues_had_timetables_can_still_be_taken_back(floor: sa.Engine) -> None:
    queue = rows(floor, "queues")[0]
    number = save(floor, changed("queues", queue, group_name="Shop"))
    with floor.begin() as connection:
        connection.execute(
            sa.text(
                "update ops.organisation_changes set before_text = (before_text::jsonb - 'schedule_name')::text, "
                "after_text = (after_text::jsonb - 'schedule_name')::text"
            )
        )
    undo(floor, number)
    assert rows(floor, "queues")[0] == queue
