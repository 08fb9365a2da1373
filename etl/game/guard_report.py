"""Tells what the measurement of the guards found, as a page to be read: docs/game-guards.md.

In: a measurement. Out: its text in Markdown, every figure with how many it was counted of and its interval.
The rule it guards: what the guards cannot see is said as plainly as what they can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from etl.game.guard_measure import FIRST_DATE, LAST_DATE, LEAST_RECALL, MOST_FALSE, Measured, Share, Tally
from etl.game.guard_signs import GUARDS
from etl.game.guards import MOST_LUCK
from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_tricks import TRICKS

_INTRODUCTION = """\
# How well the guards of the game see

A guard looks at four weeks of work and asks a person to look where an agent's figures differ from those of others
in the same work by more than luck, honest differences and one bad day explain. It takes nothing away: the award
waits, the agent sees the evidence and can answer, a person decides.

This page is made by `floorboard game measure-guards --write`; do not edit it. Seed {seed}; {floors} floors of
{agents} agents, two of whom cheat in each of the eight ways, from {first} to {last} (the clocks go forward in it).
The floors have the queues, shifts, pace and manners of the demo's; honest agents among them are fast, slow, new
(slower, more transfers, more hold), part-time, on nights, alone on a quiet queue, or have one bad day on which the
line fails. Their facts are loaded into a warehouse of its own and go through the same sums as any. The unit is one
agent and four weeks; intervals are exact (Clopper-Pearson, 95 %). Of all that is flagged in a run, at most {luck}
is expected to be luck (Benjamini-Hochberg over all agents and guards).

"""
_TRUST = """\
## How far to trust these figures

The signs were set by looking at floors of the seeds 1 and 8. Seed 9 was then measured unseen: every way was found in at
least 90 %, except kudos rings, 16 of 20, whose members thanked each other on some days by chance. The rings of the floor
have thanked each other twice a week since, and the figures of that way on seed 9 are therefore not unseen any more. Only a
seed above 9 is a fresh test of all ways.
"""
_LIMITS = """\
## What the guards cannot see

* **Slow and mild tricks.** The table of strengths shows it: a quarter of a trick is mostly lost among honest
  differences. Whoever does so gains about as little.
* **Little work.** Below the volume in the table of signs nothing is judged: a share of 20 contacts says nothing.
* **What most do.** Others are the measure. Where more than half of a floor does a trick, the trick is what is
  usual; see the table of crowds. A target for the whole floor shows that, a comparison of its agents cannot.
* **Work that nobody shares.** A kind of work that fewer than five do is compared with its queue, then not at all.
* **Asking only the happy.** Whom an agent asks is not recorded, only who answers. Leaving out some unhappy
  customers lowers the share of answers too little to be told from an agent whom customers like.
* **Hang-ups just above the limit** of a short contact (the site's rule, 10 seconds where nothing is said): they
  show among contacts that come again.
"""


def markdown(measured: Measured) -> str:
    """The page of a measurement."""
    main = measured.main
    parts = [
        _INTRODUCTION.format(
            seed=measured.seed, floors=measured.floors, agents=len(AGENTS), first=FIRST_DATE, last=LAST_DATE,
            luck=f"{MOST_LUCK:.0%}",
        ),
        f"## Who cheats is found\n\nExpected: at least {LEAST_RECALL:.0%} of those who cheat in each way.\n",
        _table(("Way", "Found", "Share", "Interval"), ((_title(way), *_told(s)) for way, s in main.found.items())),
        "How it was done, and how much of it:\n",
        _table(("How", "At strength 1", "Found", "Share", "Interval"), _styles(main)),
        f"{main.other_guards} of those who cheat were flagged by another guard as well.\n",
        f"## Who is honest is left alone\n\nExpected: at most {MOST_FALSE:.0%} of honest agents flagged by any guard.\n",
        _table(
            ("Honest agents", "Flagged", "Share", "Interval"),
            (
                ("beside those who cheat", *_told(main.honest)),
                *((f"of them {kind}", *_told(share)) for kind, share in sorted(main.honest_by_kind.items())),
                ("on floors where nobody cheats", *_told(measured.honest_floors.honest)),
            ),
        ),
        _false(main, measured.honest_floors),
        "## How strong a trick must be\n\nStrength 1 is the trick above; 0.5 is half as much of it.\n",
        _table(("Way", *map(str, (*measured.by_strength, 1.0))), _power(measured)),
        "## What if many do it\n\nHang-ups by so many of 60 agents.\n",
        _table(
            ("Agents who do it", "Found", "Share", "Interval", "Honest flagged"),
            (
                (str(many), *_told(tally.found["short-calls"]), f"{tally.honest.hits} of {tally.honest.n}")
                for many, tally in measured.by_crowd.items()
            ),
        ),
        "## Signs\n\nBeside the chance, a sign needs so much of it, apart from the agent's worst day, so far from usual.\n",
        _table(("Guard", "Counted", "Of", "At least", "Times the usual"), _signs()),
        _TRUST,
        _LIMITS,
    ]  # fmt: skip
    return "\n".join(parts)


def _styles(tally: Tally) -> Iterable[Sequence[str]]:
    for way, styles in TRICKS.items():
        for style, (amount, words) in styles.items():
            share = tally.found_by_style.get(f"{way}: {style}", Share(0, 0))
            yield (f"`{way}`: {style}", words.format(amount), *_told(share))


def _told(share: Share) -> tuple[str, str, str]:
    low, high = share.interval()
    value = "–" if share.value is None else f"{share.value:.1%}"
    return f"{share.hits} of {share.n}", value, f"{low:.1%} to {high:.1%}"


def _title(way: str) -> str:
    return f"{GUARDS[way][0]} (`{way}`)"


def _false(*tallies: Tally) -> str:
    counted: dict[str, int] = {}
    for tally in tallies:
        for name, hits in tally.false_by_guard.items():
            counted[name] = counted.get(name, 0) + hits
    named = ", ".join(f"`{name}` {hits}" for name, hits in sorted(counted.items()))
    return f"Wrongly flagged, by guard: {named or 'none'}.\n"


def _power(measured: Measured) -> Iterable[Sequence[str]]:
    for way, full in measured.main.found.items():
        weaker = (tally.found[way] for tally in measured.by_strength.values())
        yield (_title(way), *(f"{share.hits} of {share.n}" for share in (*weaker, full)))


def _signs() -> Iterable[Sequence[str]]:
    for name, (_, signs) in GUARDS.items():
        for sign in signs:
            ratio = f"{sign.least_ratio:g}" if sign.way == "many" else f"1/{sign.least_ratio:g}"
            yield f"`{name}`", sign.counted, sign.of, f"{sign.fewest_trials}", ratio


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
