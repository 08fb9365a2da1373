"""Growing worlds, one for each kind of source: a phone system or a help desk that goes on while somebody loads from it.

In: a folder of its own (and a database where the records lie in one). Out: the source's table of the settings, the next
piece of the world whenever a test asks for it, and what must be known of it at the end: how many rows there are, how
many of them nobody can read.
The rule it guards: every piece holds calls or tickets that begin in one piece and end in a later one, records that are
told again, and one row that is refused; what is written is the same for the same seed.

with world_of("asterisk_cdr", places) as world:
    while world.grow():
        load.run_source(engine, world.settings, world.source, now=world.now)
"""

from __future__ import annotations

import csv
import json
import random
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl.config import Settings
from etl.simulation.floor import Floor
from etl.sources import Reader, SourceSettings
from tests.unit import test_amazon_connect as connect
from tests.unit import test_asterisk_cdr as records
from tests.unit import test_asterisk_cel as channels

ZONE = ZoneInfo("Europe/Tallinn")
SITE = {"name": "Test floor", "time_zone": "Europe/Tallinn"}
BEGIN = datetime(2026, 11, 18, 9, tzinfo=UTC)  # a Wednesday, the busiest hour of the morning
COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")


@dataclass(frozen=True)
class Places:
    """Where a world may write: a folder, a database without a schema of its own, and the recorded data."""

    folder: Path
    database_url: str = ""
    recorded: Path | None = None


@dataclass
class World(ABC):
    """A source that grows; `now` is the clock of whoever loads, which also another process can read (`clock_path`)."""

    kind_name: ClassVar[str]
    is_read_once: ClassVar[bool] = True
    """Whether each row is read one time only, however often the loads are broken off."""
    is_whole_at_the_end: ClassVar[bool] = True
    """Whether a single load at the end tells everything that happened; false for whoever must be there meanwhile."""

    places: Places
    pieces: int = 12
    seed: int = 1
    rows: int = 0
    refused_rows: int = 0
    grown: int = 0
    environment: dict[str, str] = field(default_factory=dict)
    """What the loader's process must find in its environment."""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.kind_name} {self.seed}")
        self.clock_path = self.places.folder / "clock"
        self.set_clock(BEGIN)
        self.prepare()

    @abstractmethod
    def table(self) -> dict[str, Any]:
        """The source as the settings file would name it, but its name, kind and pace."""

    @abstractmethod
    def write(self, number: int) -> None:
        """Writes the piece of that number (from 0) and counts its rows."""

    @abstractmethod
    def prepare(self) -> None:
        """Makes what must be there before the first load."""

    def finish(self) -> None:
        """Nothing more comes: lets whatever waits for its rest stop waiting."""
        self.set_clock(self.now() + timedelta(hours=1))

    def reader(self, source: SourceSettings) -> Reader | None:
        """The reader where the settings alone would not find the way to this world (see `reader_of`)."""
        return reader_of(source, self.options())

    def options(self) -> dict[str, Any]:
        """What `reader_of` must know; plain data, for another process."""
        return {}

    def close(self) -> None:  # noqa: B027 - most worlds hold nothing open
        """Lets go of what it holds."""

    @property
    def given(self) -> dict[str, Any]:
        """The settings as plain data."""
        base = {"name": "src", "kind": self.kind_name, "every_seconds": 1}
        return {"site": SITE, "sources": [base | self.table()]}

    @property
    def settings(self) -> Settings:
        """The settings with this world as their only source."""
        return Settings.model_validate(self.given)

    @property
    def source(self) -> SourceSettings:
        """The only source."""
        return self.settings.sources[0]

    def grow(self) -> bool:
        """Writes the next piece; false when there is none left."""
        if self.grown >= self.pieces:
            return False
        self.write(self.grown)
        self.grown += 1
        return True

    def now(self) -> datetime:
        """The loader's clock."""
        return clock_of(self.clock_path)

    def set_clock(self, instant: datetime) -> None:
        """Sets the loader's clock."""
        draft = self.clock_path.with_suffix(".draft")
        draft.write_text(repr(instant.timestamp()))
        draft.replace(self.clock_path)


def clock_of(path: Path) -> datetime:
    """The instant that a world's clock shows."""
    return datetime.fromtimestamp(float(path.read_text()), UTC)


def reader_of(source: SourceSettings, options: dict[str, Any]) -> Reader | None:
    """The reader that finds its way to a server on this computer and does not keep to the pace of the real one."""
    if not options:
        return None
    from tests.torture import worlds_of_servers

    return worlds_of_servers.reader_of(source, options)


class _Log(World):
    """What the simulated floor's phone system logs, some forty lines a piece."""

    lines_a_piece: ClassVar[int] = 40

    def prepare(self) -> None:
        self.until = int(BEGIN.timestamp())
        self.floor = Floor(self.seed, ZONE, self.until)
        self.path.touch()

    @property
    def path(self) -> Path:
        """The file that is written."""
        return self.places.folder / "queue_log"

    def piece(self) -> list[str]:
        """The next lines of the floor."""
        lines: list[str] = []
        while len(lines) < self.lines_a_piece:
            self.until += 30
            lines += self.floor.run(self.until)[0].decode().splitlines()
        self.set_clock(datetime.fromtimestamp(int(lines[-1].split("|")[0]), UTC) + timedelta(minutes=1))
        self.rows += len(lines)
        return lines


class QueueLogWorld(_Log):
    """The log file."""

    kind_name = "asterisk_queue_log"

    def table(self) -> dict[str, Any]:
        return {"path": str(self.path)}

    def write(self, number: int) -> None:
        append(self.path, [*self.piece(), f"piece {number}|c|q|a|CONNECT|1|x|1"])
        self.rows, self.refused_rows = self.rows + 1, self.refused_rows + 1


class RealtimeWorld(_Log):
    """The same log as a database table."""

    kind_name = "asterisk_realtime"

    def prepare(self) -> None:
        super().prepare()
        self.environment = {"PBX_URL": self.places.database_url}
        self.engine = sa.create_engine(
            self.places.database_url.replace("postgresql://", "postgresql+psycopg://")
        )
        texts = ", ".join(f"{name} text" for name in COLUMNS)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"create table queue_log (id bigserial primary key, {texts})")

    def table(self) -> dict[str, Any]:
        return {"url_env": "PBX_URL", "settle_seconds": 0}

    def write(self, number: int) -> None:
        rows = [self.row(line) for line in self.piece()]
        rows.append(rows[-1] | {"time": f"piece {number}", "event": "CONNECT"})
        self.rows, self.refused_rows = self.rows + 1, self.refused_rows + 1
        table = sa.table("queue_log", *(sa.column(name) for name in COLUMNS))
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table), rows)

    def row(self, line: str) -> dict[str, str]:
        """A line as Asterisk stores it: local time as text, five data columns."""
        epoch, call_id, queue, agent, event, *data = line.split("|")
        local = f"{datetime.fromtimestamp(int(epoch), ZONE):%Y-%m-%d %H:%M:%S}"
        texts = (local, call_id, queue, agent, event, *data[:5], *[""] * (5 - len(data)))
        return dict(zip(COLUMNS, texts, strict=True))

    def close(self) -> None:
        self.engine.dispose()


class CdrWorld(World):
    """Call detail records: two calls to the outside and two of a queue a piece, one of them transferred."""

    kind_name = "asterisk_cdr"

    def prepare(self) -> None:
        self.path = self.places.folder / "Master.csv"
        self.path.touch()

    def table(self) -> dict[str, Any]:
        return {"path": str(self.path), "layout": "21", "outgoing_contexts": ["from-internal"]}

    def write(self, number: int) -> None:
        at = number * 600
        rows = [
            records.row(at, at + 8, at + 60 + self.chance.randint(0, 60)),
            records.row(at + 5, None, at + 35, uniqueid=f"{records.T0 + at + 5}.8"),
            records.queued(at + 10, at + 20, at + 90),
            records.queued(at + 30, at + 45, at + 99, uniqueid=f"{records.T0 + at + 30}.11"),
            records.queued(at + 40, None, at + 70, linkedid=f"{records.T0 + at + 30}.11"),
        ]
        append(self.path, [*records.lines_of(rows, "21").splitlines(), f"piece {number}"])
        self.rows, self.refused_rows = self.rows + len(rows) + 1, self.refused_rows + 1
        self.set_clock(datetime.fromtimestamp(records.T0 + at + 120, UTC))


class CelWorld(World):
    """Channel events; a channel's last events stand in the piece after the one in which it began."""

    kind_name = "asterisk_cel"

    def prepare(self) -> None:
        self.path = self.places.folder / "Master.csv"
        self.path.touch()
        self.left: list[str] = []

    def table(self) -> dict[str, Any]:
        return {"path": str(self.path), "outgoing_contexts": ["from-internal"]}

    def write(self, number: int) -> None:
        story = (*channels.DIALLED, *channels.HANDED_OVER)
        told = [event.split(" ", 1) for event in story]
        events = sorted((int(second) + number * 300, rest) for second, rest in told)
        lines = [
            *self.left,
            *channels.lines_of([f"{second} {rest}" for second, rest in events]).splitlines(),
        ]
        cut = len(lines) if number == self.pieces - 1 else self.chance.randint(10, len(lines) - 1)
        append(self.path, [*lines[:cut], f"piece {number}"])
        self.left = lines[cut:]
        self.rows, self.refused_rows = self.rows + cut + 1, self.refused_rows + 1
        self.set_clock(datetime.fromtimestamp(channels.T0 + number * 300 + 240, UTC))


class AmazonConnectWorld(World):
    """Exports in a folder: new contacts, older ones told again with more in them, and the events of agents."""

    kind_name = "amazon_connect"

    def prepare(self) -> None:
        self.folder = self.places.folder / "export"
        self.folder.mkdir()
        self.set_clock(connect.NOW + timedelta(days=1))

    def table(self) -> dict[str, Any]:
        return {"paths": [str(self.folder)]}

    def write(self, number: int) -> None:
        told: list[Any] = []
        for place in range(6):
            told.append(connect.contact(f"c{number}-{place}", ended=None, updated="12:01:00"))
        for place in range(6 if number else 0):
            talk = {"AgentInteractionDuration": self.chance.randint(1, 400)}
            told.append(connect.contact(f"c{number - 1}-{place}", connected="12:00:25", agent=talk))
        for second, contacts in ((0, ""), (20, f"CONNECTED@{number * 100 + 20}"), (90, "")):
            told.append(connect.event(number * 100 + second, f"a{number % 3}", contacts=contacts))
        told.append(connect.contact(f"x{number}", Channel="FAX"))
        text = "".join(f"{json.dumps(one)}\n" for one in told)
        put(self.folder / f"{number:04}.json", text)
        self.rows, self.refused_rows = self.rows + len(told), self.refused_rows + 1


class ZendeskCsvWorld(World):
    """A folder of tables that is exported anew each time, whole."""

    kind_name = "zendesk_csv"
    is_read_once = False

    def prepare(self) -> None:
        self.folder = self.places.folder / "export"
        self.folder.mkdir()
        users = [["1", "agent", "Ann", "ann@example.com"], ["9", "end-user", "Mari", "mari@example.com"]]
        self.tables: dict[str, list[list[str]]] = {
            "user": [["id", "role", "name", "email"], *users],
            "ticket": [["id", "created_at", "updated_at", "status", "requester_id", "submitter_id"]],
            "ticket_field_history": [["ticket_id", "field_name", "updated", "value", "user_id"]],
            "ticket_comment": [["id", "ticket_id", "created", "public", "user_id"]],
        }
        self.tables["ticket_field_history"].append(["1", "status", "some day", "open", "1"])
        self.rows, self.refused_rows = 1, 1
        self.put_all()

    def table(self) -> dict[str, Any]:
        return {"path": str(self.folder)}

    def write(self, number: int) -> None:
        born = BEGIN + timedelta(hours=number)
        for place in range(4):
            ticket_id, at = f"{number * 10 + place + 1}", f"{born:%Y-%m-%d %H:%M:}0{place}"
            self.tables["ticket"].append([ticket_id, at, at, "open", "9", "9"])
            self.tables["ticket_field_history"].append([ticket_id, "status", at, "open", "9"])
            self.tables["ticket_comment"].append([f"{ticket_id}1", ticket_id, at, "TRUE", "9"])
        for place in range(4 if number else 0):  # those of the piece before are solved
            ticket_id, at = f"{number * 10 - 9 + place}", f"{born:%Y-%m-%d %H:%M:}3{place}"
            next(row for row in self.tables["ticket"] if row[0] == ticket_id)[2:4] = [at, "solved"]
            self.tables["ticket_field_history"].append([ticket_id, "status", at, "solved", "1"])
            self.tables["ticket_comment"].append([f"{ticket_id}2", ticket_id, at, "TRUE", "1"])
        self.rows = sum(len(rows) - 1 for name, rows in self.tables.items() if name != "user")
        self.put_all()

    def put_all(self) -> None:
        """Exports everything, each table under another name first."""
        for name, rows in self.tables.items():
            with (self.places.folder / "draft").open("w", newline="") as file:
                csv.writer(file).writerows(rows)
            (self.places.folder / "draft").replace(self.folder / f"{name}.csv")


class MappedFileWorld(World):
    """A CSV of calls that grows, read through a mapping; every piece tells some calls of the one before again."""

    kind_name = "file"

    def prepare(self) -> None:
        self.path = self.places.folder / "calls.csv"
        self.path.write_text("id,queue,agent,at,wait,talk,told\n")

    def table(self) -> dict[str, Any]:
        fields = {
            "call_id": "id", "queue_name": "queue", "agent_name": "agent", "offered_at": "at", "wait_seconds": "wait",
            "talk_seconds": "talk", "updated_at": "told",
        }  # fmt: skip
        return {"path": str(self.path), "facts": "calls", "fields": fields}

    def write(self, number: int) -> None:
        lines = []
        for place in range(30):
            at = BEGIN + timedelta(seconds=number * 300 + place * 7)
            row = f"{number}-{place},sales,Ann {place % 5},{at:%Y-%m-%d %H:%M:%S},{place % 9}"
            lines.append(f"{row},{self.chance.randint(1, 300)},{at:%Y-%m-%d %H:%M:%S}")
        for place in range(5 if number else 0):
            at = BEGIN + timedelta(seconds=(number - 1) * 300 + place * 7)
            row = f"{number - 1}-{place},sales,Ann {place % 5},{at:%Y-%m-%d %H:%M:%S},{place % 9}"
            lines.append(f"{row},{400 + number},{at + timedelta(hours=1):%Y-%m-%d %H:%M:%S}")
        append(self.path, [*lines, f"x{number},sales,Ann,soon,1,2,"])
        self.rows, self.refused_rows = self.rows + len(lines) + 1, self.refused_rows + 1
        self.set_clock(BEGIN + timedelta(seconds=number * 300 + 3600))


def append(path: Path, lines: list[str]) -> None:
    """Writes lines on at the end of a file, as a phone system does."""
    with path.open("ab") as file:
        file.write("".join(f"{line}\n" for line in lines).encode())


def put(path: Path, text: str) -> None:
    """Puts a whole file there at once."""
    draft = path.with_suffix(".tmp")
    draft.write_text(text)
    draft.replace(path)


OF_FILES: tuple[type[World], ...] = (
    QueueLogWorld, RealtimeWorld, CdrWorld, CelWorld, AmazonConnectWorld, ZendeskCsvWorld, MappedFileWorld,
)  # fmt: skip


def kinds() -> dict[str, type[World]]:
    """Every world by the kind of its source."""
    from tests.torture.worlds_of_servers import OF_SERVERS

    return {world.kind_name: world for world in (*OF_FILES, *OF_SERVERS)}


@contextmanager
def world_of(kind_name: str, places: Places, *, pieces: int = 12, seed: int = 1) -> Iterator[World]:
    """The world of a kind of source, for the length of the block."""
    places.folder.mkdir(parents=True, exist_ok=True)
    world = kinds()[kind_name](places, pieces=pieces, seed=seed)
    try:
        yield world
    finally:
        world.close()
