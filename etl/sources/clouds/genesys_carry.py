"""What the reading of Genesys Cloud remembers from one batch to the next.

In: the text of the cursor's row. Out: what was seen lately, users' states, names, and where the API was left.
The rule it guards: a record that was told before, and is the same, is not read twice.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from etl.sources.clouds.agent_spans import Span
from etl.sources.clouds.genesys_api import Step

HOUR_US = 3600 * 1_000_000


@dataclass(frozen=True)
class Carry:
    """seen: by record its checksum and the end of the window in which it came last; users: states by user's id."""

    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    users: dict[str, list[Span]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    told_words: tuple[str, ...] = ()
    newest_us: int = 0

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        data = {
            "version": 1,
            "seen": self.seen,
            "users": {user: [[s.started_us, *s.what] for s in spans] for user, spans in self.users.items()},
            "names": [[kind, key, name] for (kind, key), name in sorted(self.names.items())],
            "told": self.told_words,
            "newest_us": self.newest_us,
        }
        return json.dumps(data, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Carry:
        """Reads `to_text`; raises ValueError with what was found where the text is not one."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            return cls(
                seen={key: (int(checksum), int(us)) for key, (checksum, us) in data["seen"].items()},
                users={user: [Span(*span) for span in spans] for user, spans in data["users"].items()},
                names={(kind, key): name for kind, key, name in data["names"]},
                told_words=tuple(data["told"]),
                newest_us=int(data["newest_us"]),
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


@dataclass(frozen=True)
class ApiPosition:
    """until_us: everything before it was asked for; step: a window that was left in the middle."""

    until_us: int = 0
    step: Step | None = None

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        data = {"version": 1, "until_us": self.until_us, "step": asdict(self.step) if self.step else None}
        return json.dumps(data, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str, *, now_us: int) -> ApiPosition:
        """Reads `to_text`; raises ValueError where it is not one, or where it stands in the future."""
        if not text:
            return cls()
        try:
            data = json.loads(text)
            if data["version"] != 1:
                raise ValueError(f"its version is {data['version']!r}, expected 1")
            step = Step(**data["step"]) if data["step"] else None
            position = cls(int(data["until_us"]), step)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error
        if max(position.until_us, step.to_us if step else 0) > now_us + HOUR_US or position.until_us < 0:
            raise ValueError("its instant is over an hour ahead of this computer's clock")
        if step and (
            step.page < 1 or step.taken < 0 or step.from_us >= step.to_us or step.part not in (0, 1)
        ):
            raise ValueError(f"its window is {step!r}")
        return position
