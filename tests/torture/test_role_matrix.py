"""Every page by every role over the raw socket: not one byte of an agent whom the role may not see (TRUST W1)."""

from __future__ import annotations

import io
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPMessage
from typing import IO, NoReturn
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dashboard.door import sessions
from sql import rights, warehouse
from tests import canaries
from tests.canaries import ACCOUNTS, AGENTS, OTHER_TEAM, OWN, SAME_TEAM, canary
from tests.db.test_records import NOW
from tests.torture.campaign import Campaign, has_turn
from tests.torture.page_sessions import DRAWING_SECONDS, ROOT, dashboard

PAGES = tuple(sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
MEDIA = re.compile(rb"/media/[0-9a-f]+\.[a-z]+")
MARK = re.compile(rb"Kanarie(\d\d)xq")
SIGNED_OUT = ("", "gone", "late", "left")  # nobody's cookie, and three that open nothing any more
PAGES_A_DAY, ADDRESSES_A_DAY = 2, 2  # others every day, so that within days all had theirs
LOOKING = ("aino", "sam", "tess", "new", "mara", "eve", "ada", "wall")


@dataclass
class Answer:
    """What one drawing of a page sent: every byte, the pages of the menu, whether there was such a page, and files."""

    data: bytearray = field(default_factory=bytearray)
    menu: frozenset[str] = frozenset()
    is_there: bool = True
    files: set[str] = field(default_factory=set)

    def told(self, said: str) -> set[int]:
        """The agents of whom the bytes tell; what the address itself `said` is no news to whoever typed it."""
        data = bytes(self.data)
        for own in set(re.findall(r"[ctrs]-Kanarie\d\dxq(?:-\d)?", said)):
            data = data.replace(own.encode(), b"")
        return {int(number) for number in MARK.findall(data)}


class Tab:
    """One open tab of somebody, without a browser."""

    def __init__(self, address: str, login_name: str, line: ClientConnection | None = None) -> None:
        self.address = address
        self.cookie = cookie_of(login_name)
        self._line = line

    def open(self, page_name: str, query: str = "") -> Answer:
        """Draws a page once."""
        asked = BackMsg()
        asked.rerun_script.query_string = query
        asked.rerun_script.page_name = "live" if page_name == "live_floor" else page_name.replace("_", "-")
        assert self._line is not None  # a tab that looks at pages
        self._line.send(asked.SerializeToString())
        answer = Answer()
        while True:
            raw = self._line.recv(timeout=DRAWING_SECONDS)
            assert isinstance(raw, bytes)
            answer.data += raw
            answer.files |= {found.decode() for found in MEDIA.findall(raw)}
            told = ForwardMsg()
            told.ParseFromString(raw)
            kind = told.WhichOneof("type")
            if kind == "navigation":
                answer.menu = frozenset(
                    one.url_pathname.replace("-", "_") for one in told.navigation.app_pages
                )
            elif kind == "page_not_found":
                answer.is_there = False
            elif kind == "script_finished" and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                assert told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY
                return answer

    def file(self, path: str) -> bytes:
        """What stands behind an address that the page gave for a file; a workbook unpacked."""
        asked = urllib.request.Request(f"{self.address}{path}", headers={"Cookie": self.cookie})
        with urllib.request.urlopen(asked, timeout=20) as found:
            data: bytes = found.read()
        if data[:2] != b"PK":
            return data
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return b"".join(book.read(name) for name in book.namelist())

    def status(self, path: str) -> int:
        """What a door answers, without being led through it."""
        asked = urllib.request.Request(f"{self.address}{path}", headers={"Cookie": self.cookie})
        try:
            with urllib.request.build_opener(_Stays()).open(asked, timeout=20) as found:
                return int(found.status)
        except urllib.error.HTTPError as error:
            return error.code


def cookie_of(login_name: str) -> str:
    """What the browser of that account sends with everything it asks for; empty for nobody's."""
    return f"{sessions.COOKIE}={canaries.token_of(login_name)}" if login_name else ""


@contextmanager
def opened(address: str, login_name: str) -> Iterator[Tab]:
    """A tab of that account."""
    cookie = cookie_of(login_name)
    with connect(
        address.replace("http", "ws") + "/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        additional_headers={"Cookie": cookie} if cookie else {},
        max_size=None,
        open_timeout=20,
    ) as line:
        yield Tab(address, login_name, line)


class _Stays(urllib.request.HTTPRedirectHandler):
    def http_error_303(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> NoReturn:
        raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)


@dataclass
class Site:
    """The server, the numbers of the agents and of what was written about them."""

    address: str
    ids: dict[int, int]
    reviews: dict[int, int]
    small_report_id: int


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    ids = canaries.fill(shared_engine)
    with warehouse.connected(shared_engine) as connection:
        connection.execute(
            sa.text("insert into ops.recording_rules (noted_at, host_names) values ('2026-01-01', :hosts)"),
            {"hosts": ["recordings.example.com"]},
        )
        rows = connection.execute(
            sa.text("select agent_id, review_id from warehouse.standing_own_reviews")
        ).all()
        small = "select report_id from ops.reports where viewer_name = 'mara' and address_text = 'team=8'"
        report_id = int(connection.execute(sa.text(small)).scalar_one())
    by_agent: dict[int, int] = dict(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOORBOARD_NOW", NOW.isoformat())
        patch.delenv("FLOORBOARD_DEMO", raising=False)
        url = shared_engine.url.render_as_string(hide_password=False)
        with dashboard(url, tmp_path_factory.mktemp("matrix")) as address:
            reviews = {number: by_agent[ids[number]] for number in canaries.WRITTEN_OF}
            yield Site(address, ids, reviews, report_id)


def hostile(site: Site, number: int) -> list[tuple[str, str]]:
    """Addresses that name one agent: their page and day, their contact, its rows, their review, team and report."""
    agent, name = str(site.ids[number]), canary(number)
    team = str(canaries.team_of(number))
    asked: list[tuple[str, dict[str, str]]] = [
        ("agents", {"agent": agent}),
        ("agents", {"agent": agent, "view": "day"}),
        ("contacts", {"contact": f"c-{name}-0", "source": "records"}),
        ("contacts", {"of": "handled_calls", "agent": agent}),
        ("contacts", {"of": "owed_tickets", "agent": agent}),
        ("contacts", {"of": "paused_agents", "as_of": NOW.isoformat()}),
        ("quality", {"view": "review", "review": str(site.reviews[number])}),
        ("quality", {"view": "review", "contact": f"c-{name}-1", "source": "records"}),
        ("quality", {"view": "coaching", "agent": agent}),
        ("queues", {"agent": agent}),
        ("queues", {"team": team}),
        ("service_level", {"team": team}),
        ("customers_voice", {"view": "list", "of": "survey_count", "agent": agent}),
        ("tickets", {"view": "answers"}),
        ("reports", {"report": str(site.small_report_id)}),
        ("reconciliation", {"rows": "left"}),
    ]
    return [(page, urlencode(address)) for page, address in asked]


def looked_at(tab: Tab, login_name: str, page: str, query: str = "") -> tuple[int, int]:
    """Draws it and holds it against the matrix; how many bytes came, and of how many agents they told."""
    account = ACCOUNTS.get(login_name)
    seen = account.sees() if account else frozenset()
    answer = tab.open(page, query)
    found = answer.told(query)
    is_in = account is not None and account.state == "signed in"
    if is_in and account is not None:
        own = {name for name in PAGES if account.role_name in rights.roles_of_page(name)}
        shown = {"live_floor" if name in ("live", "home", "") else name for name in answer.menu}
        if own:
            assert shown == own, login_name
            assert answer.is_there is (page in own), (login_name, page)
        else:  # a display: at every address it is led to its wall, which is no page
            assert b"A wall display has one wall, and no pages" in answer.data, (login_name, page)
    assert found <= seen, (login_name, page, query)
    size = len(answer.data)
    for path in answer.files:
        data = tab.file(path)
        assert {int(number) for number in MARK.findall(data)} <= seen, (login_name, page, query, path)
        size += len(data)
    return size, len(found)


def test_no_page_sends_a_byte_of_somebody_whom_its_reader_may_not_see(site: Site, campaign: Campaign) -> None:
    is_long = campaign.times(short=0, long=1)
    draws = size = 0
    told: dict[str, int] = {}
    for login_name in (*LOOKING, *SIGNED_OUT):
        with opened(site.address, login_name) as tab:
            for page, query in _asked(site, login_name, is_long=bool(is_long)):
                got, agents = looked_at(tab, login_name, page, query)
                draws, size = draws + 1, size + got
                told[login_name] = max(told.get(login_name, 0), agents)
    # The control: the canaries do reach those who may see them, or nothing would have been proven.
    assert {name: count for name, count in told.items() if count} == {
        "aino": 1, "sam": 7, "tess": 9, "mara": AGENTS, "ada": AGENTS,
    }  # fmt: skip
    campaign.record(
        "W1",
        "no page sends a byte of somebody whom its reader may not see",
        drawn_pages_count=draws,
        roles_count=len(LOOKING) + len(SIGNED_OUT),
        canary_names_count=AGENTS,
        sent_bytes=size,
        foreign_names_count=0,
    )


def _asked(site: Site, login_name: str, *, is_long: bool) -> list[tuple[str, str]]:
    """What is looked at: in the campaign everything by everybody, in the ordinary suite what differs most."""
    if is_long:
        numbers = (OWN, SAME_TEAM, OTHER_TEAM, AGENTS) if login_name in LOOKING else (OTHER_TEAM,)
        named = [one for number in numbers for one in hostile(site, number)]
        return [*((page, "") for page in PAGES), *named]
    account = ACCOUNTS.get(login_name)
    if account is None or account.state != "signed in":
        return [("agents", ""), *hostile(site, OTHER_TEAM)[2:3]]
    if login_name in ("mara", "new", "wall"):
        return [("agents", "") if login_name == "new" else ("live_floor", ""), ("organisation", "")]
    if login_name in ("ada", "tess"):
        return [("agents", "")]
    own = [name for name in PAGES if account.role_name in rights.roles_of_page(name)]
    today = [name for name in own if has_turn(name, PAGES, short=PAGES_A_DAY)]
    number = OTHER_TEAM if login_name == "sam" else SAME_TEAM
    named = [one for one in hostile(site, number) if one[0] in own]
    turns = [f"{page} {query}" for page, query in named]
    named = [
        one for one, name in zip(named, turns, strict=True) if has_turn(name, turns, short=ADDRESSES_A_DAY)
    ]
    at_least = [("live_floor", ""), *([("agents", "")] if "agents" in own else [])]
    return [*dict.fromkeys([*at_least, *((page, "") for page in today), ("sources", ""), *named])]


@pytest.mark.parametrize(
    ("login_name", "number", "status"),
    [("aino", OWN, 303), ("aino", SAME_TEAM, 404), ("sam", SAME_TEAM, 303), ("sam", OTHER_TEAM, 404), ("eve", OWN, 404),
     ("wall", OWN, 404), ("mara", OTHER_TEAM, 303), ("gone", OWN, 404), ("", OWN, 404)],
)  # fmt: skip
def test_the_door_to_a_recording_opens_for_whoever_finds_its_row(
    site: Site, login_name: str, number: int, status: int
) -> None:
    tab = Tab(site.address, login_name)
    of_source = urlencode({"source": "records", "id": f"r-{canary(number)}"})
    assert tab.status(f"/recording?{of_source}") == status
    assert tab.status(f"/recording?review={site.reviews[number]}") == status


def test_a_guard_that_lets_everything_through_is_caught(site: Site) -> None:
    """The control: the same look, told that nobody may be seen, finds the agents of the administrator's page."""
    with opened(site.address, "ada") as tab:
        assert tab.open("agents").told("") == set(range(1, AGENTS + 1))
