"""What is kept about a person goes to that person whole, and to nobody else; a name needs a consent, or is another name."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.own import aliases, consents, own_export, own_queries
from dashboard.own.consents import BOARDS, ConsentError
from sql import rights, warehouse
from tests.db.test_rights import ACCOUNTS, CALLS_EACH, NAMES, NOON, floor, pages, token_of

__all__ = ["floor", "pages"]  # the four agents in two teams, and the pages' own way to them

AINO, BO, CHEN, DORA = 1, 2, 3, 4
MADE_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
OWN = Viewer("aino", "agent 1", "agent", AINO)


@contextmanager
def reading(pages: sa.Engine, login_name: str) -> Iterator[sa.Connection]:
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of(login_name))
        yield connection


@contextmanager
def taken_back(floor: sa.Engine) -> Iterator[sa.Connection]:
    with floor.connect() as connection:
        yield connection
        connection.rollback()


def test_every_table_with_rows_of_a_single_agent_is_found(floor: sa.Engine) -> None:
    """The list is made of the catalogue; here another way through the catalogue comes to the same."""
    with floor.connect() as connection:
        told = {
            f"{row[0]}.{row[1]}" for row in connection.execute(sa.text("select * from access.own_tables()"))
        }
        columns = connection.execute(
            sa.text(
                "select distinct c.table_schema || '.' || c.table_name from information_schema.columns as c "
                "inner join information_schema.tables as t using (table_schema, table_name) "
                "where t.table_type = 'BASE TABLE' and c.table_schema in ('warehouse', 'ops', 'access') "
                "and (c.column_name = 'agent_id' or c.column_name like '%!_agent!_id' escape '!') "
                "and c.table_name !~ '_[0-9]{4}_?[0-9]{2}$'"
            )
        ).scalars()
        missing = set(columns) - told
    assert missing == set()
    assert {"warehouse.calls", "warehouse.tickets", "warehouse.review_answers", "access.sessions"} <= told


@pytest.mark.parametrize("login_name", ACCOUNTS)
def test_a_person_counts_what_is_kept_about_them_and_nobody_elses(pages: sa.Engine, login_name: str) -> None:
    role_name, own_id, _ = ACCOUNTS[login_name]
    for agent_id in (AINO, BO, DORA):
        with reading(pages, login_name) as connection:
            if own_id == agent_id or role_name in ("manager", "administrator"):
                told = {
                    row["table_name"]: row
                    for row in own_queries.own_data(connection, agent_id=agent_id).to_dicts()
                }
                assert told["warehouse.calls"]["row_count"] == CALLS_EACH
                assert told["warehouse.calls"]["first_at"] == NOON + timedelta(
                    seconds=CALLS_EACH * (agent_id - 1)
                )
                assert told["warehouse.tickets"]["row_count"] == 0
                assert told["warehouse.tickets"]["first_at"] is None
            else:
                with pytest.raises(DBAPIError, match=r"somebody else|permission denied"):
                    own_queries.own_data(connection, agent_id=agent_id)
                connection.rollback()


def test_whoever_steps_out_of_their_claim_is_nobody(floor: sa.Engine, pages: sa.Engine) -> None:
    """A statement smuggled into a page could empty the claim; that makes nobody of it, not the owner."""
    for engine in (floor, pages):
        with reading(engine, "aino") as connection:
            connection.execute(sa.text("select set_config('floorboard.viewer', '', true)"))
            with pytest.raises(DBAPIError, match="somebody else"):
                own_queries.own_data(connection, agent_id=DORA)
            connection.rollback()


def archive(connection: sa.Connection, agent_id: int) -> dict[str, bytes]:
    data = own_export.zip_bytes(
        connection,
        agent_id=agent_id,
        agent_name=NAMES[agent_id - 1],
        zone_name="Europe/Tallinn",
        made_at=MADE_AT,
    )
    with zipfile.ZipFile(io.BytesIO(data)) as pack:
        return {name: pack.read(name) for name in pack.namelist()}


def test_the_archive_holds_each_row_of_the_person_and_no_trace_of_others(
    floor: sa.Engine, pages: sa.Engine
) -> None:
    with floor.begin() as connection:
        for agent_id in (AINO, BO):
            connection.execute(
                sa.text(
                    "insert into warehouse.coaching_notes (note_id, save_number, saved_at, source_name, contact_id, "
                    "agent_id, viewer_name, comment_text) values (:agent_id, 1, :at, 'pbx', 'c1', :agent_id, 'sam', :said)"
                ),
                {"at": NOON, "agent_id": agent_id, "said": f"=said to {NAMES[agent_id - 1]}"},
            )
    with reading(pages, "aino") as connection:
        found = archive(connection, AINO)
    calls = json.loads(found["warehouse.calls.json"])
    assert [row["call_id"] for row in calls] == [f"c{number}" for number in range(CALLS_EACH)]
    assert {row["agent_id"] for row in calls} == {AINO}
    assert "customer_key" not in calls[0]
    rows = list(csv.DictReader(io.StringIO(found["warehouse.coaching_notes.csv"].decode("utf-8-sig"))))
    assert [row["comment_text"] for row in rows] == [
        "'=said to Aino Kask"
    ]  # no spreadsheet takes it for a formula
    assert [row["viewer_name"] for row in rows] == [own_export.ANOTHER]
    everything = b"".join(found.values()).decode()
    assert "token_sha256" not in json.dumps([*json.loads(found["access.sessions.json"])])
    assert [name for name in NAMES[1:] if name in everything] == []
    sheet = found["about.html"].decode()
    with floor.connect() as connection:
        tables = connection.execute(
            sa.text("select schema_name || '.' || table_name from access.own_tables()")
        ).scalars()
        assert [name for name in tables if name not in sheet] == []


def test_a_consent_is_given_by_the_person_alone(floor: sa.Engine) -> None:
    with taken_back(floor) as connection:
        for viewer in (
            LOCAL_VIEWER,
            Viewer("ada", "everyone", "administrator"),
            Viewer("bo", "agent 2", "agent", BO),
        ):
            with pytest.raises(ConsentError, match="the person"):
                consents.give(connection, viewer=viewer, agent_id=AINO, board_name="wall", at=NOON)
        assert own_queries.consented_agents(connection, board_name="wall").is_empty()
        assert consents.give(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
        assert not consents.give(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
        assert own_queries.consented_agents(connection, board_name="wall")["agent_name"].to_list() == [
            NAMES[0]
        ]
        for board_name in set(BOARDS) - {"wall"}:
            assert own_queries.consented_agents(connection, board_name=board_name).is_empty()


def test_a_withdrawn_consent_holds_no_longer_and_stays_in_the_history(floor: sa.Engine) -> None:
    later = NOON + timedelta(hours=1)
    with taken_back(floor) as connection:
        for board_name in BOARDS:
            consents.give(connection, viewer=OWN, agent_id=AINO, board_name=board_name, at=NOON)
        with pytest.raises(ConsentError, match="an administrator for them"):
            consents.withdraw(
                connection,
                viewer=Viewer("sam", "teams 1", "supervisor"),
                agent_id=AINO,
                board_name="wall",
                at=later,
            )
        assert consents.withdraw(connection, viewer=LOCAL_VIEWER, agent_id=AINO, board_name="wall", at=later)
        assert not consents.withdraw(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=later)
        assert own_queries.consented_agents(connection, board_name="wall").is_empty()
        assert own_queries.consented_agents(connection, board_name="leaderboard").height == 1
        kept = {
            row["board_name"]: row["withdrawn_at"]
            for row in own_queries.consents(connection, agent_id=AINO).to_dicts()
        }
        assert kept == {"wall": later, "leaderboard": None, "team_board": None}


@pytest.mark.parametrize(
    "statement",
    [
        "update access.consents set withdrawn_at = null, is_withdrawn_by_person = null",
        "update access.consents set agent_id = 2",
        "update access.consents set given_at = given_at - interval '1 year'",
    ],
)
def test_nothing_rewrites_a_consent(floor: sa.Engine, statement: str) -> None:
    with taken_back(floor) as connection:
        consents.give(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
        consents.withdraw(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
        with pytest.raises(DBAPIError, match="only ever withdrawn"):
            connection.execute(sa.text(statement))


def test_a_wall_reads_names_through_the_consents_alone(floor: sa.Engine, pages: sa.Engine) -> None:
    def names() -> list[str]:
        with reading(pages, "wall") as connection:
            return own_queries.consented_agents(connection, board_name="wall")["agent_name"].to_list()

    assert names() == []
    with floor.begin() as connection:
        consents.give(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
    assert names() == [NAMES[0]]
    with floor.begin() as connection:
        consents.withdraw(connection, viewer=OWN, agent_id=AINO, board_name="wall", at=NOON)
    assert names() == []
    with reading(pages, "wall") as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(sa.text("select agent_name from warehouse.agents"))


def numbers(pages: sa.Engine, login_name: str, season_name: str, agents: range) -> list[int]:
    with reading(pages, login_name) as connection:
        return list(
            connection.execute(
                sa.text(
                    "select access.alias_number(a, :season) "
                    "from generate_series(cast(:first as integer), cast(:last as integer)) as a order by a"
                ),
                {"season": season_name, "first": agents[0], "last": agents[-1]},
            ).scalars()
        )


def test_a_name_is_the_same_all_season_and_another_for_every_reader_and_season(pages: sa.Engine) -> None:
    agents = range(1, 201)
    of_aino, again = (numbers(pages, "aino", "2026-q4", agents) for _ in range(2))
    of_dora = numbers(pages, "dora", "2026-q4", agents)
    next_season = numbers(pages, "aino", "2027-q1", agents)
    assert of_aino == again
    assert len(set(of_aino)) == len({aliases.alias_text(number) for number in of_aino}) == len(agents)
    for other in (of_dora, next_season):
        same = sum(1 for one, another in zip(of_aino, other, strict=True) if one == another)
        assert same <= 2  # by chance one in 16,384


def test_two_agents_never_share_a_name_however_many_there_are(floor: sa.Engine) -> None:
    with floor.connect() as connection:
        found = connection.execute(
            sa.text(
                "select count(distinct access.alias_number(a, 's')), count(*) from generate_series(0, 1023) as a"
            )
        ).one()
        assert found[0] == found[1] == 1024
        blocks = connection.execute(
            sa.text("select access.alias_number(a, 's') / 16384 from unnest(array[1, 16384, 40000]) as a")
        ).scalars()
        assert list(blocks) == [0, 1, 2]


def test_a_wall_has_no_names_to_find_people_by(pages: sa.Engine) -> None:
    with reading(pages, "wall") as connection, pytest.raises(DBAPIError, match="permission denied"):
        connection.execute(sa.text("select access.alias_number(1, 's')"))
