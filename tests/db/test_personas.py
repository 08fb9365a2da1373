"""The demo's personas: one of each role on its real floor, let in by the demo and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from dashboard.access import LOCAL_VIEWER
from dashboard.door import accounts, devices, personas, sessions
from dashboard.door.routes import Door
from dashboard.door.visitor import DEMO_VARIABLE, SignedOutError, Visitors
from sql import rights, warehouse
from tests.web_browser import Browser

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    """Two teams: three people in Sales, one at night."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Night'), ('Sales')"))
        connection.execute(
            sa.text("insert into warehouse.agents (agent_name) values ('Aino'), ('Bo'), ('Chen'), ('Dora')")
        )
        connection.execute(
            sa.text(
                "insert into warehouse.team_members (team_id, agent_id, started_date) "
                "select t.team_id, a.agent_id, '2020-01-01' from warehouse.agents as a "
                "inner join warehouse.teams as t "
                "on t.team_name = case a.agent_name when 'Dora' then 'Night' else 'Sales' end"
            )
        )
        personas.furnish(connection, now=NOW)
    return shared_engine


def token_of(floor: sa.Engine, name: str) -> str:
    with floor.begin() as connection:
        found = accounts.of_identity(connection, personas.ISSUER, name)
        assert found is not None
        return sessions.begin(connection, account_id=found.account_id, now=NOW, lasts=timedelta(hours=1))


def test_there_is_one_of_each_role_of_the_largest_team(floor: sa.Engine) -> None:
    with warehouse.connected(floor) as connection:
        found = dict(personas.listed(connection).iter_rows())
    assert found == {
        "administrator": "Administrator",
        "manager": "Manager",
        "supervisor": "Supervisor of Sales",
        "agent": "Agent Aino",
        "executive": "Executive",
        "wall": "",
    }


def test_furnishing_again_adds_nobody_and_a_floor_without_teams_waits_for_them(
    floor: sa.Engine, engine: sa.Engine
) -> None:
    with floor.begin() as connection:
        assert personas.furnish(connection, now=NOW) == 0
    with engine.begin() as connection:
        assert personas.furnish(connection, now=NOW) == 4
        found = personas.listed(connection)["persona_name"].to_list()
    assert sorted(found) == ["administrator", "executive", "manager", "wall"]


@pytest.mark.parametrize("name", personas.PERSONAS)
def test_the_demo_lets_a_persona_in_as_its_role_and_the_database_too(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    token = token_of(floor, name)
    viewer = Visitors(lambda: floor, lambda: NOW).viewer(token)
    assert viewer.role_name == name
    assert viewer.board_text == ("/wall/show?boards=floor" if name == "wall" else None)
    with warehouse.connected(floor) as connection:
        assert rights.enter(connection, token).role_name == name


@pytest.mark.parametrize("name", personas.PERSONAS)
def test_without_the_demo_a_personas_session_opens_nothing(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(DEMO_VARIABLE, raising=False)
    token = token_of(floor, name)
    with floor.begin() as connection:
        made = accounts.add(
            connection, f"real {name}", role_name="manager", password="quiet harbour at seven"
        )
    try:
        with pytest.raises(SignedOutError):
            Visitors(lambda: floor, lambda: NOW).viewer(token)
    finally:
        with floor.begin() as connection:
            connection.execute(
                sa.text("delete from access.accounts where account_id = :made"), {"made": made}
            )


def test_personas_are_no_accounts_that_everybody_would_have_to_sign_in_for(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    with warehouse.connected(floor) as connection:
        assert not accounts.has_accounts(connection)
    assert Visitors(lambda: floor, lambda: NOW).viewer(None) == LOCAL_VIEWER


def test_the_switch_leads_to_the_page_as_the_persona(
    floor: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    browser = Browser(Door(lambda: floor, lambda: NOW, is_demo=True))
    assert browser.get("/persona?as=agent&next=/agents").headers["location"] == "/agents"
    found = Visitors(lambda: floor, lambda: NOW).viewer(browser.cookies[sessions.COOKIE])
    assert found.role_name == "agent"
    assert browser.get("/persona?as=ada").status_code == 404


def test_the_switch_is_the_demos_alone(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DEMO_VARIABLE, raising=False)
    assert Visitors(lambda: floor, lambda: NOW).personas() == ()
    monkeypatch.setenv(DEMO_VARIABLE, "1")
    found = Visitors(lambda: floor, lambda: NOW).personas()
    assert [name for name, _ in found] == list(personas.PERSONAS)


def test_the_demos_wall_can_be_revoked_like_any_other(floor: sa.Engine) -> None:
    with floor.connect() as connection:
        devices.revoke(connection, personas.WALL_NAME, now=NOW)
        assert "wall" not in personas.listed(connection)["persona_name"].to_list()
