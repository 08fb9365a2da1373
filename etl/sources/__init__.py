"""What every reader of an origin has in common: its settings, how it is asked, and what it gives.

In: the place where reading stood. Out: batches of facts in the warehouse's words, each with the place after it.
The rule it guards: a reader names the row that every fact came from, so that a refused one is kept whole with its place.
"""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

PIECE_BYTES = 8 * 1024 * 1024
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Names = Annotated[tuple[Name, ...], Field(strict=False)]

REJECT_SCHEMA = dict.fromkeys(("place_text", "file_key", "reason_text", "raw_text"), pl.String())
ROW_SCHEMA: dict[str, pl.DataType] = {"seq": pl.Int64(), "place_text": pl.String(), "raw_text": pl.String()}
UNUSED_SCHEMA: dict[str, pl.DataType] = {
    "event_name": pl.String(), "is_known": pl.Boolean(), "read_rows": pl.Int64()
}  # fmt: skip
NAME_SCHEMA = dict.fromkeys(("kind_name", "source_key", "display_name"), pl.String())


def _from_the_folder_of_the_file(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str) or not value or "\x00" in value:
        raise ValueError('the path of a file in quotes, such as "/var/log/asterisk/queue_log"')
    folder = info.context["folder"] if info.context else Path.cwd()
    try:
        file = Path(value).expanduser()
    except RuntimeError:
        raise ValueError("a path whose ~ stands for a user of this machine") from None
    return Path(os.path.abspath(folder / file))  # noqa: PTH100 - keep symbolic links


SettingsPath = Annotated[Path, Field(strict=False), BeforeValidator(_from_the_folder_of_the_file)]
"""A path in the settings; a relative one starts at the folder of the settings file."""


def _is_no_credential(value: str) -> str:
    if "@" in value:
        raise ValueError(
            "an address without user and password, which never stand in the settings, such as "
            '"https://example.com"; a credential has keys of its own'
        )
    return value


WebAddress = Annotated[Name, AfterValidator(_is_no_credential)]
"""Where an account is found on the web; it holds no user and no password."""


def _is_a_host(value: str) -> str:
    try:
        is_name = ":" not in value and bool(value.encode("idna")) and not re.search(r"[\s/@?#\\]", value)
    except UnicodeError:
        is_name = False
    if not is_name:
        try:
            ip_address(value)
        except ValueError:
            raise ValueError('the name or number of a computer, such as "pbx.example.com"') from None
    return value


Host = Annotated[Name, AfterValidator(_is_a_host)]
"""The name or number of a computer, without scheme and port."""
PlaceKind = Literal["file", "folder", "files"]
"""What a path of the settings names: one file, a folder, or either of them (also a pattern with *)."""


@dataclass(frozen=True)
class Place:
    """A path of the settings that must be there for the source to be read: its key, and what it must be."""

    key_name: str
    path: Path
    kind_name: PlaceKind


class Table(BaseModel):
    """A table of the settings file: every key is known, every value has its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True)
class Site:
    """What a reader must know of the contact centre: its zone, and the country of numbers without a prefix."""

    site_name: str
    time_zone_name: str
    country_name: str | None = None


@dataclass(frozen=True)
class Batch:
    """One piece of a source, ready to load, and where reading stands after it.

    facts: frames by the name of their table, in the warehouse's words, with the source's keys of queues and agents
    as queue_name and agent_name; columns that a source does not know may be missing. seq in a fact names its row
    in `rows` (seq, place_text, raw_text); without `rows` the facts count their rows themselves in new_rows.
    rejects: place_text, file_key, reason_text, raw_text; unused: event_name, is_known, read_rows;
    names: kind_name, source_key, display_name, where keys are not names.
    replaces_tails: the agent states are each agent's whole rest from its first row here on.
    is_named: the place of a row is its record's own name, whatever is told of it; not a line that another may fill.
    lines: for a log without `rows`, all lines that were read (place_text, raw_text), made where somebody asks.
    """

    facts: dict[str, pl.DataFrame]
    read_rows: int
    position_text: str
    carry_text: str
    newest_event_at: datetime | None = None
    notice: str | None = None
    rows: pl.DataFrame | None = None
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_SCHEMA))
    unused: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=UNUSED_SCHEMA))
    names: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NAME_SCHEMA))
    replaces_tails: bool = False
    is_named: bool = False
    lines: Callable[[], pl.DataFrame] | None = None


@dataclass(frozen=True)
class Timetables:
    """Business hours as an origin tells them, in the columns of warehouse.schedules, business_hours and holidays."""

    schedules: pl.DataFrame
    business_hours: pl.DataFrame
    holidays: pl.DataFrame


class Reader(ABC):
    """An origin that can be read on from a place, and whose refused rows can be read once more."""

    @abstractmethod
    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Everything after the position, batch by batch; both texts are empty before the first load.

        piece_bytes: about so much makes a batch, one row at least; refusal: the reason for which every row of the
        first batch is refused. Raises LoadError where the origin or its stored place cannot be used.
        """

    @abstractmethod
    def again(self, raw_texts: list[str], carry_text: str, *, now: datetime) -> tuple[Batch, frozenset[int]]:
        """Rows once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""

    tells_in_order: ClassVar[bool] = False
    """Whether what it tells of a day comes within a day of it, so that reading on after that finds no more of it."""

    def rewound(
        self,
        carry_text: str,  # noqa: ARG002 - what some readers learned once and need again
        *,
        to: datetime,  # noqa: ARG002 - for the readers that can tell it
    ) -> tuple[str, str] | None:
        """A position and a carry from which everything since the instant is told again, by what is carried now.

        None where an instant does not tell a position: then it is read from where an earlier reading stood.
        """
        return None

    def schedules(self) -> Timetables | None:
        """The business hours that the origin tells, None where it tells none. Raises LoadError."""
        return None

    def close(self) -> None:  # noqa: B027 - most readers hold nothing open
        """Lets go of what the reader holds open between two loads."""


class SourceSettings(Table):
    """One origin of records: its name in the ledger, and how often it is looked at."""

    is_endless: ClassVar[bool] = False
    """Whether the origin never comes to an end: a load takes what is there and does not wait for the rest."""

    told_once_text: ClassVar[str | None] = None
    """Why the origin cannot be asked again for a day that is over; None where it can."""

    reads: ClassVar[PlaceKind] = "files"
    """What its path or paths name, where it has such."""

    name: Name
    every_seconds: Annotated[int, Field(ge=1, le=86_400)]
    stale_after_seconds: Annotated[int, Field(ge=1, le=31_536_000)] = 300
    """From this age of the newest event on, the boards say that the data is stale."""

    deadline_seconds: Annotated[int, Field(ge=5, le=86_400)] = 1200
    """After so long without any progress (nothing read, nothing loaded) a load is ended and begun anew."""

    lost_end_after_seconds: Annotated[int, Field(ge=3_600, le=2_678_400)] = 86_400
    """A telephone call that is open for longer has lost its end: the night closes it as interrupted."""

    @property
    def facts_source_name(self) -> str:
        """Under whose name the facts stand: another source's, where both tell of the same calls."""
        return self.name

    def reader(self, site: Site, secret: bytes) -> Reader:
        """The reader of this origin; `secret` keys the hash that stands for a customer."""
        raise NotImplementedError

    def places(self) -> tuple[Place, ...]:
        """The paths that must be there."""
        given = {"path": [getattr(self, "path", None)], "paths": getattr(self, "paths", ())}
        return tuple(Place(key, path, self.reads) for key, paths in given.items() for path in paths if path)

    def secrets(self) -> tuple[tuple[str | None, Path | None], ...]:
        """Where each of its credentials lies: an environment variable (..._env), a file (..._file) or both."""
        names = [key.removesuffix("_env") for key in type(self).model_fields if key.endswith("_env")]
        return tuple((getattr(self, f"{name}_env"), getattr(self, f"{name}_file")) for name in names)

    def libraries(self) -> tuple[str, ...]:
        """The libraries beyond Floorboard's own without which it cannot be read."""
        return ("boto3",) if getattr(self, "s3_bucket", None) else ()

    def origin_text(self) -> str:
        """What is read, as one text: two sources of one origin would count every record twice."""
        raise NotImplementedError
