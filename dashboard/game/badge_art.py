"""The picture of a badge, drawn by its name: the same badge looks the same on every page, on paper and in a file.

In: the rule's name, its family, the tier. Out: one SVG that stands alone.
The rule it guards: the tier is told by metal and by one, two or three marks on the plaque; what is not earned yet is grey,
dashed and has a lock; nothing is told by colour alone, and a secret badge gives nothing away. No letters, no ids: any number
of badges may stand in one page.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape

from dashboard.game.badge_emblems import EMBLEMS, ICONS
from dashboard.game.badge_shapes import FALLBACK, FAMILIES, SECRET, Family, Point

SIDE = 96
"""The drawing's own units, whatever its size."""
CENTRE: Point = (48.0, 43.5)
REACH = 41.0
FIELD = 0.79
"""How much of the outline is field; the rest is the bevelled rim."""
LIGHT: Point = (-0.55, -0.835)
"""Where the light comes from: the upper left."""
MARKS: Mapping[str, int] = {"bronze": 1, "silver": 2, "gold": 3}
# From the lit side of the rim to its shade; the last is the line around.
METALS: Mapping[str, tuple[str, str, str, str, str]] = {
    "bronze": ("#F6CDA2", "#DFA067", "#BD7A3D", "#925725", "#55300F"),
    "silver": ("#F7F9FB", "#D3DCE4", "#AAB8C5", "#788897", "#3F4B57"),
    "gold": ("#FFF4B8", "#FBD968", "#E6B01F", "#B7810C", "#664403"),
}
UNEARNED = ("#E3E8ED", "#CBD3DB", "#AEB9C4", "#8E9BA8", "#5F6C79")
UNEARNED_FIELD = "#6B7785"


def svg(
    rule_name: str,
    family: str,
    tier_name: str | None,
    *,
    is_secret: bool = False,
    size: int = SIDE,
    is_locked: bool = False,
    emblem: str | None = None,
    title: str = "",
) -> str:
    """The badge as SVG text, so many points wide and high; the same for the same words, always.

    family: one of badge_shapes.FAMILIES, any other is drawn as a level; emblem: the icon that the rule names, else
    the family's; is_secret: nobody may know yet which badge it is; is_locked: not earned yet; title: what a screen reader
    says (without one the picture is hidden from it, and its words must stand beside it).
    """
    inner = _drawn(
        "" if is_secret else rule_name,
        "" if is_secret else family,
        tier_name if tier_name in MARKS else None,
        is_secret,
        is_locked,
        emblem_of(emblem),
    )
    named = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{size}" height="{size}" {named}>'
        f"{inner}</svg>"
    )


def emblem_of(icon: str | None) -> str | None:
    """The emblem that is drawn for an icon; None for one that has none, and takes its family's."""
    name = ICONS.get(icon or "", icon or "")
    return name if name in EMBLEMS else None


@lru_cache(maxsize=512)
def _drawn(
    rule_name: str,
    family_name: str,
    tier_name: str | None,
    is_secret: bool,
    is_locked: bool,
    emblem: str | None,
) -> str:
    family = SECRET if is_secret else FAMILIES.get(family_name, FAMILIES[FALLBACK])
    metal = UNEARNED if is_locked else METALS.get(tier_name or "", _enamel(family.colour))
    colour = UNEARNED_FIELD if is_locked else family.colour
    outer = [_placed(point, 1.0) for point in family.outline]
    field = [_placed(point, FIELD) for point in family.outline]
    return "".join(
        (
            _rim(outer, field, metal, is_dashed=is_locked),
            _field(field, colour),
            _engraved(rule_name, family, colour) if rule_name else "",
            _emblem(SECRET.emblem if is_secret else emblem or family.emblem, colour, is_faint=is_locked),
            _plaque(MARKS.get(tier_name or "", 0), metal, is_locked=is_locked),
        )
    )


def _placed(point: Point, share: float) -> Point:
    return (CENTRE[0] + point[0] * REACH * share, CENTRE[1] + point[1] * REACH * share)


def _enamel(colour: str) -> tuple[str, str, str, str, str]:
    """The rim of a badge without tiers: the family's own colour, from light to dark."""
    return (_mixed(colour, "#FFFFFF", 0.75), _mixed(colour, "#FFFFFF", 0.55), _mixed(colour, "#FFFFFF", 0.35),
            _mixed(colour, "#FFFFFF", 0.12), _mixed(colour, "#000000", 0.45))  # fmt: skip


def _mixed(one: str, other: str, part: float) -> str:
    """A colour between two, so far towards the other."""
    pairs = zip(_parts(one), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * part):02X}" for a, b in pairs)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"


def _rim(outer: Sequence[Point], field: Sequence[Point], metal: Sequence[str], *, is_dashed: bool) -> str:
    """The bevelled rim: each side is as bright as it looks towards the light; sides alike are one path."""
    sides: dict[int, list[str]] = {}
    for index, start in enumerate(outer):
        after = (index + 1) % len(outer)
        across, down = outer[after][0] - start[0], outer[after][1] - start[1]
        length = math.hypot(across, down) or 1.0
        brightness = (down * LIGHT[0] - across * LIGHT[1]) / length
        level = min(3, max(0, int((1 - brightness) * 2)))
        sides.setdefault(level, []).append(_path([start, outer[after], field[after], field[index]]))
    dashes = ' stroke-dasharray="5 3.4"' if is_dashed else ""
    drawn = "".join(f'<path d="{"".join(sides[level])}" fill="{metal[level]}"/>' for level in sorted(sides))
    line = f'<path d="{_path(outer)}" fill="none" stroke="{metal[4]}" stroke-width="2" stroke-linejoin="round"{dashes}/>'
    return f'<path d="{_path(outer)}" fill="{metal[2]}"/>{drawn}{line}'


def _field(field: Sequence[Point], colour: str) -> str:
    """The field in two tones, the lit half above a slanting line."""
    lit = _above(field)
    return (
        f'<path d="{_path(field)}" fill="{_mixed(colour, "#000000", 0.14)}" '
        f'stroke="{_mixed(colour, "#000000", 0.5)}" stroke-width="1.6" stroke-linejoin="round"/>'
        f'<path d="{_path(lit)}" fill="{colour}"/>'
    )


def _above(points: Sequence[Point]) -> list[Point]:
    """The part of a shape above the line that slants through its centre."""

    def height(point: Point) -> float:
        return (point[0] - CENTRE[0]) * 0.5 + (point[1] - CENTRE[1])

    kept: list[Point] = []
    for index, point in enumerate(points):
        before = points[index - 1]
        was, here = height(before), height(point)
        if (was < 0) != (here < 0):
            part = was / (was - here)
            kept.append(
                (before[0] + (point[0] - before[0]) * part, before[1] + (point[1] - before[1]) * part)
            )
        if here < 0:
            kept.append(point)
    return kept


def _engraved(rule_name: str, family: Family, colour: str) -> str:
    """Fine dots along the rim of the field, a pattern of the badge's own: two badges of one family are never alike."""
    bits = int.from_bytes(hashlib.sha256(rule_name.encode()).digest()[:3], "big")
    dots = []
    steps = 24
    for n in range(steps):
        if not bits >> n & 1:
            continue
        x, y = _placed(_at(family.outline, n / steps), FIELD * 0.9)
        dots.append(f"M{x:.1f} {y:.1f}h0")
    tone = _mixed(colour, "#FFFFFF", 0.5)
    return f'<path d="{"".join(dots)}" stroke="{tone}" stroke-width="1.7" stroke-linecap="round"/>'


def _at(outline: Sequence[Point], part: float) -> Point:
    """The point that lies so far along an outline."""
    lengths = [math.dist(point, outline[(n + 1) % len(outline)]) for n, point in enumerate(outline)]
    left = part * sum(lengths)
    for index, length in enumerate(lengths):
        if left <= length:
            share = left / length
            one, other = outline[index], outline[(index + 1) % len(outline)]
            return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share
        left -= length
    return outline[0]


def _emblem(name: str, colour: str, *, is_faint: bool) -> str:
    """The emblem in white over its own shadow."""
    pen, filled = EMBLEMS[name]
    scale = 1.85
    across, down = CENTRE[0] - 12 * scale, CENTRE[1] - 12 * scale - 1.8

    def copy(tone: str, lower: float) -> str:
        parts = f'<path d="{filled}" fill="{tone}"/>' if filled else ""
        drawn = f'<path d="{pen}" fill="none"/>' if pen else ""
        return (
            f'<g transform="translate({across:.1f} {down + lower:.1f}) scale({scale})" stroke="{tone}" stroke-width="2.3" '
            f'stroke-linecap="round" stroke-linejoin="round">{drawn}</g>'
            f'<g transform="translate({across:.1f} {down + lower:.1f}) scale({scale})">{parts}</g>'
        )

    face = _mixed(colour, "#FFFFFF", 0.62) if is_faint else "#FFFFFF"
    return copy(_mixed(colour, "#000000", 0.45), 1.7) + copy(face, 0.0)


def _plaque(marks: int, metal: Sequence[str], *, is_locked: bool) -> str:
    """The plaque below with the marks of the tier, or the lock of what is not earned yet."""
    if not marks and not is_locked:
        return ""
    places = marks or 1
    half, top, bottom, point = 9.0 + 7.0 * places, 74.0, 94.0, 5.0
    middle = (top + bottom) / 2
    left, right = CENTRE[0] - half, CENTRE[0] + half
    shape = [
        (left, top),
        (right, top),
        (right - point, middle),
        (right, bottom),
        (left, bottom),
        (left + point, middle),
    ]
    drawn = (
        f'<path d="{_path(shape)}" fill="{metal[1]}" stroke="{metal[4]}" stroke-width="2" stroke-linejoin="round"/>'
        f'<path d="M{left + 2.4:.1f} {top + 2.2:.1f}H{right - 2.4:.1f}" stroke="{metal[0]}" stroke-width="1.4"/>'
    )
    if is_locked and not marks:
        return drawn + _lock(CENTRE[0], middle, metal[4])
    first = CENTRE[0] - 7.0 * (marks - 1)
    pips = "".join(_pip(first + 14.0 * n, middle) for n in range(marks))
    tone = f'fill="none" stroke="{metal[4]}" stroke-width="1.8"' if is_locked else f'fill="{metal[4]}"'
    return (
        drawn
        + f'<path d="{pips}" {tone} stroke-linejoin="round"/>'
        + (_corner_lock(metal) if is_locked else "")
    )


def _pip(x: float, y: float) -> str:
    return f"M{x:.1f} {y - 6.6:.1f}l5.6 6.6-5.6 6.6-5.6-6.6z"


def _lock(x: float, y: float, tone: str) -> str:
    return (
        f'<path d="M{x - 5:.1f} {y - 1:.1f}h10v7h-10z" fill="{tone}"/>'
        f'<path d="M{x - 3:.1f} {y - 0.5:.1f}v-2.6a3 3 0 0 1 6 0v2.6" fill="none" stroke="{tone}" stroke-width="2"/>'
    )


def _corner_lock(metal: Sequence[str]) -> str:
    """The lock of a badge whose plaque already shows how many marks it would have."""
    return f'<circle cx="80" cy="14" r="12" fill="{metal[0]}" stroke="{metal[4]}" stroke-width="2"/>' + _lock(
        80, 13.5, metal[4]
    )
