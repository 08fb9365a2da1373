"""A chart as a picture to take along (SVG or PNG), with everything that is needed to read it without the page.

In: a chart, and what stands above and below it: title, view, n, source and definition version. Out: the picture.
The rule it guards: no figure leaves without its words; what is drawn here is drawn without a browser, with the
product's own letters, and nothing is fetched from anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal, Protocol

import vl_convert

FONTS = Path(__file__).resolve().parent / "fonts"
FAMILY = "Inter, sans-serif"
WIDTH = 1120
MARGIN = 32
PNG_SCALE = 2.0
LETTER_WIDTH = 0.56
"""How wide a letter is on average, in its own height."""

ThemeName = Literal["light", "dark"]
_COLOURS: Mapping[ThemeName, tuple[str, str, str]] = {
    "light": ("#FFFFFF", "#10171F", "#4B5866"),
    "dark": ("#0A0E13", "#EEF2F6", "#A3B0BD"),
}
_ROOT = re.compile(r"<svg\b([^>]*)>", re.S)
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class PictureError(Exception):
    """The chart cannot become a picture; the message says what was found."""


class Chart(Protocol):
    """A chart as `charts` makes them."""

    def to_dict(self) -> dict[str, Any]:
        """Its description as data."""


@dataclass(frozen=True, slots=True)
class Caption:
    """The words of a picture: what it shows, narrowed to what (each a line), and below it source and version."""

    title: str
    lines: Sequence[str]
    source: str


def chart_svg(chart: Chart, *, width: int = WIDTH) -> str:
    """The chart alone as SVG text, so many points wide; its letters are text. PictureError."""
    _letters()
    spec = chart.to_dict()
    if "width" not in spec and not {"vconcat", "hconcat", "concat", "facet"} & spec.keys():
        spec |= {"width": width, "autosize": {"type": "fit", "contains": "padding"}}
    try:
        drawn = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    except ValueError as error:
        raise PictureError(f"The chart could not be drawn: {str(error).splitlines()[0]}") from error
    return str(drawn)


def svg(chart: Chart, caption: Caption, *, theme_name: ThemeName = "light") -> str:
    """The whole picture as SVG text: title, lines, chart, source."""
    inner = chart_svg(chart, width=WIDTH - 2 * MARGIN)
    wide, high = _size(inner)
    paper, ink, muted = _COLOURS[theme_name]
    below = MARGIN + 20
    words = [_text(caption.title, below, 22, ink, weight=600)]
    for part in (part for line in caption.lines for part in _wrapped(line, 15)):
        below += 24
        words.append(_text(part, below, 15, muted))
    top = below + 20
    height = top + high + 44
    words.append(_text(caption.source, height - 16, 13, muted))
    outer = round(max(WIDTH, wide + 2 * MARGIN))
    placed = inner.replace("<svg ", f'<svg x="{MARGIN}" y="{top}" ', 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{outer}" height="{height:g}" viewBox="0 0 {outer} {height:g}" '
        f'role="img"><title>{_safe(caption.title)}</title><rect width="100%" height="100%" fill="{paper}"/>'
        f"{''.join(words)}{placed}</svg>"
    )


def png(chart: Chart, caption: Caption, *, theme_name: ThemeName = "light") -> bytes:
    """The same picture as PNG, with two dots for each point."""
    return bytes(vl_convert.svg_to_png(svg(chart, caption, theme_name=theme_name), scale=PNG_SCALE))


def png_of(drawn: str) -> bytes:
    """A drawing without letters as PNG, of the size that its root says."""
    return bytes(vl_convert.svg_to_png(drawn))


@cache
def _letters() -> None:
    vl_convert.register_font_directory(str(FONTS))


def _size(drawn: str) -> tuple[float, float]:
    """Width and height of the drawing, as its root tells them."""
    root = _ROOT.search(drawn)
    found = dict(re.findall(r'\b(width|height)="([0-9.]+)"', root.group(1))) if root else {}
    if set(found) != {"width", "height"}:
        raise PictureError("The chart was drawn without a size; expected width and height at its root.")
    return float(found["width"]), float(found["height"])


def _wrapped(line: str, size: int) -> list[str]:
    """The line in parts that are not wider than the picture, broken between words."""
    most = int((WIDTH - 2 * MARGIN) / (size * LETTER_WIDTH))
    parts = [""]
    for word in line.split():
        joined = f"{parts[-1]} {word}".strip()
        if len(joined) <= most:
            parts[-1] = joined
        else:
            parts.append(word[:most])
    return parts


def _text(text: str, below: float, size: int, colour: str, *, weight: int = 400) -> str:
    return (
        f'<text x="{MARGIN}" y="{below:g}" font-family="{FAMILY}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}">{_safe(text)}</text>'
    )


def _safe(text: str) -> str:
    return escape(_UNSEEN.sub("", text))
