"""Draws the contacts that are to be reviewed, so that nobody chooses them: as many of each agent, over queue and hour.

In: the handled contacts of a week, how many of each agent, and a seed. Out: the drawn ones, each with its place.
The rule it guards: every contact of an agent has the same chance, whatever its length or outcome; the same seed and contacts
give the same sample, in whatever order they come; no contact is drawn twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

HOURS_OF_BAND = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A handled contact: whose it is, where and in which local hour it came."""

    agent_id: int
    queue_id: int
    hour_number: int
    source_name: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A contact of the sample: its place among those of its agent, and how many it was drawn from."""

    candidate: Candidate
    place_number: int
    candidate_count: int


def draw(candidates: Iterable[Candidate], *, per_agent: int, seed: str) -> list[Drawn]:
    """The sample: `per_agent` contacts of each agent, all of them where the agent has fewer.

    Systematic sampling with implicit strata (W. G. Cochran, Sampling Techniques, 3rd edition 1977, chapter 8): an agent's
    contacts are put in order of queue and band of four hours, within these in an order that the seed makes; from a start
    that the seed makes too, every (N / per_agent)-th is taken. So queues and hours come as often as they are worked, and
    each contact has the chance per_agent / N.
    """
    ordered = sorted(
        set(candidates),
        key=lambda one: (
            one.agent_id,
            one.queue_id,
            one.hour_number // HOURS_OF_BAND,
            _number(seed, one.source_name, one.contact_id),
            one.source_name,
            one.contact_id,
        ),
    )
    found: list[Drawn] = []
    for agent_id, group in groupby(ordered, key=lambda one: one.agent_id):
        contacts = list(group)
        count = min(per_agent, len(contacts))
        start = _number(seed, "start", str(agent_id)) / 2**64
        step = len(contacts) / count if count else 0
        places = [min(len(contacts) - 1, int((start + number) * step)) for number in range(count)]
        found += [
            Drawn(contacts[place], number, len(contacts)) for number, place in enumerate(places, start=1)
        ]
    return found


def _number(*words: str) -> int:
    """A whole number below 2 to the 64th, made of the words alone."""
    return int.from_bytes(sha256("\x1f".join(words).encode()).digest()[:8], "big")
