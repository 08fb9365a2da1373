"""The form of a rule: its words, what is counted, how it is made fair, what it gives, who looks first.

In: the draft of a rule. Out: the same draft with what was typed, checked at once.
The rule it guards: the form and the text say the same; what the form has no field for stays as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dashboard.game import room_rule_view, room_view
from dashboard.ui import toml_edits
from dashboard.ui.editing import Editing
from dashboard.ui.toml_edits import Document
from dashboard.words import t
from sql.game_rules import spec
from sql.game_rules.spec import COLUMNS

NOTHING = ""


def fields(editing: Editing) -> None:
    """All fields that rules of this kind have."""
    found = editing.document
    if found is None:
        st.caption(t("The text cannot be read; mend it under Text first."))
        return
    kind = str(found.get("kind", ""))
    _words(editing, found)
    if kind != "level" and "text" not in found:
        with st.container(border=True, key="rule-measure"):
            _measure(editing, _table(found, "measure"))
        with st.container(border=True, key="rule-adjust"):
            _adjust(editing, _table(found, "adjust"))
    with st.container(border=True, key="rule-gives"):
        if kind == "points":
            _curve(editing, _table(found, "curve"))
        if kind in ("badge", "streak"):
            _tiers(editing, _table(found, "tiers"), is_gated=kind == "badge")
        _grant(editing, _table(found, "grant"))
    _guards(editing, _table(found, "guards"))


def _table(found: Document, name: str) -> Mapping[str, Any]:
    value = found.get(name, {})
    return value if isinstance(value, Mapping) else {}


def _top(editing: Editing, name: str) -> dict[str, Any]:
    return editing.on_field(
        name, lambda doc, typed: toml_edits.changed(doc, {name: typed.strip() or None}, lists=None)
    )


def _in(editing: Editing, table: str, name: str, made: Any) -> dict[str, Any]:
    """What a field of a table is told; made: typed -> value, None to take it out."""
    return editing.on_field(
        f"{table}-{name}", lambda doc, typed: toml_edits.changed_in(doc, table, {name: made(typed)})
    )


def _choice(
    label: str,
    options: Sequence[str],
    value: object,
    words: Any,
    told: dict[str, Any],
    *,
    place: Any = st,
    **more: Any,
) -> None:
    known = list(options)
    index = known.index(str(value)) if value in known else None
    place.selectbox(label, known, index=index, format_func=words, **told, **more)


def _words(editing: Editing, found: Document) -> None:
    st.text_input(t("Title"), str(found.get("title", "")), max_chars=80, **_top(editing, "title"))
    st.text_area(
        t("What agents read"),
        str(found.get("description", "")),
        height=80,
        max_chars=400,
        **_top(editing, "description"),
    )
    left, right = st.columns([3, 2])
    left.text_input(
        t("Purpose"), str(found.get("purpose", "")), max_chars=400, **_top(editing, "purpose"),
        help=t("Why the site counts this about people; it stands in the data protection assessment."),
    )  # fmt: skip
    right.text_input(
        t("Who answers for it"), str(found.get("owner", "")), max_chars=80, **_top(editing, "owner")
    )


def _sum_field(editing: Editing, measure: Mapping[str, Any], name: str, label: str, place: Any) -> None:
    """A sum of columns: chosen where it is one of them, typed where it is several."""
    value = str(measure.get(name, NOTHING))
    if value in COLUMNS or not value:
        options = [*([NOTHING] if name == "below" else []), *COLUMNS]
        _choice(
            label, options, value,
            lambda one: f"{COLUMNS[one].about} ({one})" if one else t("nothing: a plain count"),
            _in(editing, "measure", name, lambda typed: typed or None), place=place,
        )  # fmt: skip
        return
    place.text_input(label, value, **_in(editing, "measure", name, lambda typed: typed.strip() or None))


def _measure(editing: Editing, measure: Mapping[str, Any]) -> None:
    left, right = st.columns(2)
    _sum_field(editing, measure, "above", t("Counted"), left)
    _sum_field(editing, measure, "below", t("Of"), right)
    one, two, three = st.columns(3)
    _choice(
        t("At a time"), spec.GRAINS, measure.get("grain", "day"), room_rule_view.grain_word,
        _in(editing, "measure", "grain", str), place=one,
    )  # fmt: skip
    for place, name, label, known in (
        (two, "channels", t("Only channels"), spec.CHANNELS),
        (three, "directions", t("Only directions"), spec.DIRECTIONS),
    ):
        chosen = [one for one in measure.get(name, []) if one in known]
        place.multiselect(
            label, known, chosen, placeholder=t("all"),
            **_in(editing, "measure", name, lambda typed: list(typed) or None),
        )  # fmt: skip


def _adjust(editing: Editing, adjust: Mapping[str, Any]) -> None:
    left, right = st.columns([3, 2])
    _choice(
        t("Made fair"), spec.METHODS, adjust.get("method", "none"), room_rule_view.method_word,
        _in(editing, "adjust", "method", str), place=left,
    )  # fmt: skip
    ways = {"up": t("more is better"), "down": t("less is better"), "target": t("a target is best")}
    _choice(
        t("Best"), spec.WAYS, adjust.get("best_by", "up"), ways.__getitem__,
        _in(editing, "adjust", "best_by", str), place=right,
    )  # fmt: skip
    one, two = st.columns(2)
    for place, name, label in (
        (one, "fewest", t("Fewest counted")),
        (two, "fewest_hours", t("Fewest hours worked")),
    ):
        place.number_input(
            label, 0.0, 100_000.0, _number(adjust.get(name)), step=1.0, format="%g",
            help=t("Less gives nothing: it is not enough to tell."),
            **_in(editing, "adjust", name, lambda typed: _plain(typed) or None),
        )  # fmt: skip


def _curve(editing: Editing, curve: Mapping[str, Any]) -> None:
    left, right = st.columns(2)
    left.number_input(
        t("Weight: most points at a time"), 0, spec.MOST_POINTS, int(_number(curve.get("weight_points"))),
        help=t("0 switches the rule off."), **_in(editing, "curve", "weight_points", int),
    )  # fmt: skip
    right.number_input(
        t("Most points in a day (0: no limit)"), 0, spec.MOST_POINTS, int(_number(curve.get("most_points_per_day"))),
        **_in(editing, "curve", "most_points_per_day", lambda typed: int(typed) or None),
    )  # fmt: skip
    st.text_area(
        t("Zones: from which value how many percent of the weight"),
        "\n".join(f"{pair[0]:g} → {pair[1]:g} %" for pair in curve.get("zones", []) if _is_pair(pair)),
        height=100,
        help=t(
            "A line each, such as 0.7 → 50 %. Between them the points rise in a straight line, so that nothing jumps."
        ),
        **_in(editing, "curve", "zones", zones_of),
    )


def _is_pair(found: Any) -> bool:
    return (
        isinstance(found, Sequence) and len(found) == 2 and all(isinstance(one, int | float) for one in found)
    )


def zones_of(typed: str) -> list[list[Any]] | None:
    """The zones that were typed, a line each; words that are no number stay, so that the check names them."""
    found: list[list[Any]] = []
    for line in typed.splitlines():
        parts = line.replace("→", " ").replace("%", " ").replace(",", " ").split()
        if parts:
            found.append([_typed_number(one) for one in parts])
    return found or None


def _typed_number(word: str) -> Any:
    try:
        return _plain(float(word))
    except ValueError:
        return word


def _tiers(editing: Editing, tiers: Mapping[str, Any], *, is_gated: bool) -> None:
    columns = st.columns(3)
    for place, name in zip(columns, spec.TIERS, strict=True):
        tier = tiers.get(name, {})
        tier = tier if isinstance(tier, Mapping) else {}
        with place:
            st.number_input(
                t("{tier} from", tier=room_rule_view.tier_word(name).capitalize()), None, None,
                _number(tier["at"]) if "at" in tier else None, format="%g", placeholder=t("none"),
                **editing.on_field(f"tier-{name}", _tier_change(name)),
            )  # fmt: skip
            st.number_input(
                t("Coins with it"), 0, spec.MOST_POINTS, int(_number(tier.get("coins"))), disabled=not tier,
                **_in(editing, f"tiers.{name}", "coins", lambda typed: int(typed) or None),
            )  # fmt: skip
            if is_gated:
                st.checkbox(
                    t("only when sure"), tier.get("gate") == "wilson_lower", disabled=not tier,
                    help=t("The lower limit of the interval must reach it, so that three lucky answers are not enough."),
                    **_in(editing, f"tiers.{name}", "gate", lambda typed: "wilson_lower" if typed else None),
                )  # fmt: skip


def _tier_change(name: str) -> Any:
    def change(doc: Document, typed: float | None) -> Document:
        if typed is None:
            return toml_edits.changed_in(doc, "tiers", {name: None})
        return toml_edits.changed_in(doc, f"tiers.{name}", {"at": _plain(typed)})

    return change


def _grant(editing: Editing, grant: Mapping[str, Any]) -> None:
    left, right = st.columns(2)
    scopes = {
        "once": t("once"),
        "per_period": t("each time"),
        "unlimited": t("as often as it is reached"),
        "best_at_close": t("the best one, when the time is over"),
    }
    _choice(
        t("Given"), spec.SCOPES, grant.get("scope", "per_period"), scopes.__getitem__,
        _in(editing, "grant", "scope", str), place=left,
    )  # fmt: skip
    _choice(
        t("Can be taken back"), spec.REVOKES, grant.get("revoke", "until_close"), room_rule_view.revoke_word,
        _in(editing, "grant", "revoke", str), place=right,
    )  # fmt: skip


def _guards(editing: Editing, guards: Mapping[str, Any]) -> None:
    chosen = [one for one in guards.get("hold_on", []) if one in spec.GUARDS]
    st.multiselect(
        t("A person looks first at"), spec.GUARDS, chosen, format_func=room_view.guard_word, placeholder=t("nothing"),
        help=t("An award waits where one of these stands out; nobody loses a point by itself."),
        **_in(editing, "guards", "hold_on", lambda typed: list(typed) or None),
    )  # fmt: skip


def _number(found: object) -> float:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else 0.0


def _plain(typed: float | None) -> int | float:
    value = typed or 0.0
    return int(value) if value == int(value) else value
