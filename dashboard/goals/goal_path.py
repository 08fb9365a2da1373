"""Where a goal should stand on a day, how it stands, and whether it is one that can be reached at all.

In: a goal's values, the days that were measured. Out: the value of the straight path, a standing, or the sentences that
refuse the goal. The rule it guards: a goal is judged by enough contacts or not at all, against the straight path from its
measured baseline to its target, and one that would make things worse is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

SLACK_RATIO = 0.1
"""How far behind the straight path still counts as on track: this share of the way from baseline to target."""
SHORTEST_DAYS, LONGEST_DAYS = 7, 1096
StandingName = Literal["reached", "missed", "on_track", "behind", "too_few", "no_data", "not_begun", "closed"]


class GoalError(Exception):
    """A goal that cannot be saved as it is; the message says what was found, what was expected, and the next step."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal: SMART, so specific (metric, scope), measured (baseline, target), timed (start, deadline) and owned."""

    goal_name: str
    metric_name: str
    scope_kind_name: str
    scope_key: str
    owner_name: str
    baseline_value: float
    baseline_count: int
    baseline_first_date: date
    baseline_last_date: date
    target_value: float
    started_date: date
    deadline_date: date
    window_days: int
    minimum_count: int
    note_text: str = ""
    closed_at: object = None

    @property
    def is_upward(self) -> bool:
        """Whether the value is to rise."""
        return self.target_value > self.baseline_value


@dataclass(frozen=True, slots=True)
class Standing:
    """How a goal stands: its name, the value of the path on that day, and how much of the way is gone (1: the target)."""

    name: StandingName
    path_value: float
    done_ratio: float | None


def path_value(goal: Goal, day: date) -> float:
    """What the straight line from the baseline on the first day to the target on the last one says for a day."""
    whole = (goal.deadline_date - goal.started_date).days
    passed = min(max((day - goal.started_date).days, 0), whole)
    return goal.baseline_value + (goal.target_value - goal.baseline_value) * passed / whole


def is_at_target(goal: Goal, value: float) -> bool:
    """Whether the value is at the target or better."""
    return value >= goal.target_value if goal.is_upward else value <= goal.target_value


def standing(
    goal: Goal, *, value: float | None, n: int | None, measured_date: date | None, today: date
) -> Standing:
    """How the goal stands by its newest measurement; values of fewer than its minimum n are not judged by."""
    path = path_value(goal, measured_date or today)
    if goal.closed_at is not None:
        return Standing("closed", path, _done(goal, value))
    if today < goal.started_date:
        return Standing("not_begun", path, None)
    if measured_date is None or value is None:
        return Standing("missed" if today > goal.deadline_date else "no_data", path, None)
    done = _done(goal, value)
    if (n or 0) < goal.minimum_count:
        return Standing("missed" if today > goal.deadline_date else "too_few", path, done)
    if is_at_target(goal, value):
        return Standing("reached", path, done)
    if today > goal.deadline_date:
        return Standing("missed", path, done)
    behind = (path - value) if goal.is_upward else (value - path)
    slack = SLACK_RATIO * abs(goal.target_value - goal.baseline_value)
    return Standing("behind" if behind > slack else "on_track", path, done)


def _done(goal: Goal, value: float | None) -> float | None:
    if value is None:
        return None
    return (value - goal.baseline_value) / (goal.target_value - goal.baseline_value)


def faults(
    goal: Goal, *, label: str, direction: str, band: tuple[float, float] | None, unit: str, today: date
) -> list[str]:
    """Why the goal cannot be saved, one sentence each; empty for one that can."""
    found = [
        *_wrong_way(goal, label=label, direction=direction, band=band),
        *_wrong_size(goal, unit=unit, most=max(1.0, band[1]) if band else 1.0),
    ]
    if not goal.goal_name.strip():
        found.append("The goal has no name; give it one that its owner would say.")
    if not goal.owner_name.strip():
        found.append("Nobody owns the goal; name the person who answers for it.")
    days = (goal.deadline_date - goal.started_date).days
    if not SHORTEST_DAYS <= days <= LONGEST_DAYS:
        found.append(
            f"The deadline is {days:,} days after the start, expected {SHORTEST_DAYS} to {LONGEST_DAYS:,}; move it."
        )
    if goal.deadline_date <= today and goal.closed_at is None:
        found.append("The deadline has passed already; choose a later day.")
    if goal.baseline_count < goal.minimum_count:
        found.append(
            f"The baseline rests on n = {goal.baseline_count:,}, expected at least {goal.minimum_count:,}; take a longer "
            "period for it, or a lower minimum."
        )
    return found


def _wrong_way(goal: Goal, *, label: str, direction: str, band: tuple[float, float] | None) -> list[str]:
    if goal.target_value == goal.baseline_value:
        return [f"The target is what {label} is already; choose another one."]
    if direction == "none":
        return [f"{label} is neither good nor bad when it rises, so it is no goal; choose another metric."]
    if direction == "up" and not goal.is_upward:
        return [
            f"{label} is better when it is higher: this goal would make it worse. Choose a target above the baseline."
        ]
    if direction == "down" and goal.is_upward:
        return [
            f"{label} is better when it is lower: this goal would make it worse. Choose a target below the baseline."
        ]
    if direction == "band" and band is not None:
        low, high = band
        if not low <= goal.target_value <= high:
            return [
                f"{label} is good between {low:g} and {high:g}, and bad on both sides: choose a target between them."
            ]
    return []


def _wrong_size(goal: Goal, *, unit: str, most: float) -> list[str]:
    if unit == "ratio" and not 0 <= goal.target_value <= most:
        return [f"The target is a share, expected 0 to {most * 100:.0f} %; correct it."]
    if unit == "seconds" and goal.target_value < 0:
        return ["The target is a time, expected 0 seconds or more; correct it."]
    if unit == "points" and not -100 <= goal.target_value <= 100:
        return ["The target is an NPS, expected -100 to 100 points; correct it."]
    if unit == "score" and not 0 <= goal.target_value <= 100:
        return ["The target is a score, expected 0 to 100; correct it."]
    return []


def baseline_days(today: date, *, days: int = 28) -> tuple[date, date]:
    """The period over which a baseline is measured: so many whole days before today."""
    return today - timedelta(days=days), today - timedelta(days=1)
