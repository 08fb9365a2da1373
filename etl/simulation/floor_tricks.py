"""Who works on the floor on which guards are measured: honest agents of every kind, and some who do one trick each.

In: a seed, how many do each trick, how strongly. Out: people, each with pace, manners and the trick, if any.
The rule it guards: an honest agent may be fast, slow, new, alone on a quiet queue, at night, for four hours a day, or
unlucky for a day; what a trick is at full strength stands here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from etl.simulation import floor_plan as plan
from etl.simulation.floor_plan import AGENTS

TRICKS: Final[dict[str, dict[str, tuple[float, str]]]] = {
    "short-calls": {"hangs up": (0.07, "ends {:.0%} more of the contacts within seconds")},
    "call-dumping": {"passes on": (0.24, "passes on {:.0%} more of the contacts")},
    "cherry-picking": {
        "lets ring": (0.25, "does not take {:.0%} more of the rings"),
        "takes the easy": (0.45, "swaps {:.0%} of the other contacts for easy ones"),
    },
    "avoidance": {
        "wraps up long": (1.5, "wraps up {:.0%} longer"),
        "holds long": (0.35, "puts {:.0%} more of the contacts on hold, and for longer"),
        "pauses when next": (0.85, "pauses in {:.0%} of the waits in which a contact is due"),
        "pauses long": (2.0, "pauses {:.0%} longer"),
        "leaves in peaks": (
            0.6,
            "is away for half an hour in the busy hours of {:.0%} of the shifts",
        ),
    },
    "survey-steering": {
        "asks few": (0.75, "leaves out {:.0%} of the customers"),
        "asks after short": (0.95, "leaves out {:.0%} of those whose contact was long"),
        "asks after long": (0.95, "leaves out {:.0%} of those whose contact was short"),
    },
    "ticket-splitting": {
        "splits": (0.3, "makes two of {:.0%} of the tickets"),
        "opens again": (0.25, "opens {:.0%} of the solved tickets again and solves them once more"),
    },
    "kudos-rings": {"in a ring": (2.0, "thanks another of the ring {:.0f} times a week, and is thanked so")},
    "streak-tricks": {"at the edge": (0.5, "comes for one contact at the edge of {:.0%} of the shifts")},
}
"""Way of cheating (named as its guard) -> how it may be done: how much of it at strength 1, and in words."""
WAYS: Final = {way: tuple(styles) for way, styles in TRICKS.items()}
"""Way -> how it may be done; those who cheat in one way take turns among them."""
_AMOUNTS: Final = {style: amount for styles in TRICKS.values() for style, (amount, _) in styles.items()}
KINDS: Final = (("ordinary", 0.6), ("fast", 0.13), ("new", 0.13), ("unlucky", 0.07), ("quiet", 0.07))


@dataclass(frozen=True)
class Person:
    """One agent: what kind of honest worker, and the trick, if any."""

    agent_id: int
    number: int  # of the simulated floor's plan
    kind: str
    way: str = ""
    style: str = ""
    strength: float = 0.0
    ring: tuple[int, ...] = ()
    pace: float = 1.0
    miss_ratio: float = 0.02
    factors: Mapping[str, float] = field(default_factory=dict)

    def does(self, style: str) -> float:
        """How much of that the agent does: 0 for all who do not."""
        return self.strength * _AMOUNTS[style] if self.style == style else 0.0


def hired(
    seed: int, cheats: Mapping[str, int], strength: float, *, is_quiet: bool, every: int
) -> list[Person]:
    """Everybody of the floor: what kind of worker, how fast, how they work, and who does which trick with whom."""
    random = Random(f"{seed}/people")
    numbers = range(0, len(AGENTS), every)
    order = list(numbers)
    random.shuffle(order)
    roles: dict[int, tuple[str, str, tuple[int, ...]]] = {}
    for way, count in cheats.items():
        chosen = [order.pop() for _ in range(count)]
        for place, number in enumerate(chosen):
            style = WAYS[way][(seed + place) % len(WAYS[way])]
            ring = tuple(other + 1 for other in chosen if other != number) if way == "kudos-rings" else ()
            roles[number] = (way, style, ring)
    temperaments = plan.temperaments(seed)
    people = []
    for number in numbers:
        kind = random.choices([name for name, _ in KINDS], [share for _, share in KINDS])[0]
        way, style, ring = roles.get(number, ("", "", ()))
        if way and kind == "quiet" and not is_quiet:
            kind = "ordinary"  # too few contacts to be judged at all: what a guard can see is measured apart
        pace, miss_ratio = temperaments[number]
        new = 1.0 if kind != "new" else random.uniform(1.2, 1.8)
        factors = {
            name: random.lognormvariate(0.0, sigma) * new**power
            for name, sigma, power in (
                ("wrap_up", 0.18, 0.7), ("hold", 0.3, 1.0), ("transfer", 0.25, 1.0), ("answer", 0.12, -0.2),
                ("short", 0.25, 0.3), ("ticket", 0.3, 0.0),
            )
        }  # fmt: skip
        pace *= 0.75 if kind == "fast" else new**0.6
        people.append(
            Person(number + 1, number, kind, way, style, strength if way else 0.0, ring, pace,
                   miss_ratio * new**0.5, factors)
        )  # fmt: skip
    return people
