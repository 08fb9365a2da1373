"""Reads the lines of Asterisk's call detail records (CDR) by a layout that the settings name, never by guess.

In: lines of `Master.csv`, the names of their columns, the clock of the phone system. Out: records with instants in
epoch seconds, and the lines that are none with their reasons.
The rule it guards: numbers of customers become keyed hashes at once, so that no later step can let them out.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from etl.sources.pbx.asterisk_times import FIRST_INSTANT, LAST_INSTANT, epoch_of_call, epoch_of_text

_BASE = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEW = ("peeraccount", "linkedid", "sequence")
LAYOUTS: dict[str, tuple[str, ...]] = {
    "16": _BASE,
    "17": (*_BASE, "uniqueid"),
    "17-userfield": (*_BASE, "userfield"),
    "18": (*_BASE, "uniqueid", "userfield"),
    "19": (*_BASE, *_NEW),
    "20": (*_BASE, "uniqueid", *_NEW),
    "20-userfield": (*_BASE, "userfield", *_NEW),
    "21": (*_BASE, "uniqueid", "userfield", *_NEW),
    "custom": (
        "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
        "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "sequence",
    ),
}  # fmt: skip
"""Columns by layout: cdr_csv with what [csv] of cdr.conf switches on, and the sample of cdr_custom.conf."""
KNOWN_COLUMNS = frozenset(LAYOUTS["21"])
NEEDED_COLUMNS = ("src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "start", "end", "disposition")
HASHED = "key:"
LONGEST_TEXT = 250
MOST_SECONDS = 31 * 86400
SKEW_SECONDS = 3600
_NUMBER = re.compile(r"(?a:(?<![\w.:+-])\+?\d{6,15}(?![\w.]))")
_HASH = re.compile(rf"{HASHED}(?:[0-9a-f]{{32}}|None)")
_APPLICATIONS = frozenset((
    "Queue", "Dial", "Hangup", "Playback", "BackGround", "VoiceMail", "VoiceMailMain", "Answer", "Wait", "WaitExten",
    "Read", "AppDial", "AppDial2", "AppQueue", "ConfBridge", "Busy", "Congestion", "Echo", "Park", "ParkedCall", "Pickup",
    "Macro", "Gosub", "Goto", "GotoIf", "Set", "NoOp", "Stasis", "AGI", "Originate", "Bridge", "Directory", "Page",
    "MusicOnHold", "Ringing", "Progress", "Verbose",
))  # fmt: skip
_HARMLESS = re.compile(
    r"""[\W\d_]*                        # no letter: a number, an instant, a hash
    |[a-z]                               # s, h, i, t: Asterisk's own extensions
    |(?:[\w.]+-)?[0-9]{10}\.[0-9]+       # the id of a channel
    |(?:PJ)?SIP/\S*|(?:Local|IAX2|DAHDI|Agent|SCCP|Zap|Message|Parked|Bridge|Snoop|Console|Dongle|Quectel)/\S*
    |ANSWERED|NO[ ]ANSWER|BUSY|FAILED|CONGESTION|DOCUMENTATION|OMIT|BILLING|DEFAULT|UNKNOWN
    |(?:from|to|ext|app|macro|sub|ivr|queues?|in|out|incoming|outgoing|inbound|outbound|internal|external|default|public
      |local|agents?|phones?|trunks?)(?:[-_][a-z0-9]+)*
    |(?:CHAN|APP|BRIDGE|LINKEDID|PARK|LOCAL|USER|STREAM|CONF|HOLD|UNHOLD|BLIND|ATTENDED|FORWARD|CALL)_[A-Z_]+
    |ANSWER|HANGUP|BLINDTRANSFER|ATTENDEDTRANSFER|PICKUP|FORWARD""",
    re.VERBOSE,
)
LEFT_OUT = "\u2026"  # in place of a field that may be a name
_SCRUBBED = ("src", "dst", "clid", "accountcode", "peeraccount")
_DISPOSITIONS = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION")


@dataclass(frozen=True)
class Record:
    """One record: its place, its texts by column with hashes for customers' numbers, and its instants."""

    place_text: str
    texts: dict[str, str]
    started_at: int
    answered_at: int | None
    ended_at: int
    talk_seconds: int

    @property
    def call_at(self) -> int | None:
        """The second in the channel's id."""
        return epoch_of_call(self.texts.get("uniqueid"))


@dataclass
class RecordClock:
    """The zone of the phone system, the newest end read, and the last instant that is believed."""

    zone: ZoneInfo
    newest_at: int
    latest_at: int


def decoded(data: bytes) -> str:
    """A line as text, without a byte order mark; one in another encoding read as cp1252."""
    data = data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def split_line(line: str) -> list[str]:
    """The fields of one line; ValueError where its quotes do not close, as when a field held an end of line."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        raise ValueError(
            "quotes that do not close within the line; expected one record a line: a field holds an end of line"
        ) from None


def texts_of(
    fields: list[str], columns: tuple[str, ...], hash_of: Callable[[str], str | None], *, agent_column: str
) -> dict[str, str]:
    """The fields by column, without customers' numbers; ValueError where there are more or fewer than columns."""
    if len(fields) != len(columns):
        raise ValueError(
            f"{len(fields)} fields; expected {len(columns)} by the layout of the source: "
            "see which columns [csv] of cdr.conf switches on"
        )
    texts = {name: text for name, text in zip(columns, fields, strict=True) if name in KNOWN_COLUMNS}
    for name in (*NEEDED_COLUMNS, "uniqueid", "linkedid", agent_column):
        if texts.get(name) == LEFT_OUT and name != "lastapp":
            raise ValueError(
                f"{name} was left out when the line was refused; expected the line: read its file again"
            )
    for name in _SCRUBBED:
        if name in texts and name != agent_column:
            texts[name] = scrubbed(texts[name], hash_of)
    if "clid" in texts:  # "Name" <number>: the name goes no further
        texts["clid"] = texts["clid"].rpartition("<")[2].removesuffix(">") if "<" in texts["clid"] else ""
    for name in ("channel", "dstchannel"):
        if texts.get(name, "").startswith("Local/"):
            head, _, rest = texts[name].removeprefix("Local/").partition("@")
            texts[name] = f"Local/{scrubbed(head, hash_of)}@{rest}"
    if agent_column != "userfield":
        texts.pop("userfield", None)
    texts["lastdata"] = texts.get("lastdata", "").partition(",")[0] if texts.get("lastapp") == "Queue" else ""
    return texts


def scrubbed(text: str, hash_of: Callable[[str], str | None]) -> str:
    """The text with the keyed hash in place of every telephone number."""
    return _NUMBER.sub(lambda found: f"{HASHED}{hash_of(found[0])}", text)


def record_of(texts: dict[str, str], place_text: str, clock: RecordClock) -> Record:
    """The record with its instants; ValueError with what was found and expected where it is none."""
    for name, text in texts.items():
        if "\x00" in text:
            raise ValueError(f"{name} holds a NUL byte; expected text")
        if len(text.encode(errors="replace")) > LONGEST_TEXT:
            raise ValueError(f"{name} has more than {LONGEST_TEXT} bytes; expected a shorter text")
    if texts["disposition"] not in _DISPOSITIONS:
        raise ValueError(
            f"disposition is '{texts['disposition'][:40]}'; expected one of {', '.join(_DISPOSITIONS)}: "
            "see that the layout of the source is the one of the file"
        )
    talk = _seconds(texts, "billsec")
    duration = _seconds(texts, "duration")
    call_at = epoch_of_call(texts.get("uniqueid"))
    ended_at = _instant(texts, "end", clock, not_before=call_at, near=clock.newest_at)
    if ended_at > clock.latest_at:
        raise ValueError(
            f"end is {texts['end']}, over a year ahead of this computer's clock; expected the call's end"
        )
    started_at = _instant(texts, "start", clock, not_before=call_at, near=ended_at - (duration or 0))
    answered_at = None
    if texts.get("answer"):
        answered_at = _instant(texts, "answer", clock, not_before=call_at, near=ended_at - (talk or 0))
    if not started_at <= ended_at:
        raise ValueError(f"end {texts['end']} is before start {texts['start']}; expected it after")
    if answered_at is not None and not started_at <= answered_at <= ended_at:
        raise ValueError(f"answer {texts['answer']} is not between start and end; expected it there")
    if ended_at <= clock.latest_at - 366 * 86400 + SKEW_SECONDS:
        clock.newest_at = max(clock.newest_at, ended_at)
    known_talk = talk if talk is not None else ended_at - answered_at if answered_at is not None else 0
    return Record(place_text, texts, started_at, answered_at, ended_at, known_talk)


def _seconds(texts: dict[str, str], name: str) -> int | None:
    """Whole seconds; cdr_custom may write fractions. Null where the column is empty or there is none."""
    text = texts.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"(?a:\d{1,9}(\.\d{1,6})?)", text) or float(text) > MOST_SECONDS:
        raise ValueError(f"{name} is '{text[:40]}'; expected seconds from 0 to {MOST_SECONDS}")
    return int(float(text))


def _instant(
    texts: dict[str, str], name: str, clock: RecordClock, *, not_before: int | None, near: int
) -> int:
    try:
        found = epoch_of_text(texts[name], clock.zone, not_before=not_before, near=near)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if not FIRST_INSTANT <= found < LAST_INSTANT:
        raise ValueError(f"{name} is {texts[name][:40]}; expected an instant of a year from 1990 to 2099")
    return found


def raw_of(records: list[Record]) -> str:
    """The records of one call as JSON, enough to read them once more."""
    told = {"records": [asdict(record) for record in records]}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def raw_of_line(
    line: str,
    fields: list[str] | None,
    place_text: str,
    hash_of: Callable[[str], str | None],
    *,
    columns: tuple[str, ...] = (),
    agent_column: str = "channel",
    known_names: frozenset[str] = frozenset(),
) -> str:
    """A refused line as JSON, without numbers and names of customers, to be read by another layout.

    Where the line fits the columns, the caller's name and the user field are left out. Where it does not, nobody knows
    which field is what: fields that are neither a number, an instant, a channel nor a word of Asterisk are left out.
    """
    if fields is None:
        kept = [",".join(_known_fields(re.split('[,"]', line), hash_of, known_names))]
    elif len(fields) == len(columns) and _fits(fields, columns):
        kept = [
            "" if name == "userfield" != agent_column else _number_of(field) if name == "clid" else field
            for name, field in zip(columns, fields, strict=True)
        ]
        kept = [scrubbed(field, hash_of) for field in kept]
    else:
        kept = _known_fields(fields, hash_of, known_names)
    return json.dumps(
        {"place": place_text, "fields": kept}, ensure_ascii=False, separators=(",", ":")
    ).replace("\\u0000", "\u2400")


def _fits(fields: list[str], columns: tuple[str, ...]) -> bool:
    """Whether the columns' order is the line's: the outcome of the call stands where it should."""
    return "disposition" not in columns or fields[columns.index("disposition")] in _DISPOSITIONS


def _number_of(caller: str) -> str:
    """The number in "Name" <number>, in its brackets; empty where there is none."""
    return f"<{caller.rpartition('<')[2]}" if "<" in caller else ""


def _known_fields(
    fields: list[str], hash_of: Callable[[str], str | None], known_names: frozenset[str]
) -> list[str]:
    """The fields of unknown order that cannot be a person's name; a sign for each other one."""
    kept, before = list[str](), ""
    for field in fields:
        text = scrubbed(_number_of(field) or field, hash_of)
        if before in _APPLICATIONS:  # what the application was given follows it in every layout
            text = text.partition(",")[0] if before == "Queue" else ""
        elif text not in known_names | _APPLICATIONS and not _HARMLESS.fullmatch(_HASH.sub("", text)):
            text = LEFT_OUT
        before = field if before not in _APPLICATIONS else ""
        kept.append(text)
    return kept
