"""Knows which calls Asterisk's queue log tells of, for a source that must not tell of them a second time.

In: the log file and an instant. Out: the ids of the calls that entered a queue, read as far as that instant.
The rule it guards: the log is read once and on from where reading stood; what is older than a day is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from etl.sources.files.growing_file import Position, pieces
from etl.sources.pbx.asterisk_times import epoch_of_call

AHEAD_SECONDS = 3600
KEPT_SECONDS = 86_400


def epoch_of_line(line: bytes) -> float | None:
    """The second of a log line; null where it has none."""
    digits = line.removeprefix(b"\xef\xbb\xbf").split(b"|", 1)[0]
    return float(digits) if digits.isdigit() and len(digits) <= 12 else None


@dataclass
class QueueLogIds:
    """The ids of calls in the log, from its first line that was read on."""

    path: Path
    position: Position | None = None
    first_at: float | None = None
    read_until: float = 0
    known_from: int = 0
    ids: set[str] = field(default_factory=set)

    def span(self, earliest: int, latest: int) -> None:
        """Makes the ids of calls between the instants known. Raises LoadError as the log's reader."""
        if earliest < self.known_from:  # somebody reads from the start again
            self.position, self.first_at, self.read_until, self.ids = None, None, 0, set()
        self._read_to(latest)
        self.known_from = earliest - KEPT_SECONDS
        self.ids = {
            call_id for call_id in self.ids if (epoch_of_call(call_id) or earliest) >= self.known_from
        }

    def _read_to(self, needed_at: int) -> None:
        """Reads the log on until it tells of an hour after the instant, or ends."""
        if self.read_until > needed_at + AHEAD_SECONDS:
            return
        for piece in pieces(self.path, self.position, age_of=epoch_of_line):
            self.position = piece.position
            for line in piece.data.splitlines():
                self._take(line)
            if self.read_until > needed_at + AHEAD_SECONDS:
                break

    def _take(self, line: bytes) -> None:
        epoch, _, rest = line.partition(b"|")
        call_id, _, rest = rest.partition(b"|")
        _, _, rest = rest.partition(b"|")
        _, _, rest = rest.partition(b"|")
        at = epoch_of_line(epoch)
        if at is None:
            return
        self.first_at = at if self.first_at is None else min(self.first_at, at)
        self.read_until = max(self.read_until, at)
        if rest.startswith(b"ENTERQUEUE|"):
            self.ids.add(call_id.decode(errors="replace"))

    def covers(self, instant: int) -> bool:
        """Whether the log had begun by that second, so that a call since then must be in it."""
        return self.first_at is not None and self.first_at <= instant
