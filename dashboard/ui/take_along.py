"""What the reader takes along: every table and every chart as files.

In: a frame or a chart, and what it says of itself. Out: its button, with the files made when they are asked for.
The rule it guards: a file says what it shows, for which view, and when it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboard import downloads
from dashboard.ui import choices, clock
from dashboard.words import t


def download(
    frame: pl.DataFrame, *, file_name: str, zone_name: str, title: str = "", view_text: str | None = None
) -> None:
    """A button that offers the frame as CSV, XLSX and Parquet, none of which a spreadsheet can be tricked by.

    title, view_text: what the file says of itself; without them the words of its name, and the choices of the address.
    """
    stem = downloads.stem_of(file_name)
    told = downloads.about(
        frame,
        title=title or downloads.title_of(file_name),
        view_text=choices.view_words() if view_text is None else view_text,
        zone_name=zone_name,
        made_at=clock.now(),
    )
    _offer(stem, downloads.table_offers(frame, told), t("Download the table"), key=f"table-{stem}")


def chart(
    drawn: Any,
    *,
    key: str,
    name: str,
    frame: pl.DataFrame | None = None,
    zone_name: str = "UTC",
    title: str = "",
    lines: Sequence[str] | None = None,
    site_name: str = "",
) -> None:
    """A chart with a button that offers it as PNG and SVG, and its data (`frame`) as files.

    key: stays the same from run to run; name: of the files; title and lines (view, n) stand in the picture and, for
    whoever cannot see it, for the picture.
    """
    told = title or downloads.title_of(name)
    said = [choices.view_words()] if lines is None else lines
    st.altair_chart(drawn, theme=None, key=key, alt=". ".join([told, *said]))
    caption = downloads.caption(told, said, zone_name=zone_name, made_at=clock.now(), site_name=site_name)
    offers = downloads.chart_offers(drawn, caption, theme_name=theme_name())
    if frame is not None:
        about = downloads.about(
            frame, title=told, view_text=", ".join(said), zone_name=zone_name, made_at=clock.now()
        )
        offers += downloads.table_offers(frame, about)
    _offer(name, offers, t("Download the chart"), key=f"chart-{key}")


def _offer(stem: str, offers: Sequence[downloads.Offer], label: str, *, key: str) -> None:
    with st.popover(label, icon=":material/download:", type="tertiary", key=f"downloads-{key}"):
        for one in offers:
            st.download_button(
                one.label,
                data=one.make,
                file_name=f"{stem}.{one.ending}",
                mime=one.mime,
                on_click="ignore",
                key=f"download-{key}-{one.ending}",
                width="stretch",
            )


def theme_name() -> Literal["light", "dark"]:
    """The theme the reader's browser shows right now."""
    return "dark" if st.context.theme.type == "dark" else "light"
