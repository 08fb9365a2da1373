"""The page Access on a real Postgres: every part draws, accounts and displays are made there, a password is shown once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard.access import Viewer
from dashboard.door import access_view, accounts, devices, sessions
from dashboard.ui import moments, visit
from sql import rights, role_matrix, warehouse

Run = Callable[..., AppTest]
GOOD = "quiet harbour at seven"
NOW = datetime.now(UTC)


@pytest.fixture
def site(shared_engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """A warehouse with nobody in it, and pages that are shown without a clock that runs."""
    with shared_engine.begin() as connection:
        connection.execute(sa.text("truncate access.accounts, access.device_codes cascade"))
        connection.execute(sa.text("delete from warehouse.teams"))
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Early'), ('Late')"))
    monkeypatch.setenv("DATABASE_URL", shared_engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-03-11T12:00:00+00:00")
    monkeypatch.setattr(moments, "engine", lambda _url: shared_engine)
    return shared_engine


@pytest.fixture
def run(site: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run) -> Run:
    """The page as its administrator ada opens it."""
    rights.install(site)
    with site.begin() as connection:
        number = accounts.add(connection, "ada", role_name="administrator", password=GOOD)
        token = sessions.begin(connection, account_id=number, now=NOW, lasts=timedelta(hours=1))
    ada = Viewer("ada", "administrator: everyone", token=token)
    monkeypatch.setattr(visit, "viewer", lambda: ada)
    return lambda **address: run_page("access", **address)


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def rows(page: AppTest, label: str) -> list[list[Any]]:
    found = next(one for one in blocks(page) if one.get("label") == label)
    return [
        [cell["word"] if isinstance(cell, dict) else cell for cell in row["cells"]] for row in found["rows"]
    ]


def press(page: AppTest, word: str) -> AppTest:
    return next(button for button in page.button if button.label.startswith(word)).click().run()


def type_in(page: AppTest, label: str, text: str) -> None:
    next(field for field in page.text_input if field.label == label).set_value(text)


def choose(page: AppTest, label: str, value: str) -> AppTest:
    return next(found for found in page.selectbox if found.label == label).set_value(value).run()


def told(page: AppTest) -> str:
    return " ".join(
        f"{one['title']} {one['body']}" for one in blocks(page) if one["kind"] == "notice" and not one["page"]
    )


@pytest.mark.parametrize("part", access_view.parts())
def test_every_part_draws_at_a_site_without_accounts(site: sa.Engine, run_page: Run, part: str) -> None:
    found = blocks(run_page("access", part=part))
    shown = json.dumps(found)
    if part != "roles":
        assert "floorboard account add NAME --role administrator" in shown
    assert next(one for one in found if one["kind"] == "head")["title"] == "Access"


def test_at_a_site_without_accounts_nothing_is_made_on_the_page(site: sa.Engine, run_page: Run) -> None:
    for part in access_view.parts():
        assert [button.label for button in run_page("access", part=part).button] == []


def test_without_a_warehouse_the_page_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, run_page: Run
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "No database is connected." in json.dumps(blocks(run_page("access")))


def test_an_account_is_made_with_a_password_that_is_shown_once(run: Run, site: sa.Engine) -> None:
    page = run()
    type_in(page, "Name or e-mail address", "sam")
    page = next(found for found in page.multiselect if found.label == "Teams").set_value(["Early"]).run()
    page = press(page, "Make the account")
    found = re.search(r"password of sam is `([a-z]{4}(?:-[a-z]{4}){3})`", told(page))
    assert found, told(page)
    with site.begin() as connection:
        account = accounts.signed_in(connection, "sam", found[1])
    assert account is not None
    assert account.role_name == "supervisor"
    ada, sam = rows(page, "Accounts")
    assert ada[:4] + ada[5:] == [
        "ada",
        "Administrator",
        "everything, and how the site is run",
        "password",
        "1",
        "open",
    ]
    assert sam == ["sam", "Supervisor", "Early", "password", "never", "0", "open"]
    assert found[1] not in json.dumps(blocks(page.run())), "a second look shows no password"


def test_an_account_that_cannot_be_is_refused_and_what_was_typed_stays(run: Run) -> None:
    page = run()
    type_in(page, "Name or e-mail address", "ADA")
    page = press(page, "Make the account")
    assert "Nothing was changed There is an account 'ADA' already" in told(page)
    assert next(one for one in page.text_input if one.label == "Name or e-mail address").value == "ADA"


def test_an_account_is_closed_and_opened_and_nobody_closes_their_own(run: Run, site: sa.Engine) -> None:
    with site.begin() as connection:
        number = accounts.add(connection, "mara", role_name="manager", password=GOOD)
        token = sessions.begin(connection, account_id=number, now=NOW, lasts=timedelta(hours=1))
    page = press(choose(run(), "Account", "mara"), "Close the account")
    assert "mara is closed. 1 session was ended." in told(page)
    with warehouse.connected(site) as connection:
        assert sessions.holder(connection, token, now=NOW) is None
    page = press(choose(page, "Account", "mara"), "Open the account again")
    assert "mara may sign in again." in told(page)
    page = choose(page, "Account", "ada")
    off = [button.label for button in page.button if button.disabled]
    assert off == ["Save the rights", "Close the account"]


def test_a_screens_code_stands_there_and_a_yes_gives_it_its_board(run: Run, site: sa.Engine) -> None:
    with site.begin() as connection:
        waiting = devices.wait(connection, address_text="10.0.0.7", now=NOW)
    page = run(part="walls", board="agents")  # as the page Walls leads here
    code = devices.written(waiting.code_text)
    assert rows(page, "Screens with a code")[0][:2] == [code, "10.0.0.7"]
    type_in(page, "Code on the screen", code)
    type_in(page, "Name of the display", "East")
    assert page.selectbox[0].options == ["Floor", "One queue", "Our day", "The day", "Data"]
    type_in(page, "Only queues with", "nowhere")
    page = press(page, "Say yes to the screen")
    assert "No queue's name or group has 'nowhere' in it" in told(page)
    type_in(page, "Only queues with", "")
    page = press(page, "Say yes to the screen")
    assert "East shows its wall." in told(page)
    assert rows(page, "Screens with a code") == []
    assert rows(page, "Wall displays")[0][:3] == ["East", "waits for its screen", "Our day"]
    with site.begin() as connection:
        opened = devices.waiting(connection, waiting.browser, now=NOW)
    assert isinstance(opened, devices.Opened)
    page = press(choose(run(part="walls"), "Take down", "East"), "Revoke")
    assert "East is revoked." in told(page)
    assert rows(page, "Wall displays")[0][1].startswith("revoked ")


@pytest.mark.parametrize(
    ("board_text", "shown"),
    [
        ("/wall/show?boards=floor", "Floor"),
        ("/wall/show?boards=floor,agents&theme=dark", "Floor, Our day, theme dark"),
        ("/wall/show?playlist=day&queue=Nord+%26", "Playlist: Day, queues with Nord &"),
        ("/wall/show?boards=gone", "/wall/show?boards=gone"),
        ("/live", "/live"),
    ],
)
def test_what_a_display_shows_is_told_by_its_titles(board_text: str, shown: str) -> None:
    known = {
        "/wall/show?boards=floor": "Floor",
        "/wall/show?boards=agents": "Our day",
        "/wall/show?playlist=day": "Playlist: Day",
    }
    assert access_view.shown_text(board_text, known) == shown


def test_an_address_that_opens_once_is_shown_once(run: Run, site: sa.Engine) -> None:
    page = run(part="walls")
    type_in(page, "Name of the display", "West")
    page = press(page, "Address that opens once")
    found = re.search(r"/wall/open\?token=([\w-]{43})`", told(page))
    assert found, told(page)
    with site.begin() as connection:
        assert devices.open_once(connection, found[1], now=NOW) is not None
    assert found[1] not in json.dumps(blocks(page.run()))


def test_what_each_role_sees_is_the_published_table(run: Run) -> None:
    page = run(part="roles")
    shown = {row[0]: row[1:] for row in rows(page, "Pages")}
    (with_access,) = [answers for things, answers in shown.items() if "Access" in things.split(", ")]
    assert with_access == ["–", "–", "–", "–", "yes", "–"]
    for kind, label in (("page", "Pages"), ("change", "Changes")):
        named = [thing for row in rows(page, label) for thing in row[0].split(", ")]
        assert len(named) == len([line for line in role_matrix.matrix() if line.kind_name == kind])


def test_nobody_but_an_administrator_is_answered(
    run: Run, site: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.begin() as connection:
        number = accounts.add(connection, "mara", role_name="manager", password=GOOD)
        token = sessions.begin(connection, account_id=number, now=NOW, lasts=timedelta(hours=1))
    mara = Viewer("mara", "manager: everyone", role_name="manager", token=token)
    monkeypatch.setattr(visit, "viewer", lambda: mara)
    page = run()
    assert "ada" not in json.dumps(blocks(page)).replace("ada@", "")
    assert [button.label for button in page.button] == []
