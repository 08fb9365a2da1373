"""What a file that somebody takes along from a page is called and says of itself.

In: the frame or chart, the page's address, the instant. Out: an `export.About` or `pictures.Caption`, and file names.
The rule it guards: every file tells its view, its n, its time zone, when it was made and by which definitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import polars as pl

from dashboard import export, pictures, words
from dashboard.words import t
from sql import metrics

ENDINGS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
"""The files that a table can become, and what a browser calls them."""

MOST_PAGE_CELLS = 1_000_000
"""A workbook of more cells takes the server so long (7 s of its time) that others wait; the command line makes it."""


class Offer(NamedTuple):
    """One file that can be taken: the button's words, the ending, its kind for the browser, what makes its bytes."""

    label: str
    ending: str
    mime: str
    make: Callable[[], bytes]


def about(
    frame: pl.DataFrame, *, title: str, view_text: str, zone_name: str, made_at: datetime
) -> export.About:
    """What a file of this frame says of itself; each column that is a metric with its sentence."""
    known = {one.name: t(one.meaning) for one in metrics.metrics()}
    return export.About(
        title=title,
        view_text=view_text,
        zone_name=zone_name,
        definition_version=metrics.definition_version(),
        made_at=made_at,
        meanings={name: known[name] for name in frame.columns if name in known},
    )


def bytes_of(frame: pl.DataFrame, told: export.About, ending: str) -> bytes:
    """The file of a table of that kind. Raises ExportError where the frame cannot become one."""
    if ending == "xlsx":
        return export.xlsx_bytes(frame, told)
    if ending == "parquet":
        return export.parquet_bytes(frame, told)
    return export.csv_bytes(frame, zone_name=told.zone_name, about=told)


def table_offers(frame: pl.DataFrame, told: export.About) -> list[Offer]:
    """The files of a table on a page: CSV, XLSX where it is quickly made, Parquet."""
    labels = {"csv": t("CSV"), "xlsx": t("Excel"), "parquet": t("Parquet")}
    return [
        Offer(labels[ending], ending, mime, partial(bytes_of, frame, told, ending))
        for ending, mime in ENDINGS.items()
        if ending != "xlsx" or frame.height * frame.width <= MOST_PAGE_CELLS
    ]


def chart_offers(
    chart: pictures.Chart, caption: pictures.Caption, *, theme_name: pictures.ThemeName
) -> list[Offer]:
    """The pictures of a chart: PNG for documents, SVG for whoever goes on drawing."""
    return [
        Offer(
            t("PNG picture"),
            "png",
            "image/png",
            lambda: pictures.png(chart, caption, theme_name=theme_name),
        ),
        Offer(
            t("SVG picture"),
            "svg",
            "image/svg+xml",
            lambda: pictures.svg(chart, caption, theme_name=theme_name).encode("utf-8"),
        ),
    ]


def caption(
    title: str, lines: Sequence[str], *, zone_name: str, made_at: datetime, site_name: str = ""
) -> pictures.Caption:
    """The words of a picture: title, lines, and where and when its figures were made."""
    source = [
        t("Floorboard"),
        site_name,
        t("made {instant} ({zone})", instant=words.instant(made_at, zone_name), zone=zone_name),
        t("definitions version {version}", version=metrics.definition_version()),
    ]
    return pictures.Caption(title, list(lines), " · ".join(part for part in source if part))


def view_of(params: Mapping[str, str]) -> str:
    """The choices of a page's address in one line; whoever has them can open the same view again."""
    chosen = [f"{name} = {value}" for name, value in params.items()]
    return ", ".join(chosen) or t("all of the page, nothing left out")


def stem_of(file_name: str) -> str:
    """A file's name without its ending."""
    stem, dot, ending = file_name.rpartition(".")
    return stem if dot and len(ending) <= 7 else file_name


def title_of(file_name: str) -> str:
    """The words of a file's name: "agents-2026-11-22.csv" -> "Agents 2026-11-22"."""
    parts = stem_of(file_name).split("-")
    text = ""
    for before, part in zip(["", *parts], parts, strict=False):
        is_date = before.isdigit() and part.isdigit()
        text += ("-" if is_date else " " if text else "") + part
    return text[:1].upper() + text[1:]
