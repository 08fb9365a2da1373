"""What a wall is drawn with stays readable for browsers that are built into screens: nothing younger than Chromium 90."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.wall import payload

STATIC = Path(__file__).parents[2] / "dashboard" / "static"
SCRIPTS = sorted({*STATIC.glob("wall.js"), *STATIC.glob("wall_*.js"), STATIC / "patch.js"})
STYLES = [STATIC / "wall.css"]
# Feature, what it looks like, and the Chromium that first had it.
YOUNGER_SCRIPT = {
    "await outside of a function (89, and no other module may wait for it)": r"^(?:const .*= )?await\b",
    "a class field that is static and a block (94)": r"\bstatic\s*\{",
    "Array.at (92)": r"\.at\((?:-?\d+|[a-z]+)\)",
    "Object.hasOwn (93)": r"Object\.hasOwn\b",
    "structuredClone (98)": r"\bstructuredClone\(",
    "findLast (97)": r"\.findLast(?:Index)?\(",
    "toSorted, toReversed, with (110)": r"\.(?:toSorted|toReversed|toSpliced)\(|\]\.with\(",
    "Object.groupBy (117)": r"\b(?:Object|Map)\.groupBy\(",
    "Promise.withResolvers (119)": r"Promise\.withResolvers",
    "Array.fromAsync (121)": r"Array\.fromAsync",
    "AbortSignal.timeout, any (103, 116)": r"AbortSignal\.(?:timeout|any)\(",
    "crypto.randomUUID (92)": r"randomUUID",
    "popover (114)": r"\b(?:show|hide|toggle)Popover\b|popover",
    "an error's cause (93)": r"new \w*Error\([^)]*cause:",
    "a private name in a test of it (91)": r"#\w+ in \w",
    "the flag v or d of an expression (112, 90)": r"/[gimsuy]*[vd][gimsuy]*\.test",
    "view transitions (111)": r"startViewTransition",
    "import with a type (123)": r"\bwith\s*\{\s*type:",
    "scheduler (94)": r"\bscheduler\.",
    "Intl.DurationFormat (129)": r"Intl\.DurationFormat",
    "inert (102)": r"\binert\b",
}
YOUNGER_STYLE = {
    ":has (105)": r":has\(",
    "rules within rules (112)": r"^\s+&|\{[^}]*\{[^}]*\{[^}]*\}",
    "light-dark (123)": r"light-dark\(",
    "color-mix, oklch, lab, relative colours (111)": r"color-mix\(|\boklch\(|\boklab\(|\blab\(|\blch\(|rgb\(from",
    "dvh, svh, lvh (108)": r"\d(?:dv|sv|lv)[hw]\b",
    "container queries (105)": r"@container|container-type|\d(?:cqw|cqh|cqi|cqb|cqmin|cqmax)\b",
    "layers (99)": r"@layer",
    "subgrid (117)": r"subgrid",
    "text-wrap (114)": r"text-wrap",
    "accent-color (93)": r"accent-color",
    "translate, rotate, scale as properties (104)": r"(?:^|[;{])\s*(?:translate|rotate|scale)\s*:",
    "scroll timelines (115)": r"animation-timeline",
    "scope, starting-style, property (118, 117)": r"@scope|@starting-style",
    "popover (114)": r":popover-open",
    "ranges of media (104)": r"@media[^{]*[<>]",
    "trigonometry, round (111, 125)": r"\b(?:sin|cos|tan|round|mod|rem|abs|sign|hypot)\(",
    "line clamp without a prefix": r"(?<!-webkit-)\bline-clamp",
    "field-sizing, interpolate-size (123, 129)": r"field-sizing|interpolate-size",
}


def found_in(text: str, features: dict[str, str]) -> list[str]:
    return [name for name, pattern in features.items() if re.search(pattern, text, re.M)]


def plain(path: Path) -> str:
    """The file without its comments; media and keyframes without the rules inside them count as one level."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"(?<![:\"'])//.*", "", text) if path.suffix == ".js" else text


def flat(text: str) -> str:
    """Styles with the outer braces of media and keyframes taken away."""
    return re.sub(r"@(?:media|keyframes)[^{]*\{((?:[^{}]*\{[^{}]*\})*)[^{}]*\}", r"\1", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_of_a_wall_needs_nothing_younger_than_chromium_90(path: Path) -> None:
    assert found_in(plain(path), YOUNGER_SCRIPT) == []


def test_the_styles_of_a_wall_need_nothing_younger_than_chromium_90() -> None:
    for path in STYLES:
        assert found_in(flat(plain(path)), YOUNGER_STYLE) == []


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("const { a } = await import('x');", YOUNGER_SCRIPT), ("list.at(-1)", YOUNGER_SCRIPT),
        ("Object.hasOwn(a, b)", YOUNGER_SCRIPT),
        ("structuredClone(a)", YOUNGER_SCRIPT), ("list.findLast(f)", YOUNGER_SCRIPT), ("part.showPopover()", YOUNGER_SCRIPT),
        (".a:has(.b) { color: red }", YOUNGER_STYLE), (".a { .b { color: red } }\n.c { .d { .e { x: y } } }", YOUNGER_STYLE),
        (".a { color: light-dark(red, blue) }", YOUNGER_STYLE), (".a { height: 100dvh }", YOUNGER_STYLE),
        (".a { width: 3cqi }", YOUNGER_STYLE), (".a { color: color-mix(in srgb, red, blue) }", YOUNGER_STYLE),
        (".a { line-clamp: 2 }", YOUNGER_STYLE), ("@media (width < 3px) { .a { b: c } }", YOUNGER_STYLE),
    ],
)  # fmt: skip
def test_what_is_younger_is_found(text: str, features: dict[str, str]) -> None:
    assert found_in(text, features)


def test_the_files_of_the_wall_are_all_looked_at() -> None:
    assert {"wall.js", "wall_show.js", "wall_stream.js", "wall_tiles.js", "patch.js"} <= {
        one.name for one in SCRIPTS
    }


def test_every_text_that_the_browser_says_by_itself_can_be_said_in_the_walls_language() -> None:
    frame = (STATIC / "wall_frame.js").read_text(encoding="utf-8")
    listed = frame[
        frame.index("export const WORDS = {") : frame.index("};", frame.index("export const WORDS"))
    ]
    own = dict(re.findall(r"(\w+): \"([^\"]*)\"", listed))
    assert own
    assert own == payload.browser_words()


def test_every_length_of_a_wall_goes_by_its_unit() -> None:
    styles = plain(STYLES[0])
    lengths = re.findall(r"(?<![\w.#-])(\d*\.?\d+)(px|rem|vw|vh)\b", styles)
    # The unit itself, hairlines and outlines that must not vanish on a small screen, and nothing else.
    assert {f"{number}{unit}" for number, unit in lengths} <= {"1vw", "1.7778vh", "1px", "2px", "3px"}
