"""Keeps the list of everybody who was erased beside the database, where no restore of it takes anybody off.

In: erasures as keyed hashes. Out: erasures.jsonl in FLOORBOARD_HOME, one line each, readable by its owner alone.
The rule it guards: a line is settled on the disk before anything is erased; the list names nobody to whom the key of the
hashes is not known.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from etl import LoadError
from etl.erased import AGENT_KEY, AGENT_NAME, CUSTOMER, REMARK
from sql import embedded
from sql.warehouse import WarehouseError


@dataclass(frozen=True)
class Erasure:
    """One line of the list: a customer, a key or name of an agent, or a remark as a keyed hash, and since when."""

    erased_at: datetime
    kind_name: str
    subject_key: str
    alias_name: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """What it is about."""
        return self.kind_name, self.subject_key

    def to_text(self) -> str:
        """As a line of JSON."""
        return json.dumps({**asdict(self), "erased_at": self.erased_at.isoformat()})

    @classmethod
    def from_text(cls, text: str) -> Erasure:
        """Reads `to_text`; raises ValueError, KeyError or TypeError where it is none."""
        told = json.loads(text)
        instant = datetime.fromisoformat(told["erased_at"]).astimezone(UTC)
        alias = told["alias_name"]
        key, kind = str(told["subject_key"]), told["kind_name"]
        if kind not in (CUSTOMER, AGENT_KEY, AGENT_NAME, REMARK) or not re.fullmatch("[0-9a-f]{32}", key):
            raise ValueError(text)
        return cls(instant, kind, key, None if alias is None else str(alias))


def list_path() -> Path:
    """Where the list is kept beside the database."""
    return embedded.home() / "erasures.jsonl"


def is_kept_here() -> bool:
    """Whether this computer has a folder for the list: a load that has none goes by what the warehouse knows."""
    try:
        return bool(embedded.home())
    except WarehouseError:
        return False


def read_list() -> list[Erasure]:
    """Everybody of the list, each once with the latest instant; empty without one. Raises LoadError."""
    path = list_path()
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"{path}: the list of erasures cannot be read ({error}); restore it from a backup."
        ) from error
    found: dict[tuple[str, str], Erasure] = {}
    for number, line in enumerate(lines, start=1):
        try:
            erasure = Erasure.from_text(line)
        except (ValueError, KeyError, TypeError):
            if number == len(lines) and not line.endswith("}"):
                break  # its writer was cut off; what it meant to erase was not erased either
            raise LoadError(
                f"{path}, line {number}: expected one erasure as JSON; restore the list from a backup, or take the line out."
            ) from None
        other = found.get(erasure.place)
        if other is None or other.erased_at <= erasure.erased_at:
            found[erasure.place] = erasure
    return list(found.values())


def keep_in_list(erasures: Sequence[Erasure]) -> None:
    """Adds lines to the list, settled on the disk when this returns. Raises LoadError where that cannot be."""
    if not erasures:
        return
    path = list_path()
    text = "".join(f"{erasure.to_text()}\n" for erasure in erasures)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            os.fchmod(descriptor, 0o600)
            whole = file.read()
            if whole.endswith(b"}"):  # a whole line, as an editor leaves it: `read_list` counts it
                text = f"\n{text}"
            else:  # a writer that was cut off erased nobody
                os.ftruncate(descriptor, whole.rfind(b"\n") + 1)
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
    except OSError as error:
        raise LoadError(
            f"{path}: the list of erasures cannot be written ({error.strerror}), so nobody was erased. "
            "See that the folder belongs to this user and the disk has room."
        ) from error
