"""One thing that was looked at on this machine: what was found, and what to do about it.

In: nothing. Out: the form in which every look of `floorboard doctor` tells what it saw.
The rule it guards: a finding that is wrong names its next step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["good", "advice", "wrong"]
_MARKS: dict[State, str] = {"good": "ok    ", "advice": "note  ", "wrong": "WRONG "}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and what to do when it is not good."""

    subject_name: str
    state_name: State
    found_text: str
    step_text: str = ""

    def line(self) -> str:
        """The finding as a line of a terminal."""
        step = f" -> {self.step_text}" if self.step_text else ""
        return f"{_MARKS[self.state_name]}{self.subject_name}: {self.found_text}{step}"
