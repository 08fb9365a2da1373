"""What the reader of the trail chooses: days, kind of act, who, whose, a word; and what they take along.

In: the page's address. Out: what is asked, ways to the next page, and the trail as a file.
The rule it guards: who reads the trail, or takes it along, stands in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import polars as pl
import streamlit as st

from dashboard import access, board, downloads, filter_bar, words
from dashboard.audit import audit_queries, audit_view
from dashboard.audit.audit_queries import PAGE_ROWS, WHOLE_ROWS
from dashboard.contacts import row_view
from dashboard.filters import Filters
from dashboard.ui import choices, clock, moments, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql import warehouse

PERIOD_NAME = "7_days"
LIST_WIDTH = 220


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for; None of each means all."""

    filters: Filters
    kind_name: str | None
    person_name: str | None
    search_text: str | None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the days was chosen."""
        return bool(self.kind_name or self.person_name or self.search_text or self.filters.agent_id)

    def arguments(self, zone_name: str) -> dict[str, Any]:
        """What the question is asked with."""
        return {
            **self.filters.window(zone_name),
            "kind_name": self.kind_name,
            "person_name": self.person_name,
            "agent_id": self.filters.agent_id,
            "search_text": self.search_text,
        }


def choose(at: Moment) -> Asked:
    """Draws what can be chosen, and gives what was."""
    filters = filter_bar.choose(at, offers=("period", "agent"), period_name=PERIOD_NAME, page_name="audit")
    people = at.calm("audit_people")["login_name"].to_list()
    known = {"": t("Everybody"), **{name: words.name(name) for name in people}}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="audit-choices"):
        kind = choices.choice(t("What"), audit_view.kind_words(), key="kind")
        with st.container(width=LIST_WIDTH):
            person = choices.choice(t("Who"), known, key="who", kind="list")
        with st.container(width=LIST_WIDTH):
            text = choices.search(t("Search"), key="q", hint=t("A word, a page"))
    return Asked(filters, None if kind == "all" else kind, person or None, text or None)


def content(at: Moment, asked: Asked) -> None:
    """The page below its choices."""
    before = choices.number_in_address("before")
    given = asked.arguments(at.zone_name)
    lines = at.fresh("audit_lines", **given, before_number=before)
    board.show(
        audit_view.line_table(lines, zone_name=at.zone_name, is_narrowed=asked.is_narrowed), key="lines"
    )
    _ways(lines, before)
    if lines.height:
        _files(at, given, int(lines[0, "found_rows"]))
    board.show(audit_view.about(), key="about")


def _ways(lines: pl.DataFrame, before: int | None) -> None:
    kept = {key: value for key, value in st.query_params.to_dict().items() if key != "before"}
    ways = []
    if before is not None:
        ways.append(row_view.way(t("Newest lines"), f"?{urlencode(kept)}"))
    if lines.height == PAGE_ROWS:
        older = {**kept, "before": str(lines["line_number"][-1])}
        ways.append(row_view.way(t("{n} older lines", n=words.number(PAGE_ROWS)), f"?{urlencode(older)}"))
    if ways:
        board.show(row_view.trail(*ways), key="ways")


def _files(at: Moment, given: dict[str, Any], found_rows: int) -> None:
    """The lines that fit, all of them, as a file that is made when it is asked for."""
    viewer, zone_name, view_text = at.viewer, at.zone_name, choices.view_words()
    url = warehouse.database_url()

    def made() -> bytes:
        with access.transaction(moments.reading(url, viewer), viewer) as connection:
            whole = audit_queries.audit_lines(connection, **given, limit_rows=WHOLE_ROWS)
        told = downloads.about(
            whole, title=t("Audit trail"), view_text=view_text, zone_name=zone_name, made_at=clock.now()
        )
        return downloads.bytes_of(whole.drop("found_rows"), told, "csv")

    with_lines = min(found_rows, WHOLE_ROWS)
    st.download_button(
        t("Download {n} lines (CSV)", n=words.number(with_lines)),
        data=take_along.noted(made, "exported.trail", told={"rows": with_lines}),
        file_name=f"audit-trail-{at.today}.csv",
        mime=downloads.ENDINGS["csv"],
        icon=":material/download:",
        on_click="ignore",
        key="download-trail",
    )
