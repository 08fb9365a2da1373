"""What the guards look for: each sign in words, how much of it must be there, and how far from others it must stand.

In: nothing. Out: the signs, by guard. The questions themselves are sql/game/guards/*.sql, a file for each guard.
The rule it guards: no sign counts by a small chance alone. It must be seen often enough, differ enough to matter, and
not rest on one bad day; what is expected and how much is enough stands here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Sign:
    """One thing that a guard counts.

    least_ratio: times what others lead one to expect (few: the expected over the counted). unit_seconds: of seconds,
    how many stand for one independent event (about two contacts' worth: seconds of one contact belong together).
    least_share: what chance alone makes of the trials, however little of it others show. is_of_bad_days: one day may
    hold most of it without any trick, and so an agent's worst day is left out. spread: how far honest agents are known
    to differ at least (variance of their ratios), whatever a small group shows.
    """

    name: str
    counted: str
    of: str
    fewest_trials: int
    fewest_hits: int
    least_ratio: float
    spread: float
    way: Literal["many", "few"] = "many"
    unit_seconds: int | None = None
    least_share: float = 0.0
    is_of_bad_days: bool = True

    @property
    def unit(self) -> float:
        """What one event stands for in what is told: minutes where seconds are counted, else itself."""
        return self.unit_seconds / 60 if self.unit_seconds else 1.0


GUARDS: Final[dict[str, tuple[str, tuple[Sign, ...]]]] = {
    "short-calls": (
        "Very short contacts that the agent ended",
        (Sign("ended-short", "contacts ended by the agent within seconds", "handled contacts", 80, 6, 2.5, 0.10),),
    ),
    "call-dumping": (
        "Contacts passed on",
        (
            Sign("passed-on", "contacts passed on", "handled contacts", 80, 12, 2.5, 0.16),
            Sign(
                "passed-on-in-vain", "passed-on customers who had to call again within a week",
                "contacts passed on", 30, 12, 2.0, 0.10,
            ),
        ),
    ),
    "repeat-contacts": (
        "Customers who had to come back",
        (Sign("came-back", "customers who came back within days", "contacts", 80, 15, 2.5, 0.10),),
    ),
    "cherry-picking": (
        "Contacts left to others",
        (
            Sign("rings-left", "rings not taken", "rings", 80, 12, 2.5, 0.30, least_share=0.05),
            Sign("easy-topics", "contacts about an easy topic", "contacts with a topic", 80, 40, 1.5, 0.01),
        ),
    ),
    "avoidance": (
        "Time away from contacts",
        (
            Sign("wrap-up", "minutes of wrap-up", "handled contacts", 80, 0, 1.7, 0.05, unit_seconds=120),
            Sign("hold", "minutes on hold", "handled contacts", 80, 0, 2.5, 0.15, unit_seconds=180),
            Sign("pauses", "minutes paused", "hours signed in", 20, 0, 1.7, 0.03, unit_seconds=1800),
            Sign(
                "pauses-when-next", "pauses begun when the next contact was due", "pauses",
                12, 8, 2.0, 0.05, least_share=0.2,
            ),
            Sign("left-in-peaks", "sign-outs in the busy hours of a shift", "shifts", 6, 4, 3.0, 0.30),
        ),
    ),
    "survey-steering": (
        "Customers who were not asked",
        (
            Sign("few-answers", "answers to the survey", "contacts that could be asked", 80, 0, 2.2, 0.04, way="few"),
            Sign("few-answers-long", "answers after long contacts", "long contacts", 60, 0, 2.5, 0.04, way="few"),
            Sign("few-answers-short", "answers after short contacts", "short contacts", 60, 0, 2.5, 0.04, way="few"),
        ),
    ),
    "ticket-splitting": (
        "Tickets counted twice",
        (
            Sign("split", "second tickets of a customer within hours", "solved tickets", 15, 5, 2.5, 0.10),
            Sign("opened-again", "solved tickets that the solver opened again", "solved tickets", 15, 4, 2.5, 0.10),
        ),
    ),
    "kudos-rings": (
        "Kudos among few",
        (
            Sign(
                "returned", "kudos whose giver was thanked in return", "kudos", 6, 5, 2.0, 0.10, least_share=0.1,
                is_of_bad_days=False,
            ),
            Sign(
                "returned-again", "kudos of a giver who had given some the week before and was thanked in return", "kudos",
                6, 4, 3.0, 0.10, least_share=0.02, is_of_bad_days=False,
            ),
            Sign(
                "same-giver", "kudos of a giver who had given some the week before", "kudos",
                6, 4, 2.5, 0.10, least_share=0.05, is_of_bad_days=False,
            ),
        ),
    ),
    "streak-tricks": (
        "Days with a contact at their edge alone",
        (Sign("edge-of-the-day", "days with contacts in their first or last minutes alone", "quiet days", 3, 3, 3.0, 0.10),),
    ),
}  # fmt: skip
"""Guard -> what it is about, and its signs; the guards' names are those that rules hold on (sql/game_rules/spec.py)."""
