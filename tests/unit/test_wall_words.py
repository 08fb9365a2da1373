"""The languages of the walls: each catalogue has every text of a wall, with the same named places."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from babel import Locale

from dashboard import words
from dashboard.wall import boards
from dashboard.wall.tile_kinds import KINDS

ROOM = Path(__file__).parents[2] / "dashboard"
LANGUAGES = ("de", "fr", "es", "et")
Text = tuple[str, bool]
"""An English text, and whether it depends on a number."""

# What other rooms say on a wall: all of `words`, and these functions.
SAID_ELSEWHERE = {
    "words.py": ("duration", "age", "long_time", "compared"),
    "board.py": ("against_target", "formula_word", "target_text"),
    "calls/floor_view.py": ("state_word", "_states"),
    "goals/goal_view.py": ("standing_word",),
}


def said(tree: ast.AST) -> Iterator[Text]:
    """The texts that are put into words there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            text = node.args[1] if name == "t_count" else node.args[0]
            if name in ("t", "t_count") and isinstance(text, ast.Constant):
                yield str(text.value), name == "t_count"


@cache
def texts() -> frozenset[Text]:
    """Every text of the walls, their editors and their tiles."""
    found = {
        text
        for path in (ROOM / "wall").glob("*.py")
        for text in said(ast.parse(path.read_text(encoding="utf-8")))
    }
    for name, functions in SAID_ELSEWHERE.items():
        for node in ast.walk(ast.parse((ROOM / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in functions:
                found |= set(said(node))
    found |= {(text, False) for kind in KINDS.values() for text in (kind.label, kind.about)}
    found |= {(board.title, False) for board in boards.shipped().values()}
    return frozenset(found)


def catalogue(language: str) -> dict[str, str | Mapping[str, str]]:
    found: dict[str, str | Mapping[str, str]] = json.loads(
        (ROOM / f"locales/{language}.json").read_text(encoding="utf-8")
    )
    return found


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def faults(language: str, known: Mapping[str, str | Mapping[str, str]], wanted: frozenset[Text]) -> list[str]:
    """One sentence for each text that is missing, of another kind, or names other places."""
    sentences = []
    for text, is_counted in sorted(wanted):
        found = known.get(text)
        if found is None:
            sentences.append(f"{language}: '{text}' is missing")
        elif isinstance(found, str) == is_counted:
            sentences.append(
                f"{language}: '{text}' {'needs its plural forms' if is_counted else 'has no plural forms'}"
            )
    for text, found in known.items():
        forms = {"other": found} if isinstance(found, str) else found
        sentences += [
            f"{language}: '{text}' names other places as {form}"
            for form, one in forms.items()
            if places(one) != places(text)
        ]
        if not isinstance(found, str) and not {"one", "other"} <= set(forms) <= set(
            Locale(language).plural_form.tags
        ) | {"other"}:
            sentences.append(f"{language}: '{text}' has the plural forms {sorted(forms)}")
        if not all(one.strip() and one == one.strip() for one in forms.values()):
            sentences.append(f"{language}: '{text}' has an empty form, or spaces around it")
    return sentences


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_text_of_the_walls_and_the_same_places(language: str) -> None:
    assert len(texts()) > 400  # they were found at all
    assert faults(language, catalogue(language), texts()) == []


def test_a_text_that_is_missing_or_names_other_places_is_found() -> None:
    wanted = frozenset({("Now", False), ("{n} days", True), ("Data {age} old", False)})
    known: dict[str, str | Mapping[str, str]] = {
        "{n} days": "{n} Tage",
        "Data {age} old": "Daten {alter} alt",
        "{n} wait": {"one": "{n} wartet"},
        "Live": " ",
    }
    assert faults("de", known, wanted) == [
        "de: 'Now' is missing",
        "de: '{n} days' needs its plural forms",
        "de: 'Data {age} old' names other places as other",
        "de: '{n} wait' has the plural forms ['one']",
        "de: 'Live' has an empty form, or spaces around it",
    ]


@pytest.mark.parametrize(
    ("locale_name", "expected"),
    [
        ("de", ("Wartend", "1 wartet", "2 warten", "Ziel 5")),
        ("fr_CA", ("En attente", "1 attend", "2 attendent", "objectif 5")),
        ("es", ("En espera", "1 espera", "2 esperan", "objetivo 5")),
        ("et", ("Ootab praegu", "1 ootab", "2 ootab", "eesmärk 5")),
        ("en_GB", ("Waiting now", "1 waits", "2 wait", "target 5")),
        ("hu", ("Waiting now", "1 waits", "2 wait", "target 5")),  # without a catalogue it is English
    ],
)
def test_a_wall_speaks_its_language(locale_name: str, expected: tuple[str, ...]) -> None:
    words.use_locale(locale_name)
    try:
        counted = [words.t_count("{n} waits", "{n} wait", n) for n in (1, 2)]
        found = (words.t("Waiting now"), *counted, words.t("target {value}", value=5))
    finally:
        words.use_locale("en_GB")
    assert found == expected
