"""What a rule or a contest has changed, of the weeks of agents: their mix of work taken out, then one side beside the other.

In: the answers of `game_effect_days`, and whether up or down is better. Out: the effect on the measure itself, and on what
must not get worse meanwhile.
The rule it guards: several questions asked at once are not each allowed their own luck; a week of too little work is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import polars as pl

from dashboard import effect
from dashboard.effect import ALPHA, Effect

Way = Literal["up", "down"]
FEWEST: Final = 3.0
"""Less than so much below in a week tells nothing of it."""
FEWEST_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Bar:
    """One week of the comparison: how far the sides were apart, against the last week before; interval of 95 %."""

    week_number: int
    difference: float
    low: float
    high: float


def values(found: pl.DataFrame) -> pl.DataFrame:
    """One row per agent and week that tells something, with its value: above over below as it would be with everybody's mix.

    Without a below it is above per hour worked. The value keeps the unit of the measure: the mean of all times the ratio.
    """
    has_below = found["below_amount"].is_not_null().any()
    if has_below:
        known = found.filter((pl.col("below_amount") >= FEWEST) & (pl.col("expected_amount") > 0))
        overall = float(known["above_amount"].sum()) / (float(known["below_amount"].sum()) or 1.0)
        return known.with_columns(value=pl.col("above_amount") / pl.col("expected_amount") * overall)
    known = found.filter(pl.col("worked_seconds") >= FEWEST_SECONDS)
    return known.with_columns(value=pl.col("above_amount") / pl.col("worked_seconds") * 3600)


def panel(found: pl.DataFrame) -> effect.Panel:
    """The weeks as a panel; an agent counts as under the rule as the question says."""
    known = values(found)
    return effect.panel(
        (row["agent_id"], row["week_number"], row["is_under"], row["week_number"] >= 0, row["value"])
        for row in known.iter_rows(named=True)
    )


def told(found: pl.DataFrame, *, best_by: Way) -> Effect:
    """What changed; nothing where no agent has weeks on both sides of the day."""
    return effect.told(panel(found), best_by=best_by)


def bars(found: pl.DataFrame) -> list[Bar]:
    """Week by week how far the sides were apart; none where that cannot be told."""
    of = panel(found)
    try:
        fits = effect.event_study(of)
    except effect.EffectError:
        return []
    return [
        Bar(int(week), fit.estimate, fit.estimate - 1.96 * fit.standard_error, fit.estimate + 1.96 * fit.standard_error)
        for week, fit in fits.items()
        if fit.standard_error is not None
    ]  # fmt: skip


def beside(found: Mapping[str, pl.DataFrame], ways: Mapping[str, Way]) -> dict[str, Effect]:
    """What else changed, each judged with all asked at once: better or worse only where 1 in 20 such finds is luck."""
    single = {name: told(rows, best_by=ways[name]) for name, rows in found.items()}
    asked = [name for name, one in single.items() if one.p is not None]
    together = dict(zip(asked, effect.discovered([single[name].p or 0.0 for name in asked]), strict=True))
    return {
        name: replace(one, p=together.get(name, one.p), verdict=_verdict(one, together.get(name)))
        for name, one in single.items()
    }


def _verdict(one: Effect, p: float | None) -> effect.Verdict:
    if one.verdict in ("better", "worse") and (p is None or p >= ALPHA):
        return "too_small"
    return one.verdict
