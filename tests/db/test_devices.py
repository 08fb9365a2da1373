"""Wall displays on a real warehouse: a code and a yes, an address that opens once, one board, nothing after the revoke."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dashboard.door import accounts, devices, sessions
from dashboard.door.device_routes import DeviceDoor
from dashboard.door.devices import DeviceError
from dashboard.door.doorstep import Doorstep
from dashboard.door.routes import Tries
from dashboard.door.visitor import DEMO_VARIABLE, SignedOutError, Visitors
from dashboard.wall import wall_saves
from sql import rights, warehouse
from tests.typed import typed
from tests.web_browser import Browser

NOW = datetime.now(UTC).replace(microsecond=0)
GOOD = "quiet harbour at seven"
SHOWN = "/wall/show?boards=floor,agents&queue=harb"


class Present:
    """The clock of the warehouse's day, moved by hand."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """A site with a queue, an administrator, and the rights of the database."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into warehouse.queues (source_name, queue_name, group_name, channel_name, time_zone_name) "
                "values ('pbx', 'sales', 'Harbour', 'call', 'UTC')"
            )
        )
        accounts.add(connection, "ada", role_name="administrator", password=GOOD)
    return shared_engine


@pytest.fixture
def present() -> Present:
    return Present()


@pytest.fixture
def screen(site: sa.Engine, present: Present) -> Iterator[Browser]:
    """A browser on a wall that nobody types at; what it left waiting is forgotten."""
    yield Browser(DeviceDoor(lambda: site, present, Tries(clock=lambda: 0.0)))
    with site.begin() as connection:
        connection.execute(sa.text("delete from access.device_codes"))


def code_on(screen: Browser) -> str:
    """The code that the screen shows."""
    found = re.search(r'class="code"[^>]*>([A-Z]{4}-[A-Z]{4})<', screen.get("/wall").text)
    assert found, "the screen shows no code"
    return found[1]


def approve(site: sa.Engine, code: str, name: str, board: str = "floor", at: datetime = NOW) -> str:
    with site.begin() as connection:
        return devices.approve(
            connection, code, device_name=name, board_text=board, made_by_name="ada", now=at
        )


def add(site: sa.Engine, name: str, board: str = "floor") -> str:
    with site.begin() as connection:
        return devices.add(connection, name, board_text=board, made_by_name="ada", now=NOW)


def revoke(site: sa.Engine, name: str) -> int:
    with site.begin() as connection:
        return devices.revoke(connection, name, now=NOW)


def pressed(screen: Browser, token: str) -> int:
    return screen.post("/wall/open", data={"token": token}).status_code


def test_a_screen_with_a_code_shows_its_board_once_somebody_said_yes(
    site: sa.Engine, screen: Browser
) -> None:
    code = code_on(screen)
    assert code_on(screen) == code, "it asks again every few seconds, and its code stays"
    assert sessions.COOKIE not in screen.cookies
    assert approve(site, code.lower().replace("-", " "), "East", SHOWN) == SHOWN
    answer = screen.get("/wall")
    assert (answer.status_code, answer.headers["location"]) == (303, SHOWN)
    cookie = next(line for line in answer.headers.get_list("set-cookie") if sessions.COOKIE in line)
    assert all(
        part in cookie for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/", "Max-Age=34560000")
    )
    viewer = Visitors(lambda: site, lambda: NOW).viewer(screen.cookies[sessions.COOKIE])
    assert (viewer.role_name, viewer.board_text) == ("wall", SHOWN)
    assert screen.get("/wall").headers["location"] == SHOWN, "switched on again, it finds its wall"


def test_the_code_is_worth_nothing_in_another_browser(
    site: sa.Engine, screen: Browser, present: Present
) -> None:
    code = code_on(screen)
    other = Browser(DeviceDoor(lambda: site, present))
    assert code_on(other) != code
    approve(site, code, "North")
    assert other.get("/wall").status_code == 200
    assert sessions.COOKIE not in other.cookies
    assert screen.get("/wall").status_code == 303


def test_after_ten_minutes_another_code_stands_there_and_the_old_one_is_refused(
    site: sa.Engine, screen: Browser, present: Present
) -> None:
    code = code_on(screen)
    present.at += timedelta(minutes=10)
    assert code_on(screen) != code
    with pytest.raises(DeviceError, match="No screen waits under the code"):
        approve(site, code, "South", at=present.at)
    with site.begin() as connection:
        assert "South" not in devices.listed(connection, as_of=NOW)["device_name"].to_list()


def test_a_code_can_be_said_yes_to_once(site: sa.Engine, screen: Browser) -> None:
    code = code_on(screen)
    approve(site, code, "First")
    with pytest.raises(DeviceError, match="No screen waits"):
        approve(site, code, "Second")


def test_the_eleventh_new_screen_of_an_address_within_a_minute_has_to_wait(
    site: sa.Engine, present: Present
) -> None:
    door = DeviceDoor(lambda: site, present, Tries(clock=lambda: 0.0))
    app = Starlette(routes=door.routes())
    assert [Browser(app).get("/wall").status_code for _ in range(11)] == [200] * 10 + [429]
    pretender = Browser(app)
    pretender.cookies.set(devices.COOKIE, "made up", domain="floor.example")
    assert pretender.get("/wall").status_code == 429, "a cookie that is none opens no way around"


def test_one_address_cannot_take_the_room_of_all_screens(
    site: sa.Engine, screen: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MOST_OF_ADDRESS", 2)
    with site.begin() as connection:
        connection.execute(sa.text("delete from access.device_codes"))
        for _ in range(2):
            devices.wait(connection, address_text="10.0.0.7", now=NOW)
        with pytest.raises(DeviceError, match="2 screens wait for a yes already"):
            devices.wait(connection, address_text="10.0.0.7", now=NOW)
        devices.wait(connection, address_text="10.0.0.8", now=NOW)


def test_too_many_waiting_screens_leave_no_room_for_more(
    site: sa.Engine, screen: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "MOST_WAITING", 0)
    answer = screen.get("/wall")
    assert answer.status_code == 429
    assert "screens wait for a yes already" in answer.text


def test_an_address_opens_a_display_once_at_the_press_of_a_button(
    site: sa.Engine, screen: Browser, present: Present
) -> None:
    path = devices.link_path(add(site, "West"))
    offered = screen.get(path)
    assert offered.status_code == 200
    assert sessions.COOKIE not in screen.cookies, "whoever looks ahead at links uses none"
    token = path.partition("=")[2]
    assert pressed(screen, token) == 303
    other = Browser(DeviceDoor(lambda: site, present))
    assert pressed(other, token) == 410
    assert sessions.COOKIE not in other.cookies


def test_an_address_is_over_after_a_week_and_with_its_display(
    site: sa.Engine, screen: Browser, present: Present
) -> None:
    token = add(site, "Late")
    present.at += devices.LINK_LASTS
    assert pressed(screen, token) == 410
    present.at = NOW
    revoke(site, "late")
    assert pressed(screen, token) == 410


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}])
def test_another_sites_form_makes_no_screen(
    site: sa.Engine, screen: Browser, headers: dict[str, str]
) -> None:
    token = add(site, f"Foreign {sorted(headers)[0]}")
    assert screen.post("/wall/open", data={"token": token}, headers=headers).status_code == 403
    assert pressed(screen, token) == 303


def test_a_persons_cookie_is_no_screens_and_ends_where_a_screen_begins(
    site: sa.Engine, screen: Browser
) -> None:
    with site.begin() as connection:
        account = accounts.signed_in(connection, "ada", GOOD)
        assert account
        token = sessions.begin(connection, account_id=account.account_id, now=NOW, lasts=timedelta(hours=12))
    screen.cookies.set(sessions.COOKIE, token, domain="floor.example")
    code = code_on(screen)  # an administrator's own cookie leads to no board
    approve(site, code, "Of a person")
    assert screen.get("/wall").status_code == 303
    assert screen.cookies[sessions.COOKIE] != token
    with warehouse.connected(site) as connection:
        assert sessions.holder(connection, token, now=NOW) is None


def test_a_revoked_display_is_dark_at_the_next_look_and_its_name_is_free(
    site: sa.Engine, screen: Browser
) -> None:
    assert pressed(screen, add(site, "Bar")) == 303
    token = screen.cookies[sessions.COOKIE]
    clock = [0.0]
    visitors = Visitors(lambda: site, lambda: NOW, clock=lambda: clock[0])
    assert visitors.viewer(token).role_name == "wall"
    assert revoke(site, "BAR") == 1
    clock[0] = 10.0  # nobody is remembered for longer
    with pytest.raises(SignedOutError):
        visitors.viewer(token)
    with pytest.raises(rights.SessionError), warehouse.connected(site) as connection:
        rights.enter(connection, token)
    with pytest.raises(DeviceError, match="No wall display 'Bar' is in use; there are: "):
        revoke(site, "Bar")
    add(site, "bar")


def test_a_yes_to_a_display_that_was_revoked_before_its_screen_came_gives_a_new_code(
    site: sa.Engine, screen: Browser
) -> None:
    code = code_on(screen)
    approve(site, code, "Too late")
    revoke(site, "Too late")
    assert code_on(screen) != code


def test_a_display_opens_on_one_screen_at_a_time(site: sa.Engine, screen: Browser) -> None:
    first = add(site, "Single")
    assert pressed(screen, first) == 303
    held = screen.cookies[sessions.COOKIE]
    with site.begin() as connection:
        (device_id,) = connection.execute(
            sa.text("select device_id from access.devices where device_name = 'Single'")
        ).one()
        warehouse.execute(
            connection,
            "devices/link_new",
            token_sha256=devices._hash("again"),
            device_id=device_id,
            ends_at=NOW + timedelta(days=1),
        )
    assert pressed(screen, "again") == 303
    with warehouse.connected(site) as connection:
        assert sessions.holder(connection, held, now=NOW) is None


@pytest.mark.parametrize(("is_demo", "answers"), [(False, [(303, SHOWN)] * 3), (True, [(200, None)] * 3)])
def test_whatever_page_a_display_opens_it_is_led_to_its_wall_but_for_the_demos_personas(
    site: sa.Engine,
    screen: Browser,
    monkeypatch: pytest.MonkeyPatch,
    is_demo: bool,
    answers: list[tuple[int, str | None]],
) -> None:
    monkeypatch.setenv(DEMO_VARIABLE, "1" if is_demo else "0")
    assert pressed(screen, add(site, f"Led {is_demo}", SHOWN)) == 303
    visitors = Visitors(lambda: site, lambda: NOW)
    page = Starlette(
        routes=[Route("/{path:path}", lambda _request: PlainTextResponse("the page"))],
        middleware=[Middleware(Doorstep, pages=frozenset({"queues", "live"}), viewer=visitors.viewer)],
    )
    browser = Browser(page)
    browser.cookies.set(sessions.COOKIE, screen.cookies[sessions.COOKIE], domain="floor.example")
    found = [browser.get(path) for path in ("/", "/live?queue=sales", "/queues")]
    assert [(answer.status_code, answer.headers.get("location")) for answer in found] == answers
    assert browser.get("/app/static/wall.js").text == "the page", "the wall's own files are no page"


def test_the_warehouse_keeps_hashes_alone(site: sa.Engine, screen: Browser) -> None:
    code = code_on(screen)
    link = add(site, "Kept")
    browser = screen.cookies[devices.COOKIE]
    approve(site, code, "Kept too")
    screen.get("/wall")
    token = screen.cookies[sessions.COOKIE]
    with warehouse.connected(site) as connection:
        kept = connection.execute(
            sa.text(
                "select string_agg(t::text, '') from (select d::text as t from access.device_links as d union all "
                "select c::text from access.device_codes as c union all select s::text from access.sessions as s) as a"
            )
        ).scalar_one()
    assert not [secret for secret in (link, browser, token) if secret in kept]


def test_the_list_says_what_is_open_what_waits_and_what_was_revoked(site: sa.Engine, screen: Browser) -> None:
    add(site, "L waiting")
    pressed(screen, add(site, "L open", SHOWN))
    add(site, "L gone")
    revoke(site, "L gone")
    with warehouse.connected(site) as connection:
        found = devices.listed(connection, as_of=NOW).to_dicts()
    standings = {row["device_name"]: row["standing_name"] for row in found}
    assert {name: standings[name] for name in ("L waiting", "L open", "L gone")} == {
        "L waiting": "waiting",
        "L open": "open",
        "L gone": "revoked",
    }
    ends = {row["device_name"]: row["ends_at"] for row in found}
    assert ends["L open"] == NOW + timedelta(days=400)
    assert found[-1]["revoked_at"] is not None, "what is out of use stands last"


def test_a_display_alone_does_not_ask_everybody_to_sign_in(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        devices.add(connection, "Alone", board_text="floor", made_by_name="console", now=NOW)
        assert not accounts.has_accounts(connection)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("floor", "/wall/show?boards=floor"),
        (" floor ", "/wall/show?boards=floor"),
        ("/wall/show", "/wall/show?boards=floor"),
        ("/wall/show/?boards=agents&dwell=20", "/wall/show?boards=agents"),
        ("https://floor.example/wall/show?boards=floor,agents", "/wall/show?boards=floor,agents"),
        ("/wall/show?boards=floor&queue=", "/wall/show?boards=floor"),
        ("/wall/show?boards=floor&queue=Nord%20%26", "/wall/show?boards=floor&queue=Nord+%26"),
        ("/wall/show?sound=on&theme=dark&boards=queue", "/wall/show?boards=queue&theme=dark&sound=on"),
        ("/wall/show?playlist=day", "/wall/show?playlist=day"),
    ],
)
def test_a_wall_is_kept_as_its_one_address(text: str, kept: str) -> None:
    assert devices.board_of(text) == kept
    assert devices.board_of(kept) == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/agents", "No wall display can show '/agents'; expected the name of a board such as floor"),
        ("/live", "No wall display can show '/live'"),
        ("/live?queue=sales", "or the address of a wall such as /wall/show?boards=floor,agents"),
        ("//evil.example/live/x", "No wall display can show"),
        ("javascript:alert(1)", "No wall display can show"),
        ("", "No wall display can show ''"),
        ("/wall/show?boards=floor&state=paused", "no parameter 'state'"),
        ("/wall/show?boards=floor&at=2026-11-20T10:00:00Z", "A display shows the present; leave 'at' out"),
        ("/wall/show?boards=floor&queue=" + "x" * 61, "'queue' is"),
        ("/wall/show?boards=floor&dwell=1", "'dwell' is '1'"),
        (
            "/wall/show?boards=" + ",".join(["a" * 40] * 12),
            "The address of the wall has 509 signs; expected at most 500. Name fewer boards, or a playlist.",
        ),
        ("lobby", "There is no board named 'lobby'; expected one of floor, queue, agents"),
        ("/wall/show?playlist=night", "There is no playlist named 'night'"),
        (
            "/wall/show?boards=floor&hold=agents",
            "'hold' is 'agents', which is none of the boards of the wall",
        ),
        (
            "/wall/show?boards=floor&queue=nowhere",
            "No queue's name or group has 'nowhere' in it; expected a part of one of: sales",
        ),
    ],
)
def test_what_cannot_hang_on_a_wall_is_refused_with_what_can(site: sa.Engine, text: str, said: str) -> None:
    with (
        pytest.raises(DeviceError, match=re.escape(said)),
        warehouse.connected(site) as connection,
    ):
        devices.board_of(text, connection=connection)


def test_a_playlist_of_the_site_hangs_on_a_display_by_its_name(site: sa.Engine) -> None:
    text = 'title = "Day"\nboards = ["floor", "agents"]\n'
    with site.connect() as connection, connection.begin() as begun:
        warehouse.execute(connection, "requests/may_change")
        wall_saves.save_playlist(connection, name="day", toml_text=text, viewer_name="ada", at=NOW)
        assert devices.board_of("/wall/show?playlist=day", connection=connection) == "/wall/show?playlist=day"
        begun.rollback()


@pytest.mark.parametrize(
    ("name", "said"),
    [(" ", "name of the display is empty"), ("x" * 81, "too long"), ("Taken", "'Taken' is in use already")],
)
def test_a_name_that_cannot_be_is_refused(site: sa.Engine, name: str, said: str) -> None:
    with site.connect() as connection:
        devices.add(connection, "taken", board_text="floor", made_by_name="ada", now=NOW)
        with pytest.raises(DeviceError, match=said):
            devices.add(connection, name, board_text="floor", made_by_name="ada", now=NOW)


def test_the_console_does_what_the_guide_says(site: sa.Engine, screen: Browser, tmp_path: Path) -> None:
    variables = {**os.environ, "DATABASE_URL": site.url.render_as_string(hide_password=False)}

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return typed(*shlex.split(line)[1:], cwd=tmp_path, variables=variables)

    guide = (Path(__file__).parents[2] / "docs" / "walls.md").read_text(encoding="utf-8")
    lines = [line.strip() for line in guide.splitlines() if line.strip().startswith("floorboard device ")]
    approved, added, _listed, as_json, revoked = lines
    unknown = run(approved)
    assert unknown.returncode == 1
    assert "No screen waits under the code BCDF-GHJK" in unknown.stderr
    assert run(approved.replace("BCDF-GHJK", code_on(screen))).returncode == 0
    assert screen.get("/wall").headers["location"] == "/wall/show?boards=floor,agents&queue=sales"
    path = run(added).stdout.strip()
    assert screen.get(path).status_code == 200
    assert pressed(screen, path.partition("=")[2]) == 303
    standing = {row["device_name"]: row["standing_name"] for row in json.loads(run(as_json).stdout)}
    # the same browser opened both: it shows the second one, and the first one waits for a screen
    assert (standing["Floor 2 east"], standing["Reception"]) == ("waiting", "open")
    assert run(revoked).returncode == 0
    assert run(revoked).returncode == 1
    assert f"{devices.CODE_LETTERS} letters".replace("8", "eight") in guide
    assert f"{devices.LASTS.days} days" in guide
