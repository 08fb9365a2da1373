"""Who is signed in, in the head of every page: the name, the role, the way out; in the demo, all as whom it can be seen.

In: the viewer, the demo's personas, whether the page stands in the menu of each role. Out: data for `static/frame.js`.
The rule it guards: without the demo there is no switch; a wall display has neither name nor way out on it.
"""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.access import Viewer
from dashboard.board import Block
from dashboard.door import personas
from dashboard.words import t

Persona = tuple[str, str]
"""A persona's name and as whom it looks, such as ("supervisor", "Supervisor of Sales")."""


def role_word(role_name: str) -> str:
    """The reader's word for a role."""
    known = {
        "agent": t("Agent"),
        "supervisor": t("Supervisor"),
        "manager": t("Manager"),
        "executive": t("Executive"),
        "administrator": t("Administrator"),
        "wall": t("Wall display"),
    }
    return known.get(role_name, role_name)


def role_meaning(role_name: str) -> str:
    """What a role sees, in one line."""
    known = {
        "agent": t("own figures, and sums of the floor"),
        "supervisor": t("the agents of own teams, and sums of the floor"),
        "manager": t("every agent and contact"),
        "executive": t("sums alone, no single agent"),
        "administrator": t("everything, and how the site is run"),
        "wall": t("one board, without names"),
    }
    return known.get(role_name, "")


def who(viewer: Viewer, found: Sequence[Persona], *, page_name: str) -> Block | None:
    """What stands in the head of the page; None where nobody signs in, and on a wall."""
    if found:
        return _switch(viewer, found, page_name=page_name)
    if viewer.token is None or not viewer.viewer_name or viewer.role_name == "wall":
        return None
    return {
        "label": t("Signed in as {name}, {role}", name=viewer.viewer_name, role=role_word(viewer.role_name)),
        "name": viewer.viewer_name,
        "role": role_word(viewer.role_name),
        "lead": role_meaning(viewer.role_name),
        "out": t("Sign out"),
    }


def _switch(viewer: Viewer, found: Sequence[Persona], *, page_name: str) -> Block:
    here = viewer.role_name if viewer.token else personas.FIRST
    labels = dict(found)
    return {
        "label": t("You look as: {name}. Look as somebody else.", name=_label(here, labels)),
        "name": _label(here, labels),
        "role": t("You look as"),
        "lead": t("This is the demo. See it as each of its people would; the database refuses the rest."),
        "items": [
            {
                "as": name,
                "label": _label(name, labels),
                "more": role_meaning(name),
                "is_here": name == here,
                # to the page that is open where it stands in that menu, too; else to the first one
                "stays": Viewer("", "", role_name=name).may_open(page_name),
            }
            for name in personas.PERSONAS
            if name in labels
        ],
    }


def _label(role_name: str, labels: dict[str, str]) -> str:
    return labels.get(role_name) or role_word(role_name)
