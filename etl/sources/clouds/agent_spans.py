"""An agent's states as a row of spans, and what of it is new to the warehouse.

In: spans before and after something was told. Out: the rest of the agent's states from the first change on.
The rule it guards: the states of an agent follow each other without a gap, and none lasts no time at all.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

from etl.sources.clouds.json_fields import Row


@dataclass(frozen=True)
class Span:
    """A state from its start on, the next one's start is its end."""

    started_us: int
    state_name: str
    reason_name: str = ""
    queue_name: str = ""

    @property
    def what(self) -> tuple[str, str, str]:
        """The state without its time."""
        return self.state_name, self.reason_name, self.queue_name


def followed_by(spans: list[Span], span: Span) -> None:
    """Adds the state from an instant on; what would begin there or later gives way, equal neighbours become one."""
    while spans and spans[-1].started_us >= span.started_us:
        spans.pop()
    if not spans or spans[-1].what != span.what:
        spans.append(span)


def changed(before: list[Span], after: list[Span], anew: Container[int] = ()) -> list[Row]:
    """The rest of an agent's states from the first row on that is another than before: its end, or itself.

    anew: the starts of those that are told again even so: they were another for a while, in the midst of what was told.
    """
    same = 0
    while (
        same < min(len(before), len(after))
        and before[same] == after[same]
        and after[same].started_us not in anew
    ):
        same += 1
    has_another_end = [span.started_us for span in before[same : same + 1]] != [
        span.started_us for span in after[same : same + 1]
    ]
    if same == len(before) == len(after):
        return []
    return [
        {
            "started_at": span.started_us,
            "ended_at": after[place + 1].started_us if place + 1 < len(after) else None,
            "state_name": span.state_name,
            "reason_name": span.reason_name or None,
            "queue_name": span.queue_name or None,
        }
        for place, span in enumerate(after)
        if place >= same - has_another_end
    ]
