"""Every reader of the product behind one face: some good rows of its origin, and how rows are given to it.

In: rows, good or not, as lines or as records. Out: the batches that the real reader makes of them.
The rule it guards: what is tried against one reader is tried against all of them, through the door that a load uses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from etl.config import Settings
from etl.sources import Batch, Reader
from etl.sources.asterisk_ami import AmiReader
from etl.sources.asterisk_cel import SAMPLE_COLUMNS
from etl.sources.asterisk_realtime import QueueLogTable
from etl.sources.pbx.ami_wire import Address, Decoder
from etl.sources.pbx.cdr_rows import LAYOUTS
from etl.sources.pbx.queue_events import Rules
from etl.sources.pbx.realtime_table import Columns

T0 = 1_795_309_870  # 2026-11-22 01:11:10 UTC
NOW = datetime.fromtimestamp(T0 + 86_400, UTC)
SECRET = b"a secret that only tests know, 32"
ZONE = ZoneInfo("Europe/Tallinn")
_DIALPLAN = (("outgoing_contexts", ["from-internal"]),)
SITE = {"name": "Test floor", "time_zone": "Europe/Tallinn", "country": "EE"}


@dataclass(frozen=True)
class Origin:
    """One reader: its good lines, what stands between their fields, the file it reads, and its settings.

    good: rows of one contact each (several lines may make one), from its number; fields may hold anything but the
    separator. counts_lines: whether every line is a row, whatever it holds.
    """

    name: str
    kind: str
    file_name: str
    good: Callable[[int], list[bytes]]
    separator: bytes
    header: bytes = b""
    options: tuple[tuple[str, Any], ...] = ()
    has_quotes: bool = False
    counts_lines: bool = True
    beside: tuple[tuple[str, bytes], ...] = ()

    def settings(self, folder: Path) -> Settings:
        """The settings of a site that reads nothing but this."""
        path = folder if self.kind == "zendesk_csv" else folder / self.file_name
        source = {"name": "origin", "kind": self.kind, "every_seconds": 5, **dict(self.options)}
        source |= (
            {"paths": [str(path)]}
            if self.kind in ("amazon_connect", "genesys_cloud")
            else {"path": str(path)}
        )
        return Settings.model_validate({"site": SITE, "sources": [source]})

    def write(self, folder: Path, lines: Sequence[bytes]) -> None:
        """The lines as the file that is read, last written to an hour ago."""
        for name, data in (
            *self.beside,
            (self.file_name, b"".join(b"%b\n" % line for line in (*self._head(), *lines))),
        ):
            (folder / name).write_bytes(data)
            os.utime(folder / name, (NOW.timestamp() - 3600,) * 2)

    def _head(self) -> tuple[bytes, ...]:
        return (self.header,) if self.header else ()

    def reader(self, folder: Path) -> Reader:
        """The real reader, from real settings."""
        settings = self.settings(folder)
        return settings.sources[0].reader(settings.site.site, SECRET)

    def read(self, folder: Path, lines: Sequence[bytes], *, piece_bytes: int = 1 << 22) -> list[Batch]:
        """What the reader makes of the lines."""
        self.write(folder, lines)
        return read_on(self.reader(folder), piece_bytes=piece_bytes)


def read_on(reader: Reader, *, piece_bytes: int = 1 << 22) -> list[Batch]:
    """Everything, and what a second load some seconds later finds: rows that waited for others, and nothing twice."""
    batches = list(reader.read("", "", now=NOW, piece_bytes=piece_bytes))
    stands = (batches[-1].position_text, batches[-1].carry_text) if batches else ("", "")
    return batches + list(reader.read(*stands, now=NOW + timedelta(seconds=30), piece_bytes=piece_bytes))


def lines_of(origin: Origin, contacts: int, *, first: int = 0) -> list[bytes]:
    """The good lines of so many contacts."""
    return [line for number in range(first, first + contacts) for line in origin.good(number)]


def local(second: int) -> str:
    """A second as a clock in Tallinn shows it."""
    return f"{datetime.fromtimestamp(second, ZONE):%Y-%m-%d %H:%M:%S}"


def utc(second: int) -> str:
    """A second in UTC, as APIs write it."""
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _queue_log(number: int) -> list[bytes]:
    at, call, agent = T0 + 90 * number, f"{T0 + 90 * number}.{number}", f"Agent {number % 5}"
    queue = ("sales", "billing")[number % 2]
    ends = (
        "COMPLETECALLER|5|60|1",
        "COMPLETEAGENT|5|60|1",
        "BLINDTRANSFER|701|agents|5|60|1",
        "ATTENDEDTRANSFER|LINK|a|b|5|60|1",
    )
    story = [
        (0, call, queue, "NONE", f"ENTERQUEUE||+3725100{number % 10_000:04d}|1"), (3, call, queue, agent,
        "RINGNOANSWER|3000"),
        (5, call, queue, agent, "CONNECT|5|x.1|2"), (65, call, queue, agent, ends[number % 4]),
        (66, call, queue, agent, "WRAPUPSTART|5"), (70, "NONE", queue, agent, "PAUSE|Lunch"), (80, "NONE", queue, agent,
        "UNPAUSE|"),
    ]  # fmt: skip
    if number % 3 == 0:
        story[2:5] = [(40, call, queue, "NONE", "ABANDON|1|1|40")]
    return [f"{at + after}|{one}|{two}|{three}|{rest}".encode() for after, one, two, three, rest in story]


def _cdr(number: int) -> list[bytes]:
    start, call = T0 + 90 * number, f"{T0 + 90 * number}.{number}"
    texts = dict.fromkeys(LAYOUTS["21"], "") | {
        "src": f"+3725100{number % 10_000:04d}", "dst": "700", "dcontext": "from-trunk", "clid": '""Mari"" <+37251000001>',
        "channel": f"PJSIP/trunk-{number:08x}", "dstchannel": "Local/102@agents-00000674;1", "lastapp": "Queue",
        "lastdata": "sales,tTxXck,,,45", "start": local(start), "answer": local(start + 5), "end": local(start + 65),
        "duration": "65", "billsec": "60", "disposition": "ANSWERED", "amaflags": "DOCUMENTATION", "uniqueid": call,
        "linkedid": call, "sequence": str(number),
    }  # fmt: skip
    if number % 2:
        texts |= {"src": "101", "dst": "51000001", "dcontext": "from-internal", "lastapp": "Dial",
            "lastdata": "PJSIP/1@trunk,30",
                  "channel": f"PJSIP/101-{number:08x}", "dstchannel": "PJSIP/trunk-0000001b"}  # fmt: skip
    return [",".join(f'"{texts[name]}"' for name in LAYOUTS["21"]).encode()]


def _cel(number: int) -> list[bytes]:
    start, one, other = (
        T0 + 90 * number,
        f"{T0 + 90 * number}.{2 * number}",
        f"{T0 + 90 * number}.{2 * number + 1}",
    )
    told = [
        (0, one, "CHAN_START", "from-internal", "51000001", "PJSIP/101", ""), (1, other, "CHAN_START", "from-trunk", "",
        "PJSIP/trunk", ""),
        (8, one, "ANSWER", "from-internal", "51000001", "PJSIP/101", ""),
        (8, one, "BRIDGE_ENTER", "from-internal", "51000001", "PJSIP/101", '{""bridge_id"":""b1""}'),
        (60, one, "BRIDGE_EXIT", "from-internal", "51000001", "PJSIP/101", '{""bridge_id"":""b1""}'),
        (60, other, "CHAN_END", "from-trunk", "", "PJSIP/trunk", ""), (60, one, "HANGUP", "from-internal", "51000001",
        "PJSIP/101", ""),
        (61, one, "CHAN_END", "from-internal", "51000001", "PJSIP/101", ""),
    ]  # fmt: skip
    lines = []
    for after, channel, event, context, exten, name, extra in told:
        texts = {"eventtype": event, "eventtime": f"{local(start + after)}.250000", "cidname": "Mari", "cidnum": "101",
            "exten": exten,
                 "context": context, "channame": f"{name}-{number:08x}", "amaflags": "3", "uniqueid": channel,
                 "linkedid": one,
                 "extra": extra}  # fmt: skip
        lines.append(",".join(f'"{texts.get(column, "")}"' for column in SAMPLE_COLUMNS).encode())
    return lines


def _csv(number: int) -> list[bytes]:
    outcome = ("answered", "abandoned")[number % 2]
    fields = [f"c{number}", ("sales", "billing")[number % 2], f"Agent {number % 5}" if outcome == "answered" else "",
              utc(T0 + 90 * number), "5", "60" if outcome == "answered" else "", outcome,
                  f"+3725100{number % 10_000:04d}", "4"]  # fmt: skip
    return [",".join(fields).encode()]


def _tsv(number: int) -> list[bytes]:
    fields = [
        f"s{number}",
        f"Agent {number % 5}",
        utc(T0 + 90 * number),
        str(1 + number % 5),
        "9",
        "yes",
        "fine",
    ]
    return ["\t".join(fields).encode()]


def _jsonl(number: int) -> list[bytes]:
    return [json.dumps(jsonl_record(number)).encode()]


def jsonl_record(number: int) -> dict[str, Any]:
    """A row of a file of JSON lines: money that a call earned."""
    return {"id": f"r{number}", "at": utc(T0 + 90 * number), "amount": 12.5, "who": {"name": f"Agent {number % 5}"},
        "queue": "sales",
            "call": f"c{number}", "tags": ["a", "b"], "note": None}  # fmt: skip


CSV_HEADER = b"call_id,queue,agent,started,wait,talk,result,customer,csat"
TSV_HEADER = b"id\tagent\tat\tcsat\tnps\tresolved\tcomment"


def _file(facts: str, format_name: str, **fields: str) -> tuple[tuple[str, Any], ...]:
    return (("facts", facts), ("format", format_name), ("fields", fields))


CSV_FILE = Origin(
    "file csv", "file", "calls.csv", _csv, b",", CSV_HEADER,
    _file("calls", "csv", call_id="call_id", queue_name="queue", agent_name="agent", offered_at="started",
        wait_seconds="wait",
          talk_seconds="talk", outcome_name="result", customer="customer", csat_score="csat"),
    has_quotes=True, counts_lines=False,
)  # fmt: skip
TSV_FILE = Origin(
    "file tsv", "file", "surveys.tsv", _tsv, b"\t", TSV_HEADER,
    _file("surveys", "tsv", survey_id="id", agent_name="agent", answered_at="at", csat_score="csat", nps_score="nps",
          is_resolved="resolved", comment_text="comment"),
    counts_lines=False,
)  # fmt: skip
JSONL_FILE = Origin(
    "file jsonl", "file", "revenues.jsonl", _jsonl, b",",
    options=_file("revenues", "jsonl", revenue_id="id", earned_at="at", amount="amount", agent_name="who.name",
        queue_name="queue",
                  call_id="call"),
    counts_lines=False,
)  # fmt: skip
QUEUE_LOG = Origin("asterisk_queue_log", "asterisk_queue_log", "queue_log", _queue_log, b"|")
CDR = Origin(
    "asterisk_cdr",
    "asterisk_cdr",
    "Master.csv",
    _cdr,
    b",",
    options=(("layout", "21"), *_DIALPLAN),
    has_quotes=True,
)
CEL = Origin("asterisk_cel", "asterisk_cel", "Master.csv", _cel, b",", options=_DIALPLAN, has_quotes=True)


def _desk(file_name: str, header: bytes, good: Callable[[int], list[bytes]]) -> Origin:
    """A table of a Zendesk account in the Fivetran schema, beside small ones of the others."""
    tables = {
        "user.csv": b"id,name,email,phone,role\n101,Ann,a@example.com,,agent\n901,B,b@example.com,+3725551234,end-user\n",
        "ticket.csv": b"id,created_at,updated_at,status,requester_id,submitter_id,via_channel\n",
        "ticket_field_history.csv": b"field_name,ticket_id,updated,user_id,value\n",
        "ticket_comment.csv": b"id,body,created,public,ticket_id,user_id\n",
    }  # fmt: skip
    beside = tuple((name, data) for name, data in tables.items() if name != file_name)
    return Origin(f"zendesk_csv {file_name}", "zendesk_csv", file_name, good, b",", header, has_quotes=True,
        counts_lines=False,
                  beside=beside)  # fmt: skip


def _ticket(number: int) -> list[bytes]:
    at = T0 + 90 * number
    return [f"{number},{utc(at)},{utc(at + 60)},solved,901,901,voice".encode()]


def _history(number: int) -> list[bytes]:
    at, promise = utc(T0 + 90 * number), '"{""minutes"":480,""in_business_hours"":true}"'
    told = [("status", "901", "new"), ("status", "101", "solved"), ("assignee_id", "-1", "101"), ("group_id", "101", "11"),
            ("priority", "101", "high"), ("subject", "101", "words"), ("first_reply_time", "-1", promise)]  # fmt: skip
    return [f"{name},{number},{at},{who},{value}".encode() for name, who, value in told]


def _comment(number: int) -> list[bytes]:
    public, who = ("TRUE", "FALSE")[number % 2], (101, 901)[number % 2]
    return [f'{number},"PRIVATE, words",{utc(T0 + 90 * number)},{public},{number % 7},{who}'.encode()]


def _rating(number: int) -> list[bytes]:
    at = utc(T0 + 90 * number)
    return [f"{number},{number % 7},{at},{at},{('good', 'bad', 'offered')[number % 3]},101,901".encode()]


def _schedule(number: int) -> list[bytes]:
    return [f"{number},{utc(T0 + 90 * number)},{number % 3}".encode()]


DESK = (
    _desk("ticket.csv", b"id,created_at,updated_at,status,requester_id,submitter_id,via_channel", _ticket),
    _desk("ticket_field_history.csv", b"field_name,ticket_id,updated,user_id,value", _history),
    _desk("ticket_comment.csv", b"id,body,created,public,ticket_id,user_id", _comment),
    _desk("satisfaction_rating.csv", b"id,ticket_id,created_at,updated_at,score,assignee_id,requester_id", _rating),
    _desk("ticket_schedule.csv", b"ticket_id,created_at,schedule_id", _schedule),
)  # fmt: skip


@dataclass(frozen=True)
class RealtimeOrigin(Origin):
    """The queue_log table: a line is a row, its fields the columns in their order, in a database of its own."""

    def reader(self, folder: Path) -> Reader:
        """The real reader on a table in memory; the folder is not used."""
        return self._table(sa.create_engine("sqlite://", poolclass=StaticPool))

    def _table(self, engine: sa.Engine) -> QueueLogTable:
        names = Columns("queue_log", None, "id", *_COLUMNS[:5], "data", _COLUMNS[5:])
        return QueueLogTable(lambda: engine, names, Rules(), SECRET, ZONE, country_name="EE")

    def read(self, folder: Path, lines: Sequence[bytes], *, piece_bytes: int = 1 << 22) -> list[Batch]:
        """The lines as rows of a table, in which a database keeps text: bytes that are none are what MySQL makes of them."""
        engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        table = sa.Table("queue_log", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True),
                         *(sa.Column(name, sa.String) for name in _COLUMNS))  # fmt: skip
        rows = []
        for number, line in enumerate(lines, start=1):
            *fields, rest = (*line.decode("utf-8", "replace").split("|", 9), *[""] * 10)[:10]
            rows.append(dict(zip(("id", *_COLUMNS), (number, *fields, rest), strict=True)))
        with engine.begin() as connection:
            table.create(connection)
            if rows:
                connection.execute(sa.insert(table), rows)
        try:
            return read_on(self._table(engine), piece_bytes=piece_bytes)
        finally:
            engine.dispose()


_COLUMNS = ("time", "callid", "queuename", "agent", "event", "data1", "data2", "data3", "data4", "data5")


def _realtime(number: int) -> list[bytes]:
    lines = []
    for line in _queue_log(number):
        second, rest = line.split(b"|", 1)
        lines.append(f"{local(int(second))}.250000|".encode() + rest)
    return lines


class AmiOrigin(Origin):
    """The manager's stream: a line is a block, with \\x1d where a line of it ends."""

    def reader(self, folder: Path) -> Reader:
        """The real reader; nobody listens where it would connect to."""
        given = self.settings(folder).sources[0].model_dump()
        return _Manager(
            Address("127.0.0.1", 9, given["user_name"], ""),
            self.settings(folder).site.site,
            SECRET,
            first_wait_seconds=0,
        )

    def settings(self, folder: Path) -> Settings:
        """The settings of a PBX that is never asked."""
        source = {"name": "origin", "kind": "asterisk_ami", "every_seconds": 5, "host": "127.0.0.1",
            "user_name": "floorboard",
                  "secret_env": "PBX_SECRET"}  # fmt: skip
        return Settings.model_validate({"site": SITE, "sources": [source]})

    def read(self, folder: Path, lines: Sequence[bytes], *, piece_bytes: int = 1 << 22) -> list[Batch]:
        """What the reader makes of the blocks, told as bytes after the greeting."""
        reader = self.reader(folder)
        assert isinstance(reader, _Manager)
        stream = b"Asterisk Call Manager/5.0.2\r\n" + b"".join(
            b"%b\r\n\r\n" % line.replace(b"\x1d", b"\r\n") for line in lines
        )
        reader.hear(stream)
        return read_on(reader, piece_bytes=piece_bytes)


class _Manager(AmiReader):
    """The reader with bytes at hand in place of a connection."""

    def hear(self, stream: bytes) -> None:
        decoder, size = Decoder(), 65_536
        for place in range(0, len(stream), size):
            for headers, fault in decoder.feed(stream[place : place + size]):
                self._line._note(headers, fault)
        self._line._note({"event": "QueueStatusComplete"}, None)
        self._line.open = lambda: None  # type: ignore[method-assign]


def _ami(number: int) -> list[bytes]:
    at = T0 + 90 * number
    call, agent = f"{at}.{number}", f"Agent {number % 5}"
    caller = {
        "Queue": ("sales", "billing")[number % 2],
        "Uniqueid": call,
        "CallerIDNum": f"+3725100{number % 10_000:04d}",
    }
    who = {"MemberName": agent, "Interface": f"SIP/{number % 5}"}
    told: list[tuple[int, str, dict[str, str]]] = [
        (0, "QueueCallerJoin", caller | {"Position": "1"}), (1, "AgentCalled", caller | who), (3, "AgentRingNoAnswer",
        caller | who),
        (5, "AgentConnect", caller | who | {"HoldTime": "5", "RingTime": "2"}), (5, "QueueCallerLeave", caller),
        (65, "AgentComplete", caller | who | {"HoldTime": "5", "TalkTime": "60", "Reason": "agent"}), (66, "Hangup",
        {"Uniqueid": call}),
        (70, "QueueMemberPause", who | {"Queue": caller["Queue"], "Paused": "1", "PausedReason": "Lunch"}),
        (75, "QueueMemberStatus", who | {"Queue": caller["Queue"], "InCall": "0", "Paused": "0"}),
    ]  # fmt: skip
    return ["\x1d".join((f"Event: {name}", f"Timestamp: {at + after}.5", *(f"{key}: {text}" for key,
        text in headers.items()))).encode()
            for after, name, headers in told]  # fmt: skip


REALTIME = RealtimeOrigin("asterisk_realtime", "asterisk_realtime", "", _realtime, b"|")
AMI = AmiOrigin("asterisk_ami", "asterisk_ami", "", _ami, b"\x1d", counts_lines=False)
TEXT_ORIGINS: tuple[Origin, ...] = (QUEUE_LOG, REALTIME, CDR, CEL, AMI, CSV_FILE, TSV_FILE, JSONL_FILE, *DESK)


def origin_named(name: str) -> Origin:
    """The text origin of that name."""
    return next(origin for origin in TEXT_ORIGINS if origin.name == name)
