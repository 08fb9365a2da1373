"""The ways of contests, orders, thank-yous and the employee of the month: which step follows which, and who may take it.

In: the name of a way, a state, a step. Out: the state after it, or a sentence why there is none.
The rule it guards: no way round a state; a person decides wherever somebody is ranked, paid or refused; `game.keeps_way`
of the warehouse holds the same tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.words import t


class SocialError(ValueError):
    """What was asked for cannot be done with thanks, contests, the store or the month; the message says what can be."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: from a state to a state, by whom. by_names: "clock" for the loader, "self" for the agent whose it
    is, else roles; needs_note: whoever takes it says why."""

    from_name: str
    to_name: str
    by_names: tuple[str, ...]
    needs_note: bool = False


LEADERS = ("supervisor", "manager", "administrator")
MANAGERS = ("manager", "administrator")
WAYS: Mapping[str, Mapping[str, tuple[Step, ...]]] = {
    "contests": {
        "announce": (Step("draft", "announced", LEADERS),),
        "begin": (Step("announced", "running", ("clock",)),),
        "end": (Step("running", "pending", ("clock",)),),
        "finalise": (Step("pending", "finalised", LEADERS),),
        "cancel": tuple(
            Step(state, "cancelled", LEADERS, needs_note=True)
            for state in ("draft", "announced", "running", "pending")
        ),
    },
    "store_orders": {
        "approve": (Step("requested", "approved", LEADERS),),
        "fulfil": (Step("approved", "fulfilled", LEADERS),),
        "reject": (
            Step("requested", "rejected", LEADERS, needs_note=True),
            Step("approved", "rejected", LEADERS, needs_note=True),
        ),
        "cancel": (Step("requested", "cancelled", ("self",)),),
    },
    "months": {
        "decide": (Step("proposed", "decided", MANAGERS, needs_note=True),),
        "nobody": (Step("proposed", "nobody", MANAGERS, needs_note=True),),
        "again": (Step("decided", "proposed", MANAGERS), Step("nobody", "proposed", MANAGERS)),
        "allow": (Step("decided", "named", ("self",)), Step("unnamed", "named", ("self",))),
        "forbid": (Step("decided", "unnamed", ("self",)), Step("named", "unnamed", ("self",))),
    },
    "kudos": {
        "take_back": (Step("standing", "taken_back", ("self",)),),
        "hide": (Step("standing", "hidden", LEADERS, needs_note=True),),
        "show": (Step("hidden", "standing", LEADERS),),
    },
}
FIRST = {"contests": "draft", "store_orders": "requested", "months": "proposed", "kudos": "standing"}


def step(way_name: str, step_name: str, from_name: str, *, by_name: str, note_text: str = "") -> Step:
    """The step that somebody may take now. by_name: a role, "self" or "clock". Raises SocialError with what is missing."""
    ways = WAYS[way_name]
    found = next((one for one in ways.get(step_name, ()) if one.from_name == from_name), None)
    if found is None:
        able = sorted(name for name in ways if any(one.from_name == from_name for one in ways[name]))
        raise SocialError(
            t(
                "Nothing was changed: it is '{state}' by now, from where there is no '{step}'; expected {able}. "
                "Reload the page.",
                state=from_name,
                step=step_name,
                able=", ".join(able) or t("nothing more"),
            )
        )
    if by_name not in found.by_names:
        raise SocialError(
            t(
                "'{step}' is not for {role}; it is for {able}. Nothing was changed.",
                step=step_name,
                role=by_name,
                able=", ".join(found.by_names),
            )
        )
    if found.needs_note and len(note_text.strip()) < 3:
        raise SocialError(t("Say why, in a few words: the person it is about reads it."))
    return found


def steps_from(way_name: str, from_name: str, *, by_name: str) -> list[str]:
    """The names of the steps that somebody may take from a state, in their order."""
    return [
        name
        for name, steps in WAYS[way_name].items()
        if any(one.from_name == from_name and by_name in one.by_names for one in steps)
    ]
