"""The pictures of badges: each its own, the same every time, told apart without colour, any number of them on a page."""

from __future__ import annotations

import re
import tomllib
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from dashboard.game import badge_art
from dashboard.game.badge_emblems import EMBLEMS, ICONS
from dashboard.game.badge_shapes import FAMILIES, SECRET
from sql.game_rules import spec

RULES = Path(__file__).parents[2] / "sql" / "game_rules" / "rules"
SHIPPED = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.toml"))]
BADGES = [rule for rule in SHIPPED if rule["kind"] == "badge"]
TIERS = (None, "bronze", "silver", "gold")


def drawn(rule: dict[str, str], tier_name: str | None = "gold", *, is_locked: bool = False) -> str:
    return badge_art.svg(rule["name"], rule["family"], tier_name, emblem=rule["icon"], is_locked=is_locked)


def luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def marks(svg: str) -> int:
    """How many marks stand on the plaque."""
    return svg.count("l5.6 6.6-5.6 6.6-5.6-6.6z")


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: str(rule["name"]))
def test_every_shipped_rule_has_a_family_and_an_emblem_that_are_drawn(rule: dict[str, str]) -> None:
    assert rule["family"] in FAMILIES
    assert badge_art.emblem_of(rule["icon"]) is not None, f"draw an emblem for {rule['icon']}"


def test_no_two_shipped_badges_look_alike_and_none_changes() -> None:
    pictures = {rule["name"]: drawn(rule) for rule in BADGES}
    assert len(BADGES) >= 30
    assert len(set(pictures.values())) == len(BADGES)
    faces = [(rule["family"], badge_art.emblem_of(rule["icon"])) for rule in BADGES]
    assert len(set(faces)) >= len(faces) - 2, "most are told apart by outline and emblem alone"
    badge_art._drawn.cache_clear()
    assert {rule["name"]: drawn(rule) for rule in BADGES} == pictures


def test_the_families_of_the_rules_differ_in_outline_and_emblem_not_in_colour_alone() -> None:
    for one, other in combinations(spec.FAMILIES, 2):
        assert FAMILIES[one].outline != FAMILIES[other].outline
        assert FAMILIES[one].emblem != FAMILIES[other].emblem
        assert FAMILIES[one].colour != FAMILIES[other].colour


def test_a_tier_is_told_by_one_two_or_three_marks_as_well_as_by_its_metal() -> None:
    found = [drawn(BADGES[0], tier) for tier in TIERS]
    assert [marks(one) for one in found] == [0, 1, 2, 3]
    assert len(set(found)) == 4


def test_what_is_not_earned_is_grey_dashed_and_locked() -> None:
    locked, earned = drawn(BADGES[0], is_locked=True), drawn(BADGES[0])
    assert "stroke-dasharray" in locked
    assert "stroke-dasharray" not in earned
    assert FAMILIES[BADGES[0]["family"]].colour in earned
    assert FAMILIES[BADGES[0]["family"]].colour not in locked
    assert marks(locked) == 3  # one sees what there is to reach


def test_a_secret_badge_gives_nothing_away() -> None:
    found = {
        badge_art.svg(rule["name"], rule["family"], None, emblem=rule["icon"], is_secret=True)
        for rule in BADGES
    }
    # the emblem is the asker's to leave out; family and name are not in it
    plain = {
        badge_art.svg(rule["name"], rule["family"], None, is_secret=True, is_locked=True) for rule in BADGES
    }
    assert len(found) == 1
    assert len(plain) == 1
    assert SECRET.colour in found.pop()


@pytest.mark.parametrize("tier_name", TIERS)
@pytest.mark.parametrize("is_locked", [False, True])
def test_a_picture_stands_alone_has_no_ids_and_any_number_fit_on_a_page(
    tier_name: str | None, is_locked: bool
) -> None:
    svg = badge_art.svg(
        "x", "quality", tier_name, is_locked=is_locked, size=40, title='A "good" <one> & more'
    )
    root = ET.fromstring(svg)
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("40", "40", "0 0 96 96")
    assert root.get("aria-label") == 'A "good" <one> & more'
    assert not re.search(
        r"\b(id|href|style|class|font-family|xlink)\s*=|<(text|style|script|image|use)\b|url\(", svg
    )
    assert 'aria-hidden="true"' in badge_art.svg("x", "quality", tier_name)
    assert len(svg) < 12_000


def test_the_emblem_is_seen_on_every_family_and_the_rim_on_light_and_dark_pages() -> None:
    for name, family in {**FAMILIES, "secret": SECRET}.items():
        assert contrast(family.colour, "#FFFFFF") >= 4.5, name
    for metal, shades in badge_art.METALS.items():
        assert contrast(shades[4], "#F4F6F8") >= 3, metal  # the line around, on the light page
        assert contrast(shades[1], "#0A0E13") >= 3, metal  # the metal itself, on the dark page
        assert contrast(shades[4], shades[1]) >= 4.5, metal  # the marks on their plaque


def test_every_icon_leads_to_an_emblem_and_every_emblem_stays_in_its_square() -> None:
    assert set(ICONS.values()) <= set(EMBLEMS)
    for name, (pen, filled) in EMBLEMS.items():
        starts = [
            float(value) for at in re.findall(r"M\s*(-?[\d.]+)[ ,](-?[\d.]+)", pen + filled) for value in at
        ]
        assert starts, name
        assert all(0 <= value <= 24 for value in starts), name


def test_an_unknown_family_and_tier_is_still_a_badge() -> None:
    found = badge_art.svg("x", "nonsense", "platinum", emblem="nonsense")
    assert found == badge_art.svg("x", "level", None)
