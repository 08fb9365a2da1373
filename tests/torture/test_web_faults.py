"""What web APIs do to their readers: limits, broken answers, pages that move, loop or are empty (TRUST D9, D10)."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from etl import LoadError
from etl.sources import Batch, Reader, genesys_cloud, liveagent, zendesk
from etl.sources.clouds import genesys_api
from etl.sources.web import LONGEST_WAIT_SECONDS, MOST_ATTEMPTS, WebClient, WebError
from tests.liveagent_server import KEY, LiveAgentAccount, crowd, reader_of
from tests.torture.campaign import Campaign, campaign_of_the_environment
from tests.unit.test_genesys_cloud import NOW as GENESYS_NOW
from tests.unit.test_genesys_cloud import RULES, Cloud
from tests.web_server import Answer, BaseUrl, Request, web_server
from tests.zendesk_account import SECRET, SITE, Account, Clock

HOUR = 3600
MOST_TOUCHED = 2  # times that records come and go while one list is paged through
DRIP_SECONDS = (
    0.5  # of the wall: a slower answer is given up; only where one drips, a busy machine is slow as well
)
MOST_BYTES = 1_000_000
BOMB = gzip.compress(b"[" + b" " * 50_000_000 + b"]", compresslevel=1)
AHEAD = format_datetime(datetime.now(UTC) + timedelta(days=30), usegmt=True)
FAULTS: dict[str, tuple[Answer, float, float]] = {
    "429, 7 s": (Answer({}, 429, {"Retry-After": "7"}), 7, 8),
    "429, a date": (Answer({}, 429, {"Retry-After": AHEAD}), 900, 901),
    "429, without a time": (Answer({}, 429), 0, 61),
    "429, 0 s": (Answer({}, 429, {"Retry-After": "0"}), 0, 61),
    "429, -1 s": (Answer({}, 429, {"Retry-After": "-1"}), 0, 61),
    "429, 31 years": (Answer({}, 429, {"Retry-After": "1000000000"}), 900, 901),
    "429, abc": (Answer({}, 429, {"Retry-After": "abc"}), 0, 61),
    "503": (Answer({}, 503), 0, 61),
    "503, 7 s": (Answer({}, 503, {"Retry-After": "7"}), 7, 8),
    "500": (Answer({}, 500), 0, 61),
    "reset in the body": (Answer({"x": "y" * 999}, cut_at=100), 0, 61),
    "too few bytes": (Answer({"x": "y" * 50}, length=5000, cut_at=58), 0, 61),
    "too many bytes": (Answer({"x": "y" * 5000}, length=50), 0, 61),
    "slow drip": (Answer({"x": "y" * 500}, drip_seconds=0.1), 0, 61),
    "packed without end": (Answer(BOMB, headers={"Content-Encoding": "gzip"}), 0, 0),
    "sign-in page": (
        Answer(b"<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
        0,
        0,
    ),
}
"""Each with the least and most seconds that its repeats wait; 0: it is not repeated."""
ONCE = [name for name, (_, _, most) in FAULTS.items() if most]
ENDING = list(FAULTS)
if not campaign_of_the_environment().is_long:
    ONCE = ["429, 7 s", "reset in the body"]
    ENDING = ["429, 31 years", "429, abc", "503, 7 s", "500", "reset in the body", "slow drip", *ENDING[-2:]]


@dataclass
class Desk:
    """An API behind a real wire: who answers, who reads, what is there, and how often it may be asked.

    before: sees every question first, and may answer or change what is there. asked: path and clock of each question.
    """

    answer: Callable[[Request], Any]
    reader: Callable[[str], Reader]
    keys_of: Callable[[Batch], list[str]]
    expected: set[str]
    now: datetime
    move_on: Callable[[int], None]
    spacing_seconds: Callable[[str], float]
    lists: tuple[str, ...]
    clock: Clock = field(default_factory=Clock)
    before: Callable[[Request], Any] = lambda request: None
    asked: list[tuple[str, float]] = field(default_factory=list)

    def __call__(self, request: Request) -> Any:
        """The handler of the web server."""
        self.asked.append((request.path, self.clock()))
        odd = self.before(request)
        return self.answer(request) if odd is None else odd

    def expect_the_pace(self) -> None:
        """No two questions of one kind came closer than agreed."""
        by_pace: dict[float, list[float]] = {}
        for path, at in self.asked:
            by_pace.setdefault(self.spacing_seconds(path), []).append(at)
        for spacing, times in by_pace.items():
            assert all(later - earlier >= spacing - 1e-6 for earlier, later in pairwise(times)), spacing


@pytest.fixture(params=["zendesk", "liveagent", "genesys"])
def desk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Each of the APIs that are asked over the web, with some pages of records."""
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")
    monkeypatch.setenv("LIVEAGENT_KEY", KEY)
    clock = Clock()
    is_dripping = "slow drip" in request.node.name
    asking = partial(
        WebClient, sleep=clock.sleep, clock=clock, most_bytes=MOST_BYTES,
        deadline_seconds=DRIP_SECONDS if is_dripping else 60.0,
    )  # fmt: skip
    makes: dict[str, Callable[[Any], Desk]] = {
        "zendesk": _zendesk,
        "liveagent": _liveagent,
        "genesys": _genesys,
    }
    made = makes[request.param](monkeypatch)
    made.clock = clock
    for module in (zendesk, liveagent, genesys_api):
        monkeypatch.setattr(module, "WebClient", asking)
    return made


def _zendesk(_: pytest.MonkeyPatch) -> Desk:
    second = 1_795_348_800
    account = Account(second, page_rows=20)
    for number in range(1, 61):
        account.ticket(number, at=second - 3 * HOUR, changed=second - 2 * HOUR + 60 * number)
        account.update(
            number, {"event_type": "Change", "status": "pending"}, at=second - 2 * HOUR + 60 * number
        )

    def move_on(seconds: int) -> None:
        account.now += seconds

    def reader(url: str) -> Reader:
        given = {
            "name": "desk",
            "kind": "zendesk",
            "address": url,
            "every_seconds": 60,
            "token_env": "DESK_TOKEN",
        }
        return zendesk.ZendeskSettings.model_validate(given).reader(SITE, SECRET)

    def keys_of(batch: Batch) -> list[str]:
        tickets: list[str] = list(batch.facts["tickets"]["ticket_id"]) if "tickets" in batch.facts else []
        events = batch.facts.get("ticket_events")
        changes: list[str] = [] if events is None else list(events.filter(event_name="status")["ticket_id"])
        return [*(f"ticket {key}" for key in tickets), *(f"change {key}" for key in changes)]

    return Desk(
        account.served, reader, keys_of, {f"{kind} {key}" for kind in ("ticket", "change") for key in range(1, 61)},
        datetime.fromtimestamp(second, UTC), move_on, lambda path: 6.0 if "incremental" in path else 0.5,
        ("cursor.json", "ticket_events"),
    )  # fmt: skip


def _liveagent(_: pytest.MonkeyPatch) -> Desk:
    account = crowd(25, start=GENESYS_NOW - timedelta(hours=5), step_seconds=30)
    return Desk(
        account, lambda url: reader_of(url, read_sla_targets=False), lambda batch: list(batch.facts["tickets"]["ticket_id"]),
        {f"n{place}" for place in range(25)}, GENESYS_NOW, lambda seconds: None, lambda path: 0.5, ("/tickets",),
    )  # fmt: skip


def _genesys(monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(genesys_api, "PAGE_RECORDS", 20)
    cloud = Cloud()
    cloud.add(90)

    def reader(url: str) -> Reader:
        api = genesys_api.GenesysApi(
            url, url, "client", "s3cret-of-the-client", "the secret in X", most_per_second=3.0
        )
        return genesys_cloud.GenesysCloud(api, RULES, history=timedelta(days=1), parts=1)

    return Desk(
        cloud, reader, lambda batch: list(batch.facts["calls"]["call_id"]), {f"c{number:04}" for number in range(90)},
        GENESYS_NOW, lambda seconds: None, lambda path: 0.0 if "oauth" in path else 1 / 3, ("conversations",),
    )  # fmt: skip


@dataclass
class Loads:
    """The loads of one reader, each from where the one before stood."""

    desk: Desk
    url: BaseUrl
    position_text: str = ""
    carry_text: str = ""
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = self.desk.reader(self.url)
        if isinstance(self.reader, zendesk.Zendesk):
            self.reader.sleep, self.reader.clock = self.desk.clock.sleep, self.desk.clock

    def load(self, *, piece_bytes: int = 4000) -> LoadError | None:
        """Reads on until nothing is left, or the error that ended it."""
        try:
            for batch in self.reader.read(
                self.position_text, self.carry_text, now=self.desk.now, piece_bytes=piece_bytes
            ):
                self.position_text, self.carry_text = batch.position_text, batch.carry_text
                assert not batch.rejects.height
                self.told += self.desk.keys_of(batch)
        except LoadError as error:
            return error
        finally:
            self.desk.now += timedelta(seconds=120)
            self.desk.move_on(120)
        return None

    def expect_all(self) -> None:
        """Everything that is there has been told."""
        assert self.desk.expected - {*self.told} == set()


@contextmanager
def loads(desk: Desk) -> Iterator[Loads]:
    """The desk behind a server of this machine."""
    with web_server(desk) as url:
        yield Loads(desk, url)


# ---- D9: limits and broken answers


@pytest.mark.by_turns(10)
@pytest.mark.parametrize("name", ENDING)
def test_a_load_that_an_api_ends_keeps_what_came_and_the_next_one_finds_the_rest(
    campaign: Campaign, desk: Desk, name: str
) -> None:
    fault, least, most = FAULTS[name]
    pages = 0

    def break_off(request: Request) -> Any:
        nonlocal pages
        pages += any(word in request.path for word in desk.lists) and request.path.count("/") < 8
        return fault if pages >= 2 else None

    desk.before = break_off
    with loads(desk) as following:
        error = following.load()
        assert isinstance(error, WebError)
        assert "\n" not in str(error)
        assert len(str(error)) < 600  # the body of an answer stands in no message
        tries = len(desk.asked)
        waits = [later - earlier for (_, earlier), (_, later) in pairwise(desk.asked[-MOST_ATTEMPTS:])]
        longest = max(waits)
        if most:
            assert least <= max(waits[-1:]) <= most + 1
        assert longest <= LONGEST_WAIT_SECONDS + 1
        found_before = set(following.told)
        assert found_before < desk.expected
        desk.before = lambda request: None
        assert following.load() is None
        following.expect_all()
        doubled = len(following.told) - len({*following.told})
        assert following.load() is None
    desk.expect_the_pace()
    campaign.record(
        "D9", f"{type(following.reader).__name__}, {name}: what came is kept, the rest is found, no wait over 15 minutes",
        lost_records=len(desk.expected - {*following.told}), doubled_records=doubled, questions_count=tries,
        longest_wait_seconds=round(longest, 1), found_before_records=len(found_before),
    )  # fmt: skip
    assert doubled == 0


@pytest.mark.parametrize("name", ONCE)
def test_an_answer_that_breaks_once_costs_nothing_but_time(desk: Desk, name: str) -> None:
    fault, numbers = FAULTS[name][0], {3, 5, 8}
    desk.before = lambda request: fault if request.number in numbers else None
    with loads(desk) as following:
        assert following.load() is None
        following.expect_all()
    desk.expect_the_pace()


# ---- D10: pages that move, loop, are empty, or go on behind the end


def of_lists(desk: Desk, request: Request) -> bool:
    """Whether a question is for a page of the records themselves."""
    return request.path.endswith(("/tickets", "/query", ".json")) and any(
        word in request.path for word in desk.lists
    )


def test_an_empty_page_with_others_behind_it_hides_nothing(desk: Desk) -> None:
    emptied: set[str] = set()

    def empty_second(request: Request) -> Any:
        if not of_lists(desk, request) or request.path in emptied:
            return None
        if "query" in request.path and request.json()["paging"]["pageNumber"] != 2:
            return None
        emptied.add(request.path)
        found = desk.answer(request)
        value = found.value if isinstance(found, Answer) else found
        if isinstance(value, list):
            return []
        name = next(name for name in ("tickets", "ticket_events", "conversations") if name in value)
        more: dict[str, dict[str, Any]] = {  # the place stays, and there is more
            "tickets": {"end_of_stream": False, "after_cursor": "MHwtMQ=="},  # 0|-1
            "ticket_events": {"end_of_stream": False, "end_time": 1}, "conversations": {},
        }  # fmt: skip
        return {**value, name: [], **more[name]}

    desk.before = empty_second
    with loads(desk) as following:
        for _ in range(3):
            following.load()
            if desk.expected <= {*following.told}:
                break
        following.expect_all()


def test_the_same_page_for_ever_ends_the_load_after_three_repeats_and_the_next_one_goes_on(
    desk: Desk,
) -> None:
    first: dict[str, Any] = {}
    repeats = 0

    def loop(request: Request) -> Any:
        nonlocal repeats
        if not of_lists(desk, request):
            return None
        if request.path in first:
            repeats += 1
            return first[request.path]
        found = desk.answer(request)
        if not isinstance(found, dict) or found.get("conversations") != []:  # a window in which something was
            first[request.path] = found
        return found

    desk.before = loop
    with loads(desk) as following:
        error = following.load()
        assert (
            error is None
            or "same" in str(error)
            or "second time" in str(error)
            or "Nothing is lost" in str(error)
        )
        assert 1 <= repeats <= 3 * len(desk.lists)
        desk.before = lambda request: None
        assert following.load() is None
        following.expect_all()


def test_records_that_come_change_and_go_between_pages_hide_no_other(campaign: Campaign, desk: Desk) -> None:
    touched = 0

    def stir(request: Request) -> Any:
        nonlocal touched
        if of_lists(desk, request) and touched < MOST_TOUCHED:
            touched += 1
            _stir(desk, touched)

    desk.before = stir
    with loads(desk) as following:
        for _ in range(2):
            assert following.load() is None
        desk.before = lambda request: None
        assert following.load() is None
        following.expect_all()
    campaign.record(
        "D10", f"{type(following.reader).__name__}: records come, change and go between pages",
        lost_records=len(desk.expected - {*following.told}), changes_count=touched,
    )  # fmt: skip


def _stir(desk: Desk, turn: int) -> None:
    """One record goes, one changes, one comes."""
    whose = desk.answer
    account = getattr(whose, "__self__", whose)
    if isinstance(account, Account):
        gone = account.tickets.pop(turn, None)
        account.ticket(100 + turn, at=account.now - HOUR, changed=account.now - HOUR + turn)
        account.ticket(61 - turn, at=account.now - 3 * HOUR, changed=account.now - 300 + turn)
        desk.expected |= {f"ticket {100 + turn}"}
        desk.expected -= {f"ticket {turn}"} if gone else set()
    elif isinstance(account, LiveAgentAccount):
        account.delete(f"n{turn - 1}")
        changed = account.ticket(f"n{24 - turn}")
        changed["date_changed"] = (GENESYS_NOW - timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S")
        desk.expected -= {f"n{turn - 1}"}
    elif isinstance(account, Cloud):
        del account.conversations[0]
        desk.expected -= {f"c{turn - 1:04}"}
