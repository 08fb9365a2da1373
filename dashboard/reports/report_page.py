"""A report as one file of HTML that stands alone: opened anywhere, sent by e-mail, printed on A4 or Letter as it is.

In: the story, and its pictures as SVG text. Out: the HTML.
The rule it guards: no script, nothing fetched from anywhere, and every text that came from data is placed as text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from pathlib import Path

from dashboard.reports.report_blocks import Card, Cell, Section, Table
from dashboard.reports.report_story import Story
from dashboard.words import t

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
STYLE = Path(__file__).resolve().parent.parent / "static" / "report.css"
_SUBSETS = {
    "latin": (
        "U+0000-00FF, U+0131, U+0152-0153, U+02BB-02BC, U+02C6, U+02DA, U+02DC, "
        "U+2000-206F, U+20AC, U+2122, U+2191, U+2193, U+2212, U+2215",
        0x0000,
        0x00FF,
    ),
    "latin-ext": ("U+0100-02BA, U+1E00-1EFF, U+2C60-2C7F", 0x0100, 0x02BA),
    "cyrillic": ("U+0301, U+0400-045F, U+0490-0491, U+04B0-04B1, U+2116", 0x0400, 0x04B1),
}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:"
_MARKS = {
    "good": '<circle cx="6" cy="6" r="5"/>',
    "near": '<path d="M6 1 11.5 11H.5z"/>',
    "off": '<rect x="1.2" y="1.2" width="9.6" height="9.6"/>',
    "none": '<rect x="1" y="5" width="10" height="2"/>',
}


def html(story: Story, pictures: Mapping[str, str]) -> str:
    """The report as HTML; pictures: SVG text by the name that a section gives."""
    body = "".join(
        [
            _head(story),
            f'<div class="cards top">{"".join(map(_card, story.cards))}</div>',
            *(_section(section, pictures) for section in story.sections),
            f"<footer>{_safe(story.made)} {_safe(t('Floorboard'))}</footer>",
        ]
    )
    title = _safe(f"{story.title}, {story.period}, {story.site_name}")
    return (
        f'<!doctype html>\n<html lang="{_safe(story.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light">\n<meta name="robots" content="noindex">\n'
        f"<title>{title}</title>\n<style>\n{_faces(body)}{_style()}</style>\n</head>\n"
        f"<body>\n<main>{body}</main>\n</body>\n</html>\n"
    )


def _head(story: Story) -> str:
    told = "".join(f"<p>{_safe(sentence)}</p>" for sentence in story.sentences)
    return (
        f'<header><p class="site">{_safe(story.site_name)}</p><h1>{_safe(story.title)}</h1>'
        f'<p class="period">{_safe(story.period)} <span>{_safe(story.view)}</span></p></header>'
        f'<section class="headline" data-tone="{story.cards[0].tone}"><h2>{_safe(story.headline)}</h2>{told}</section>'
    )


def _card(card: Card) -> str:
    more = "".join(f"<li>{_safe(line)}</li>" for line in card.more if line)
    word = f'<span class="word">{_mark(card.tone)}{_safe(card.word)}</span>' if card.word else ""
    return (
        f'<div class="card" data-tone="{card.tone}"><h3>{_safe(card.label)}</h3>'
        f'<p class="value">{_safe(card.value)}</p>{word}<ul>{more}</ul></div>'
    )


def _section(section: Section, pictures: Mapping[str, str]) -> str:
    parts = [f"<h2>{_safe(section.title)}</h2>"]
    if section.lead:
        parts.append(f'<p class="lead">{_safe(section.lead)}</p>')
    if section.cards:
        parts.append(f'<div class="cards">{"".join(map(_card, section.cards))}</div>')
    if section.chart and section.chart in pictures:
        label = _safe(f"{section.title}. {section.lead}")
        parts.append(f'<figure role="img" aria-label="{label}">{pictures[section.chart]}</figure>')
    if section.table:
        parts.append(_table(section.table))
    if section.lines:
        parts.append(f'<ul class="lines">{"".join(f"<li>{_safe(line)}</li>" for line in section.lines)}</ul>')
    return f"<section>{''.join(parts)}</section>"


def _table(table: Table) -> str:
    head = "".join(
        f'<th scope="col"{" class=end" if is_figure else ""}>{_safe(label)}</th>'
        for label, is_figure in table.columns
    )
    rows = "".join(f"<tr>{_row(row, table)}</tr>" for row in table.rows)
    kind = "heat" if table.is_heat else "plain"
    return (
        f'<div class="scroll"><table class="{kind}"><caption>{_safe(table.label)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(row: Iterable[Cell], table: Table) -> str:
    return "".join(
        _cell(cell, is_first=place == 0, is_figure=table.columns[place][1], is_heat=table.is_heat)
        for place, cell in enumerate(row)
    )


def _cell(cell: Cell, *, is_first: bool, is_figure: bool, is_heat: bool) -> str:
    tip = f' title="{_safe(cell.tip)}"' if cell.tip else ""
    if is_first:
        return f'<th scope="row"{tip}>{_safe(cell.text)}</th>'
    bar = ""
    style = ""
    if cell.share is not None and is_heat:
        style = f' style="--share:{max(0.0, min(1.0, cell.share)):.2f}"'
    elif cell.share is not None:
        bar = f'<i class="bar"><b style="width:{100 * max(0.0, min(1.0, cell.share)):.1f}%"></b></i>'
    mark = _mark(cell.tone) if cell.tone != "none" and not is_heat else ""
    end = ' class="end"' if is_figure else ""
    return f'<td{end} data-tone="{cell.tone}"{tip}{style}>{mark}{_safe(cell.text)}{bar}</td>'


def _mark(tone: str) -> str:
    return f'<svg class="mark" viewBox="0 0 12 12" aria-hidden="true">{_MARKS[tone]}</svg>'


def _safe(text: str) -> str:
    return escape(text, quote=True)


def _faces(body: str) -> str:
    """Our letters, only those subsets of them that occur in the text."""
    found = ""
    for name, (letters, first, last) in _SUBSETS.items():
        if any(first <= ord(letter) <= last for letter in set(body)):
            found += (
                '@font-face{font-family:"Inter";font-weight:100 900;font-style:normal;'
                f"src:url(data:font/woff2;base64,{_font(name)}) format('woff2');unicode-range:{letters}}}\n"
            )
    return found


@cache
def _font(name: str) -> str:
    return b64encode((FONTS / f"inter-{name}-wght-normal.woff2").read_bytes()).decode("ascii")


@cache
def _style() -> str:
    return STYLE.read_text(encoding="utf-8")
