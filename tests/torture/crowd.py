"""A crowd in front of one dashboard: screens that hear a wall, and people whose pages turn by themselves.

In: the address of a dashboard that runs, the warehouse behind it, and how many look how often. Out: how long each update
took to the last screen, how long each page took to turn, and what the server and the database spent meanwhile.
The rule it guards: each looker is a line of its own with a session of its own, and speaks what a browser speaks; the crowd
lives in a process apart from the one that is measured.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg
import sqlalchemy as sa
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dashboard.door import sessions
from dashboard.ui.head import HEAD_SECONDS, PATH
from dashboard.ui.layout import TURN_SECONDS
from sql import rights, warehouse

TICK_SECONDS = 1.0
HEAD = "the head"
SETTLE_SECONDS = 1.5
START_SECONDS = 180.0
WAITING = re.compile(rb'-waiting_calls".{0,300}?"value":"(\d+)"')
MADE = re.compile(rb'"now_ms":(\d+)')
QUEUES = 8
LIMITS = {
    "made_p95_seconds": 0.25,
    "turns_p95_seconds": 0.5,
    "resident_megabytes": 600,
    "late_turns_count": 0,
}
CALL = (
    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, "
    "stay_number, wait_seconds, talk_seconds, source_name, call_id, contact_id, channel_name, direction_name, "
    "outcome_name) values (:at, :answered_at, :ended_at, 1, 1, :queue_id, :agent_id, 1, :wait, :talk, 'pbx', :call_id, "
    ":call_id, 'call', 'inbound', :outcome)"
)
ONE_MORE = (
    "insert into warehouse.calls (offered_at, version_number, run_id, queue_id, stay_number, source_name, call_id, "
    "contact_id, channel_name, direction_name, outcome_name) values (date_trunc('second', now()), 1, 1, 1, 1, "
    "'pbx', %(id)s, %(id)s, 'call', 'inbound', 'waiting')"
)


@dataclass(frozen=True)
class Crowd:
    """Who looks: screens of a wall, agents and supervisors each with a page open, and for how long all of it is watched."""

    streams: int
    agents: int
    supervisors: int
    seconds: float
    agent_seconds: float = 30.0
    supervisor_seconds: float = 10.0
    has_heads: bool = True
    """Whether each page asks after its head, too, as it does in a browser."""


@dataclass
class Seen:
    """What the crowd saw."""

    made: list[float] = field(default_factory=list)
    """Seconds from a board's making to each screen that it came to."""
    committed: list[float] = field(default_factory=list)
    """Seconds from the commit of a change to each screen that showed it."""
    turns: list[float] = field(default_factory=list)
    heads: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    late_turns: int = 0
    boards: int = 0


def token_of(role_name: str, number: int) -> str:
    """What the browser of that looker holds."""
    return f"{role_name}-{number}-{'0' * 32}"


def fill(engine: sa.Engine, crowd: Crowd) -> None:
    """A floor of eight queues and this day's calls, with an account and a session for everybody of the crowd."""
    rights.install(engine)
    now, chance = datetime.now(UTC).replace(microsecond=0), random.Random(3)
    agents = max(crowd.agents, 20)
    with engine.begin() as connection:

        def run(text: str, rows: list[dict[str, Any]] | None = None) -> None:
            connection.execute(sa.text(text), rows or [{}])

        months = {(now - timedelta(days=days)).date().replace(day=1) for days in (0, 1)}
        run("select warehouse.create_months(cast(:months as date[]))", [{"months": sorted(months)}])
        run("insert into warehouse.sites values ('Crowd', 'UTC')")
        run(
            "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name, "
            "service_level_threshold_seconds, service_level_target_ratio) values ('pbx', :name, 'call', 'UTC', 20, 0.8)",
            [{"name": f"queue {number}"} for number in range(1, QUEUES + 1)],
        )
        run(
            "insert into warehouse.queue_keys (source_name, source_key, queue_id) "
            "select 'pbx', queue_name, queue_id from warehouse.queues"
        )
        run(
            "insert into warehouse.teams (team_name) values (:name)",
            [{"name": f"team {n}"} for n in range(1, 11)],
        )
        everybody: list[dict[str, Any]] = [
            {"id": n, "name": f"Agent {n:03}", "team": n % 10 + 1, "queue": n % QUEUES + 1}
            for n in range(1, agents + 1)
        ]
        run("insert into warehouse.agents (agent_name) values (:name)", everybody)
        run(
            "insert into warehouse.team_members (team_id, agent_id, started_date) values (:team, :id, '2020-01-01')",
            everybody,
        )
        states = ("available", "on_contact", "wrap_up", "paused")
        run(
            "insert into warehouse.agent_states (started_at, version_number, run_id, agent_id, source_name, state_name) "
            "values (:at, 1, 1, :id, 'pbx', :state)",
            [
                one | {"at": now - timedelta(minutes=one["id"] % 50 + 1), "state": states[one["id"] % 4]}
                for one in everybody
            ],
        )
        run(
            "insert into warehouse.queue_members (queue_id, agent_id, started_at, version_number, run_id, source_name) "
            "values (:queue, :id, :at, 1, 1, 'pbx')",
            [one | {"at": now - timedelta(hours=8)} for one in everybody],
        )
        run(CALL, [_call(number, now, agents, chance) for number in range(2000)])
        run("insert into ops.cursors values ('pbx', '', '', :at, 86400, :at)", [{"at": now}])
        _sign_in(connection, crowd)


def _call(number: int, now: datetime, agents: int, chance: random.Random) -> dict[str, Any]:
    at = now - timedelta(seconds=chance.randint(400, 20_000))
    wait, talk = chance.randint(1, 40), chance.randint(30, 300)
    return {
        "at": at, "answered_at": at + timedelta(seconds=wait), "ended_at": at + timedelta(seconds=wait + talk),
        "queue_id": number % QUEUES + 1, "agent_id": number % agents + 1, "wait": wait, "talk": talk,
        "call_id": f"c{number}", "outcome": "answered",
    }  # fmt: skip


def _sign_in(connection: sa.Connection, crowd: Crowd) -> None:
    """One account for the screens, one for each person; a session for every looker."""
    made = sa.text(
        "insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :agent) returning account_id"
    )
    begun = sa.text(
        "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, :id, now() + interval '1 day')"
    )
    wall_id = connection.execute(made, {"login": "screens", "role": "wall", "agent": None}).scalar_one()
    people = [("agent", n, n + 1) for n in range(crowd.agents)] + [
        ("supervisor", n, None) for n in range(crowd.supervisors)
    ]
    held = [{"hash": _hash(token_of("wall", number)), "id": wall_id} for number in range(crowd.streams)]
    for role_name, number, agent_id in people:
        login = {"login": f"{role_name} {number}", "role": role_name, "agent": agent_id}
        account_id = connection.execute(made, login).scalar_one()
        held.append({"hash": _hash(token_of(role_name, number)), "id": account_id})
        if role_name == "supervisor":
            team = sa.text("insert into access.account_teams (account_id, team_id) values (:id, :team)")
            connection.execute(team, {"id": account_id, "team": number % 10 + 1})
    if held:
        connection.execute(begun, held)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def watched(
    address: str, database_url: str, crowd: Crowd, *, process: psutil.Process
) -> dict[str, float | str]:
    """The figures of a crowd in front of this dashboard, whose process is given."""
    given = json.dumps({"address": address, "database_url": database_url, "crowd": asdict(crowd)})
    engine = warehouse.open_engine(database_url)
    command = [sys.executable, "-m", "tests.torture.crowd"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(given + "\n")
        run.stdin.flush()
        if run.stdout.readline().strip() != "looks":
            raise RuntimeError("The crowd did not come to look; its own words stand above.")
        before = _spent(process, engine)
        told = run.stdout.readline()
        after = _spent(process, engine)
    engine.dispose()
    if not told:
        raise RuntimeError("The crowd ended without a word; its own words stand above.")
    took = after["at"] - before["at"]
    return {
        **json.loads(told),
        "server_cores": round((after["cpu"] - before["cpu"]) / took, 2),
        "resident_megabytes": round(process.memory_info().rss / 1e6),
        "transactions_a_second": round((after["transactions"] - before["transactions"]) / took, 1),
    }


def _spent(process: psutil.Process, engine: sa.Engine) -> Mapping[str, float]:
    times = process.cpu_times()
    text = "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()"
    with engine.connect() as connection:
        transactions = connection.execute(sa.text(text)).scalar_one()
    return {"at": time.monotonic(), "cpu": times.user + times.system, "transactions": float(transactions)}


def faults(figures: Mapping[str, float | str]) -> list[str]:
    """One sentence for each limit that was not kept; a figure that is missing was not kept."""
    found = [
        f"{name} is {figures.get(name, 'unknown')}, at most {limit} was promised"
        for name, limit in LIMITS.items()
        if float(figures.get(name, "inf")) > limit
    ]
    return found + ([f"errors: {figures['first_error']}"] if "first_error" in figures else [])


# --- the crowd itself, in a process of its own


async def _look(address: str, database_url: str, crowd: Crowd) -> None:
    seen, ended = Seen(), asyncio.Event()
    ready = asyncio.Semaphore(0)
    ticks: dict[int, float] = {}
    people = [
        ("agent", number, "queues" if number % 2 else "agents", crowd.agent_seconds)
        for number in range(crowd.agents)
    ] + [("supervisor", number, "live", crowd.supervisor_seconds) for number in range(crowd.supervisors)]
    opening = asyncio.Semaphore(4)  # nobody opens three hundred tabs in one second
    tasks = [
        *(
            asyncio.create_task(_screen(address, number, seen, ticks, ready))
            for number in range(crowd.streams)
        ),
        *(asyncio.create_task(_person(address, *one, crowd, seen, ready, opening, ended)) for one in people),
    ]
    try:
        async with asyncio.timeout(START_SECONDS):
            for _ in tasks:
                await ready.acquire()
    except TimeoutError:
        seen.errors.append("Not all came to look.")
    stop = threading.Event()
    ticking = threading.Thread(target=_tick, args=(database_url, ticks, stop), daemon=True)
    ticking.start()
    await asyncio.sleep(SETTLE_SECONDS)
    for found in (seen.made, seen.committed, seen.turns, seen.heads):
        found.clear()
    seen.boards = seen.late_turns = 0
    print("looks", flush=True)
    await asyncio.sleep(crowd.seconds)
    stop.set()
    ended.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    print(json.dumps(_figures(seen, crowd)), flush=True)


def _figures(seen: Seen, crowd: Crowd) -> dict[str, float | str]:
    figures: dict[str, float | str] = {
        "streams_count": crowd.streams,
        "sessions_count": crowd.agents + crowd.supervisors,
        "boards_count": seen.boards,
        "turns_count": len(seen.turns),
        "late_turns_count": seen.late_turns,
        "errors_count": len(seen.errors),
    }
    for name in ("made", "committed", "turns", "heads", "opened"):
        values = getattr(seen, name)
        if len(values) > 1:
            figures[f"{name}_p50_seconds"] = round(statistics.median(values), 3)
            figures[f"{name}_p95_seconds"] = round(statistics.quantiles(values, n=20)[-1], 3)
    if seen.errors:
        figures["first_error"] = seen.errors[0]
    return figures


def _tick(database_url: str, ticks: dict[int, float], stop: threading.Event) -> None:
    """One more call waits every second, and whoever listens is told."""
    with psycopg.connect(
        database_url.replace("postgresql+psycopg://", "postgresql://"), autocommit=True
    ) as connection:
        number = 0
        while not stop.wait(TICK_SECONDS):
            number += 1
            with connection.transaction():
                connection.execute(ONE_MORE, {"id": f"tick {number}"})
                connection.execute("select pg_notify('floorboard_loaded', '')")
            ticks[number] = time.time()


async def _screen(
    address: str, number: int, seen: Seen, ticks: dict[int, float], ready: asyncio.Semaphore
) -> None:
    place = urlsplit(address)
    has_looked, shown = False, 0
    try:
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**20)
        cookie = f"{sessions.COOKIE}={token_of('wall', number)}"
        asked = f"GET /wall/stream?boards=floor HTTP/1.0\r\nHost: {place.netloc}\r\nCookie: {cookie}\r\n\r\n"
        writer.write(asked.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise RuntimeError(head.split(b"\r\n")[0].decode())
        while True:
            told = await reader.readuntil(b"\n\n")
            if b"event: over" in told or b"event: trouble" in told:
                seen.errors.append(told.decode()[:200])
            if b"event: board" not in told:
                continue
            at = time.time()
            made, value = MADE.search(told), WAITING.search(told)
            assert made is not None
            assert value is not None
            seen.boards += 1
            if has_looked:
                seen.made.append(at - int(made[1]) / 1000)
                if int(value[1]) > shown and int(value[1]) in ticks:
                    seen.committed.append(at - ticks[int(value[1])])
            else:
                ready.release()
            has_looked, shown = True, int(value[1])
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - told with the figures
        seen.errors.append(f"screen: {type(error).__name__}: {error}"[:200])
        ready.release()


async def _person(
    address: str,
    role_name: str,
    number: int,
    page_name: str,
    every_seconds: float,
    crowd: Crowd,
    seen: Seen,
    ready: asyncio.Semaphore,
    opening: asyncio.Semaphore,
    ended: asyncio.Event,
) -> None:
    """One tab: opened once, then turned by its own clock as a browser does it."""
    has_come = False
    try:
        cookie = f"{sessions.COOKIE}={token_of(role_name, number)}"
        async with opening:
            line = await websockets.connect(
                address.replace("http://", "ws://") + "/_stcore/stream",
                subprotocols=[websockets.Subprotocol("streamlit")], additional_headers={"Cookie": cookie},
                max_size=None, open_timeout=60, ping_interval=None, compression=None,
            )  # fmt: skip
            tab = _Tab(line, page_name)
            seen.opened.append(await tab.turn())
        has_come = True
        ready.release()
        now = time.monotonic()
        due = {one: now + random.random() * pace for one, pace in _paces(tab, every_seconds).items()}
        paces = _paces(tab, every_seconds)
        head = None
        if crowd.has_heads:
            paces[HEAD], due[HEAD] = HEAD_SECONDS, now + random.random() * HEAD_SECONDS
            head = await _HeadLine.opened(address, cookie)
        while not ended.is_set():
            part = min(due, key=lambda one: due[one])
            await asyncio.sleep(max(0.0, due[part] - time.monotonic()))
            if time.monotonic() > due[part] + paces[part]:
                seen.late_turns += 1
            took = await (head.asked() if head is not None and part == HEAD else tab.turn(part))
            (seen.heads if part == HEAD else seen.turns).append(took)
            due[part] = max(due[part] + paces[part], time.monotonic())
    except asyncio.CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - told with the figures
        seen.errors.append(f"{role_name} on {page_name}: {type(error).__name__}: {error}"[:200])
        if not has_come:
            ready.release()


def _paces(tab: _Tab, every_seconds: float) -> dict[str, float]:
    """How often each part of the page is turned: its content as often as its reader's page is, the head as it asks to be."""
    contents = [one for one, seconds in tab.parts.items() if seconds != TURN_SECONDS]
    heads = [one for one, seconds in tab.parts.items() if seconds == TURN_SECONDS]
    return {**dict.fromkeys(contents[:1] or [""], every_seconds), **dict.fromkeys(heads, TURN_SECONDS)}


@dataclass
class _HeadLine:
    """The line on which a tab asks how its head stands, kept open as a browser keeps it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    asking: bytes

    @classmethod
    async def opened(cls, address: str, cookie: str) -> _HeadLine:
        place = urlsplit(address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        asked = f"GET {PATH}?needs=queues&about=calls&alerts=1 HTTP/1.1\r\nHost: {place.netloc}\r\nCookie: {cookie}\r\n\r\n"
        return cls(reader, writer, asked.encode())

    async def asked(self) -> float:
        """The seconds until the answer was there; raises where it is none."""
        began = time.monotonic()
        self.writer.write(self.asking)
        lines = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", lines)
        assert length is not None, lines
        told = await self.reader.readexactly(int(length[1]))
        if b" 200 " not in lines.split(b"\r\n")[0] or b'"mark"' not in told:
            raise RuntimeError(told.decode()[:200])
        return time.monotonic() - began


class _Tab:
    """An open page; parts: which of its parts turn by themselves, and after how many seconds."""

    def __init__(self, line: Any, page_name: str) -> None:
        self.parts: dict[str, float] = {}
        self._line, self._page_name, self._page_hash = line, page_name, ""

    async def turn(self, part: str = "") -> float:
        """Draws the page, or one part of it; the seconds until all of it was there."""
        asked = BackMsg()
        asked.rerun_script.page_name = self._page_name
        asked.rerun_script.page_script_hash = self._page_hash
        asked.rerun_script.fragment_id = part
        asked.rerun_script.is_auto_rerun = bool(part)
        began = time.monotonic()
        await self._line.send(asked.SerializeToString())
        while True:
            told = ForwardMsg()
            told.ParseFromString(await self._line.recv())
            kind = told.WhichOneof("type")
            if kind == "navigation":
                self._page_hash = told.navigation.page_script_hash
            elif kind == "auto_rerun":
                self.parts[told.auto_rerun.fragment_id] = told.auto_rerun.interval
            elif kind == "delta" and told.delta.new_element.WhichOneof("type") == "exception":
                raise RuntimeError(told.delta.new_element.exception.message)
            elif kind == "script_finished" and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return time.monotonic() - began


def main() -> None:
    """Looks as it is told on standard input; says "looks" when all have come, and the figures at the end."""
    given = json.loads(sys.stdin.readline())
    asyncio.run(_look(given["address"], given["database_url"], Crowd(**given["crowd"])))


if __name__ == "__main__":
    main()
