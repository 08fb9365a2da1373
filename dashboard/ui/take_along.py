"""What the reader takes along: every table and every chart as files.

In: a frame or a chart, and what it says of itself. Out: its button, with the files made when they are asked for.
The rule it guards: a file says what it shows, for which view, and when it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboard import downloads, withheld
from dashboard.ui import choices, clock, desk, moments, visit
from dashboard.words import t
from sql import audit


def download(
    frame: pl.DataFrame, *, file_name: str, zone_name: str, title: str = "", view_text: str | None = None
) -> None:
    """A button that offers the frame as CSV, XLSX and Parquet, none of which a spreadsheet can be tricked by.

    title, view_text: what the file says of itself; without them the words of its name, and the choices of the address.
    """
    frame = withheld.in_words(frame)
    stem = downloads.stem_of(file_name)
    told = downloads.about(
        frame,
        title=title or downloads.title_of(file_name),
        view_text=choices.view_words() if view_text is None else view_text,
        zone_name=zone_name,
        made_at=clock.now(),
    )
    _offer(
        stem, downloads.table_offers(frame, told), t("Download the table"), key=f"table-{stem}", frame=frame
    )


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
    frame = None if frame is None else withheld.in_words(frame)
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
    _offer(name, offers, t("Download the chart"), key=f"chart-{key}", frame=frame)


def noted(
    make: Callable[[], bytes], what_name: str, *, of_name: str = "", told: Mapping[str, object]
) -> Callable[[], bytes]:
    """What makes the bytes of a file, when the browser asks for it, once the trail has the line that says so."""
    viewer, place_text = visit.viewer(), moments.place()

    def made() -> bytes:
        desk.note(viewer, what_name, of_name=of_name, told=told, place_text=place_text)
        return make()

    return made


def _offer(
    stem: str, offers: Sequence[downloads.Offer], label: str, *, key: str, frame: pl.DataFrame | None
) -> None:
    whose = {} if frame is None else {"rows": frame.height, "agent_ids": audit.agent_ids_of(frame)}
    with st.popover(label, icon=":material/download:", type="tertiary", key=f"downloads-{key}"):
        for one in offers:
            st.download_button(
                one.label,
                data=noted(
                    one.make, "exported.download", told={"file_name": f"{stem}.{one.ending}", **whose}
                ),
                file_name=f"{stem}.{one.ending}",
                mime=one.mime,
                on_click="ignore",
                key=f"download-{key}-{one.ending}",
                width="stretch",
            )


def theme_name() -> Literal["light", "dark"]:
    """The theme the reader's browser shows right now."""
    return "dark" if st.context.theme.type == "dark" else "light"
