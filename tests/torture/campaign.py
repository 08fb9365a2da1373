"""What faults the product was put through and what was found: sizes of the short and the long run, and their figures.

A test of this folder asks for the fixture `campaign`, does its work as many times as `times` says, and tells with
`record` what it measured. In the ordinary suite the sizes are small and the figures go nowhere; `make torture` runs
the long sizes and writes every figure into docs/torture.md.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

LONG_VARIABLE = "FLOORBOARD_TORTURE"
SEED_VARIABLE = "FLOORBOARD_TORTURE_SEED"
RESULTS_VARIABLE = "FLOORBOARD_TORTURE_RESULTS"


@dataclass(frozen=True)
class Campaign:
    """The size of this run and where its figures go."""

    is_long: bool
    seed: int
    results: Path | None
    started_at: float = field(default_factory=time.monotonic)

    def times(self, *, short: int, long: int) -> int:
        """How often, how many, or how long: `short` in the ordinary suite, `long` in the campaign."""
        return long if self.is_long else short

    def record(self, row_id: str, promise: str, **figures: float | str) -> None:
        """Writes down what one row of the plan (such as "D1") promised and what was measured, by name with its unit."""
        if self.results is None:
            return
        line = {
            "row_id": row_id,
            "promise": promise,
            "seed": self.seed,
            "seconds": round(time.monotonic() - self.started_at, 1),
            "figures": figures,
        }
        with self.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def campaign_of_the_environment() -> Campaign:
    """The campaign as the variables of the environment describe it; the short one where they say nothing."""
    results = os.environ.get(RESULTS_VARIABLE)
    return Campaign(
        is_long=os.environ.get(LONG_VARIABLE) == "long",
        seed=int(os.environ.get(SEED_VARIABLE, "1")),
        results=Path(results) if results else None,
    )
