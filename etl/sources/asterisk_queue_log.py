"""Reads Asterisk's own log of its queues, `queue_log`, as it grows (also of FreePBX, Issabel, Wazo and VitalPBX).

Format: one event a line, `epoch|callid|queue|agent|verb|p1|...`, epoch seconds in UTC, 5 to 11 fields, no quoting.
Grain: one event. Cursor: the file's content before the position, see growing_file. Delay: none, lines are whole.
What it cannot know: when an agent begins to ring (told when the ring is over), hold (counted as talk), wrap-up
(unless the PBX writes WRAPUPSTART), who was signed in before the log began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Literal

import polars as pl

from etl import LoadError
from etl.masking import is_masked
from etl.shapes import REJECTS
from etl.sources import PIECE_BYTES, Batch, Names, PlaceKind, Reader, SettingsPath, Site, SourceSettings
from etl.sources.files.growing_file import LONGEST_LINE_BYTES, Piece, Position, pieces
from etl.sources.files.lines_again import Past
from etl.sources.pbx.queue_events import (
    ANSWER,
    CALL_VERBS,
    EVENTS,
    Carry,
    Rules,
    sessionise,
)
from etl.sources.pbx.queue_facts import facts_of, unused_events, without_numbers
from etl.sources.pbx.queue_log_ids import epoch_of_line

MOST_FIELDS = 11
LONGEST_NAME = 250
LONGEST_EVENT = 8191  # Asterisk's own limit of a line
SKEW_SECONDS = 3600  # a PBX's clock may be ahead by this much
FUTURE_SECONDS = 366 * 86400
FIRST_INSTANT = 631_152_000  # 1990-01-01
LAST_INSTANT = 4_102_444_800  # 2100-01-01
REPLAY_SECONDS = 60  # a file that begins this much before what was read is an older copy that was put back
_COLUMNS = (*tuple(EVENTS)[1:], "extra")


class QueueLogSettings(SourceSettings):
    """The log of one phone system."""

    reads: ClassVar[PlaceKind] = "file"

    kind: Literal["asterisk_queue_log"]
    path: SettingsPath
    callback_keys: Names = ()
    """Keys with which a waiting caller asks to be called back."""
    wrap_up_reason_names: Names = ()
    """Pause reasons that mean wrap-up, not a break."""
    include_rotated: bool = True
    """Whether the rotated files beside the log (queue_log.1, queue_log.2.gz) are read too."""

    def reader(self, site: Site, secret: bytes) -> QueueLog:
        """The reader of the log."""
        return QueueLog(
            path=self.path,
            rules=Rules(
                callback_keys=tuple(self.callback_keys), wrap_up_reason_names=tuple(self.wrap_up_reason_names)
            ),
            customer_secret=secret,
            include_rotated=self.include_rotated,
            country_name=site.country_name,
        )

    def origin_text(self) -> str:
        """The path of the log."""
        return f'path = "{self.path}"'


@dataclass(frozen=True)
class QueueLog(Reader):
    """A queue_log and the site's rules for it. `customer_secret` keys the hash that stands for a caller's number."""

    tells_in_order: ClassVar[bool] = True

    path: Path
    rules: Rules
    customer_secret: bytes
    include_rotated: bool = True
    country_name: str | None = None

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything written after the position, batch by batch; lines far ahead of `now` are refused.

        piece_bytes: about so much makes a batch, a whole line at least; refusal: the reason for which every line of
        the first batch is refused. Raises LoadError where the file cannot be read, or where the position or the
        carry is not one.
        """
        try:
            carry = Carry.from_text(carry_text)
            position = Position.from_text(position_text)
        except ValueError as error:
            raise LoadError(
                f"the stored cursor is not usable, {error}. Run `floorboard etl run --source NAME --from-start`; "
                "rows loaded already do not count twice."
            ) from error
        found = pieces(
            self.path,
            position,
            age_of=epoch_of_line,
            include_rotated=self.include_rotated,
            piece_bytes=piece_bytes,
        )
        past = position.past if position else Past()
        for piece in found:
            batch, carry, past = self._batch(piece, carry, past, now, refusal)
            refusal = None
            yield batch

    def again(self, raw_lines: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Lines once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        data = "".join(f"{line}\n" for line in raw_lines).encode()
        nowhere = Position(0, 0, 0, "", 0, "", self.path.name, 0)
        carry = Carry.from_text(carry_text)
        events, bad = parse(Piece(data, self.path.name, 1, nowhere), now=now)
        sessions = sessionise(
            without_numbers(events, self.customer_secret, self.country_name),
            carry,
            self.rules,
            latest_at=int(now.timestamp()) + SKEW_SECONDS,
        )
        altered = {place for place, line in enumerate(raw_lines) if "\u2400" in line or _is_masked(line)}
        still = frozenset([*pl.concat([bad, sessions.refused])["seq"].to_list(), *altered])
        batch = Batch(
            facts=facts_of(sessions),
            rejects=_rejects(Piece(b"", "", 1, nowhere), bad.clear()),
            read_rows=len(raw_lines) - len(still),
            position_text="",
            carry_text=sessions.carry.to_text(),
            replaces_tails=True,
        )
        return batch, still

    def _batch(
        self, piece: Piece, carry: Carry, past: Past, now: datetime, refusal: str | None
    ) -> tuple[Batch, Carry, Past]:
        notice = piece.notice
        first_at = epoch_of_line(piece.data)
        is_old = piece.is_gap and first_at is not None and first_at < carry.newest_at - REPLAY_SECONDS
        if piece.starts_file and (is_old or piece.is_known_before):
            # Counting on from the newer state would number known entries anew; from nothing, every key comes out as before.
            carry = Carry()
            notice = (
                f"{notice + ' ' if notice else ''}{piece.file_name} begins before what was already read: "
                "read again from its first line."
            )
        events, bad = parse(piece, now=now)
        read_rows, latest_at = events.height + bad.height, int(now.timestamp()) + SKEW_SECONDS
        again = piece.lines_again(past)
        if passed := again.all_passed(events.filter(pl.col("event_at") <= latest_at)):
            events, bad = (frame.filter(~pl.col("seq").is_in(passed)) for frame in (events, bad))
            notice = f"{notice + ' ' if notice else ''}{again.notice}"
        if refusal:
            bad = pl.concat([bad, events.select("seq", reason_text=pl.lit(refusal))])
            events = events.clear()
        sessions = sessionise(
            without_numbers(events, self.customer_secret, self.country_name),
            carry,
            self.rules,
            latest_at=latest_at,
        )
        refused = pl.concat([bad, sessions.refused])
        batch = Batch(
            facts=facts_of(
                sessions,
                lambda seq: pl.format("{}:{}", pl.lit(piece.file_name), seq + piece.first_line_number),
            ),
            rejects=_rejects(piece, refused),
            unused=unused_events(events),
            read_rows=read_rows,
            position_text=replace(piece.position, past=again.past).to_text(),
            carry_text=sessions.carry.to_text(),
            newest_event_at=datetime.fromtimestamp(sessions.carry.newest_at, UTC)
            if sessions.carry.newest_at
            else None,
            notice=notice,
            replaces_tails=True,
            lines=lambda: _lines(piece),
        )
        return batch, sessions.carry, again.past


def parse(piece: Piece, *, now: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The events of a piece (seq is the line within it, from 0), and the lines that are none: seq, reason_text."""
    if piece.overlong:
        refused = {
            "seq": [0],
            "reason_text": [f"a line of more than {LONGEST_LINE_BYTES} bytes; expected one event"],
        }
        return pl.DataFrame(schema=EVENTS), pl.DataFrame(
            refused, schema={"seq": pl.Int64, "reason_text": pl.String}
        )
    text = _clean(piece.data)
    try:
        lines = _split(text)
    except pl.exceptions.SchemaError:  # its first line has more fields than any line may have
        lines = _split(b"|" * MOST_FIELDS + b"\n" + text).slice(1)
    lines = lines.with_columns(seq=pl.int_range(lines.height, dtype=pl.Int64)).with_columns(
        reason_text=_fault(int(now.timestamp()) + FUTURE_SECONDS)
    )
    bad = lines.filter(pl.col("reason_text").is_not_null()).select("seq", "reason_text")
    good = lines.filter(pl.col("reason_text").is_null())
    return good.with_columns(pl.col("event_at").cast(pl.Int64)).select(EVENTS.keys()), bad


def _split(text: bytes) -> pl.DataFrame:
    return pl.read_csv(
        text,
        separator="|",
        has_header=False,
        schema=dict.fromkeys(_COLUMNS, pl.String),
        quote_char=None,
        truncate_ragged_lines=True,
        missing_columns="insert",
    )


def _clean(data: bytes) -> bytes:
    """The lines in UTF-8: without a byte order mark and carriage returns; a line in another encoding read as cp1252."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    try:
        data.decode()
    except UnicodeDecodeError:
        lines = data.split(b"\n")
        data = b"\n".join(_decoded(line).encode() for line in lines)
    return data


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _fault(latest_at: int) -> pl.Expr:
    """Why a line is no event, null where it is one."""
    epoch, verb = pl.col("event_at"), pl.col("verb")
    number = pl.when(epoch.str.contains(r"^[0-9]{1,12}$")).then(epoch.cast(pl.Int64, strict=False))
    is_call = verb.is_in(CALL_VERBS)
    long_names = pl.any_horizontal(
        pl.col(name).str.len_bytes() > LONGEST_NAME
        for name in ("call_id", "queue_name", "agent_name", "verb")
    )
    blank_names = pl.any_horizontal(
        (pl.col(name) != "") & (pl.col(name).str.strip_chars() == "") for name in ("queue_name", "agent_name")
    )
    is_long = (
        pl.sum_horizontal(pl.col(name).str.len_bytes().fill_null(0) + 1 for name in _COLUMNS) > LONGEST_EVENT
    )
    has_nul = pl.any_horizontal(pl.col(name).str.contains("\x00", literal=True) for name in _COLUMNS)
    return (
        pl.when(epoch.is_null() & verb.is_null()).then(pl.lit("an empty line; expected epoch|callid|queue|agent|verb|..."))
        .when(has_nul.fill_null(False)).then(pl.lit("a NUL byte; expected text"))
        .when(number.is_null())
        .then(pl.format("field 1 is '{}'; expected epoch seconds, whole digits", epoch.fill_null("").str.slice(0, 40)))
        .when(~number.is_between(FIRST_INSTANT, LAST_INSTANT - 1))
        .then(pl.format("field 1 is {}; expected epoch seconds of a year from 1990 to 2099", epoch))
        .when(number > latest_at)
        .then(pl.format("field 1 is {}, over a year ahead of this computer's clock; expected the event's second", epoch))
        .when(verb.is_null()).then(pl.lit("fewer than 5 fields; expected epoch|callid|queue|agent|verb|..."))
        .when(pl.col("extra").is_not_null())
        .then(pl.lit(f"more than {MOST_FIELDS} fields; expected at most {MOST_FIELDS}: a name or a number holds a '|'"))
        .when(long_names.fill_null(False)).then(pl.lit(f"a name of more than {LONGEST_NAME} bytes; expected a shorter one"))
        .when(blank_names.fill_null(False))
        .then(pl.lit("field 3 or 4 holds nothing but blanks; expected the name of a queue or an agent, or nothing"))
        .when(is_long.fill_null(False))
        .then(pl.lit(f"a line of more than {LONGEST_EVENT} bytes; expected one event, which Asterisk cuts at that length"))
        .when((verb == ANSWER) & (pl.col("agent_name").is_null() | pl.col("agent_name").eq("NONE")))
        .then(pl.lit("field 4 is empty; expected the agent of CONNECT"))
        .when(is_call & (pl.col("call_id").is_null() | pl.col("call_id").eq("NONE")))
        .then(pl.format("field 2 is empty; expected the call id of {}", verb))
        .when(is_call & (pl.col("queue_name").is_null() | pl.col("queue_name").eq("NONE")))
        .then(pl.format("field 3 is empty; expected the queue of {}", verb))
    )  # fmt: skip


def _is_masked(line: str) -> bool:
    """Whether a kept line has lost the name of its call, queue or agent, where a customer's number stood in it."""
    return is_masked("|".join(line.split("|", 5)[:5]))


def _lines(piece: Piece) -> pl.DataFrame:
    """Every line of a piece as it would be kept: place_text, raw_text."""
    lines = [] if piece.overlong else piece.data.removesuffix(b"\n").split(b"\n")
    first = piece.first_line_number
    places = [f"{piece.file_name}:{number}" for number in range(first, first + len(lines))]
    texts = [_decoded(line).replace("\x00", "\u2400") for line in lines]
    schema = dict.fromkeys(("place_text", "raw_text"), pl.String)
    return pl.DataFrame({"place_text": places, "raw_text": texts}, schema_overrides=schema)


def _rejects(piece: Piece, refused: pl.DataFrame) -> pl.DataFrame:
    """The refused lines whole, with their place; NUL bytes, which no table takes, as the sign for them."""
    lines = piece.data.split(b"\n") if refused.height else []
    rows = [
        (
            f"{piece.file_name}:{piece.first_line_number + seq}",
            piece.file_key,
            reason,
            _decoded(lines[seq] if not piece.overlong else piece.data[:8192]).replace("\x00", "\u2400"),
        )
        for seq, reason in refused.sort("seq").iter_rows()
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(REJECTS.columns, pl.String), orient="row")
