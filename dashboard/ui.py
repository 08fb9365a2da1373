"""What all pages share: the clock, cached answers, the page's head, filters, downloads, and the states
without data.

In: the questions of `queries.py` by name, the reader's choices from the address line. Out: a page that
always says something useful: with data, without, with old data, and without a database.
The rule it guards: a cached answer is keyed by the viewer's scope and plain values only; time is read here
and nowhere else; what comes from the address line counts only when it is on a list.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeVar

import polars as pl
import sqlalchemy as sa
import streamlit as st

from dashboard import access, board, export, live, queries, words
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

Chosen = TypeVar("Chosen")
LIVE_SECONDS = 2
HEAD_SECONDS = 5
LIVE_QUESTIONS = ("live_queues", "live_totals", "live_agents", "source_health")
NOT_SET_UP = frozenset({"42P01", "3F000"})
_LOG = logging.getLogger(__name__)


def clock_speed() -> float:
    """How many seconds of the floor pass in one second: 1, or the demo's speed, or 0 while the clock is
    frozen."""
    if os.environ.get("FLOORBOARD_NOW"):
        return 0.0
    parts = os.environ.get("FLOORBOARD_CLOCK", "").split(";")
    return float(parts[2]) if len(parts) == 3 else 1.0


def now() -> datetime:
    """The floor's present instant, to the second, so that all tabs ask, and share, the same question.

    FLOORBOARD_CLOCK "<floor instant>;<wall instant>;<speed>" lets the demo's floor run ahead of the wall
    clock;
    FLOORBOARD_NOW holds it still.
    """
    if frozen := os.environ.get("FLOORBOARD_NOW"):
        return words.parsed_instant(frozen)
    wall = datetime.now(UTC).replace(microsecond=0)
    parts = os.environ.get("FLOORBOARD_CLOCK", "").split(";")
    if len(parts) != 3:
        return wall
    passed = (wall - words.parsed_instant(parts[1])).total_seconds()
    return words.parsed_instant(parts[0]) + timedelta(seconds=passed * float(parts[2]))


@st.cache_resource(show_spinner=False)
def _engine(url: str) -> sa.Engine:
    return warehouse.open_engine(url)


def _answer(scope_name: str, question_name: str, arguments: tuple[tuple[str, object], ...]) -> pl.DataFrame:
    with access.transaction(_engine(warehouse.database_url()), scope_name) as connection:
        found: pl.DataFrame = getattr(queries, question_name)(connection, **dict(arguments))
    return found


@st.cache_data(ttl=20, max_entries=64, show_spinner=False)
def _calm_answer(
    scope_name: str, question_name: str, arguments: tuple[tuple[str, object], ...]
) -> pl.DataFrame:
    return _answer(scope_name, question_name, arguments)


def _ask_live(url: str, scope_name: str) -> live.Snapshot:
    at = now()
    with access.transaction(_engine(url), scope_name) as connection:
        answers = {name: getattr(queries, name)(connection, as_of=at) for name in LIVE_QUESTIONS}
        answers |= {name: getattr(queries, name)(connection) for name in ("queues", "sites")}
    return live.Snapshot(at, answers)


@st.cache_resource(show_spinner=False)
def _poller(url: str, scope_name: str) -> live.Poller:
    return live.Poller(lambda: _ask_live(url, scope_name))


@dataclass(frozen=True, slots=True)
class Moment:
    """One run of a page: who looks, when, at which site, and how the floor stands."""

    viewer: access.Viewer
    snapshot: live.Snapshot = field(repr=False)

    @property
    def now(self) -> datetime:
        """The instant of everything this run shows."""
        return self.snapshot.taken_at

    def live(self, question_name: str) -> pl.DataFrame:
        """The answer of a question about this second."""
        return self.snapshot.answers[question_name]

    def calm(self, question_name: str, **arguments: object) -> pl.DataFrame:
        """The answer of a question that may be 20 seconds old."""
        return _calm_answer(self.viewer.scope_name, question_name, tuple(sorted(arguments.items())))

    @property
    def health(self) -> pl.DataFrame:
        """One row per source: how fresh its data is."""
        return self.live("source_health")

    @property
    def site_name(self) -> str:
        """The site's name; the product's where nothing was loaded yet."""
        sites = self.live("sites")
        return str(sites[0, "site_name"]) if sites.height else "Floorboard"

    @property
    def zone_name(self) -> str:
        """The site's time zone."""
        sites = self.live("sites")
        return str(sites[0, "time_zone_name"]) if sites.height else "UTC"

    @property
    def today(self) -> date:
        """The site's calendar day."""
        return words.local_day(self.now, self.zone_name)


def moment(viewer: access.Viewer) -> Moment:
    """The floor as it stands; raises WarehouseError where the warehouse cannot answer."""
    url = warehouse.database_url()
    if os.environ.get("FLOORBOARD_NOW"):  # a clock that stands needs nobody to watch it
        return Moment(viewer, _ask_live(url, viewer.scope_name))
    return Moment(viewer, _poller(url, viewer.scope_name).latest())


def page(
    title: str,
    *,
    content: Callable[[Moment, Chosen], None],
    filters: Callable[[Moment], Chosen],
    refresh_seconds: float,
    needs: Literal["queues", "sources"] = "queues",
) -> None:
    """A whole page: guard, head, filters, and the content that draws itself anew every `refresh_seconds`.

    Where the warehouse fails, or holds none of what the page `needs` (queues, or at least sources), the page
    says so and goes on trying; it fills without a reload. A page about queues also warns while a source is
    silent.
    """
    viewer = access.viewer()
    st.fragment(_head, run_every=HEAD_SECONDS)(title, viewer)
    chosen: list[Chosen] = []
    with suppress(WarehouseError):  # the content below says it
        at = moment(viewer)
        if not _is_empty(at, needs):
            chosen.append(filters(at))

    def draw() -> None:
        try:
            at = moment(access.viewer())
            if _is_empty(at, needs):
                empty_notice(at)
                return
            if not chosen:
                st.rerun()
            if needs == "queues":
                stale_notice(at)
            content(at, chosen[0])
        except WarehouseError as error:
            _LOG.warning("A page could not be drawn: %s", error)
            board.show(trouble(error), key="trouble")

    st.fragment(draw, run_every=refresh_seconds)()


def _is_empty(at: Moment, needs: str) -> bool:
    return at.health.is_empty() if needs == "sources" else at.live("queues").is_empty()


def _head(title: str, viewer: access.Viewer) -> None:
    block: board.Block = {
        "kind": "head",
        "title": title,
        "site": "Floorboard",
        "clock_label": t("Local time"),
    }
    try:
        at = moment(viewer)
        block |= {"site": at.site_name, "clock": words.clock(at.now, at.zone_name), "fresh": freshness(at)}
    except WarehouseError:
        block |= {"clock": "", "fresh": {**board.status("off", ""), "text": t("No connection")}}
    board.show(block, key="head")


def freshness(at: Moment) -> board.Block:
    """How old the data is, judged by the source that is furthest behind."""
    ages = at.health.get_column("newest_event_age_seconds").drop_nulls()
    if ages.is_empty():
        return {**board.status("none", ""), "text": t("No data yet")}
    is_stale = bool(at.health.get_column("is_stale").fill_null(True).any())
    tone = "off" if is_stale else "good"
    return {**board.status(tone, ""), "text": t("Data {age} old", age=words.age(_first(ages.max())))}


def stale_notice(at: Moment) -> None:
    """A warning above the figures while a source is further behind than its own limit allows."""
    for row in at.health.filter(pl.col("is_stale").fill_null(False)).iter_rows(named=True):
        since = row["newest_event_at"]
        if since is None:
            body = t("It has not delivered a single event yet. Data health says what to do.")
        else:
            body = t(
                "Its newest event is from {instant}, and more than {limit} without one is too long. What "
                "you see below "
                "is how the floor stood then. Data health says what to do.",
                instant=words.instant(since, at.zone_name),
                limit=words.age(row["stale_after_seconds"]),
            )
        board.show(
            board.notice("off", t("{source} is silent", source=row["source_name"]), body),
            key=f"stale-{row['source_name']}",
        )


def empty_notice(at: Moment) -> None:
    """The page of a warehouse in which nothing has arrived yet, with the way to change that."""
    if at.health.is_empty():
        title = t("The floor is ready. Nobody has walked in yet.")
        body = t("The warehouse is set up, but no source has delivered anything.")
        steps = [
            t("Name your phone system's queue log in `floorboard.toml`, under `[[sources]]`."),
            t("Run `floorboard etl run --once` and watch this page fill."),
            t("Or look around first: `floorboard demo` brings a simulated floor."),
        ]
    else:
        title = t("Connected, and waiting for the first call.")
        body = t("Sources are being read, but no queue has appeared in them so far.")
        steps = [
            t("Look at Data health: it shows what was read and what was refused."),
            t("Check that the path in `floorboard.toml` is the log the phone system writes to now."),
            t("Run `floorboard doctor`."),
        ]
    board.show(board.notice("none", title, body, steps=steps, page=True), key="empty")


def trouble(error: WarehouseError) -> board.Block:
    """The page without a usable warehouse: what is wrong and the next step, by what failed."""
    state = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None)
    if state in NOT_SET_UP:
        title = t("The database is here. Its tables are not.")
        steps = [t("Run `floorboard db migrate`."), t("This page fills by itself as soon as that is done.")]
    elif error.__cause__ is None:
        title = t("No database is connected.")
        steps = [
            t(
                "To look around: stop this and run `floorboard demo`, which brings a database and a "
                "simulated floor."
            ),
            t(
                "To use your own: set `DATABASE_URL` to `postgresql://user:password@host:5432/database` "
                "and start again."
            ),
        ]
    else:
        title = t("The database does not answer.")
        steps = [
            t("See that Postgres runs and can be reached from this machine."),
            t("Run `floorboard doctor`: it says in plain words what is wrong."),
            t("This page keeps trying and comes back by itself."),
        ]
    return board.notice("off", title, str(error), steps=steps, page=True)


def choice(
    label: str, options: Mapping[str, str], *, key: str, kind: Literal["segments", "list"] = "segments"
) -> str:
    """The reader's choice among `options` (value -> label), kept in the address line; the first one stands
    for all.

    A value in the address that is not among the options counts as the first.
    """
    values = list(options)
    asked = st.query_params.get(key, values[0])
    start = asked if asked in options else values[0]
    draw: Any = st.segmented_control if kind == "segments" else st.selectbox
    preset = {"default": start} if kind == "segments" else {"index": values.index(start)}
    found = draw(
        label,
        values,
        label_visibility="collapsed",
        format_func=lambda value: options[value],
        key=f"choice-{key}",
        on_change=_keep_in_address,
        args=(key, f"choice-{key}", values[0]),
        **preset,
    )
    return str(found) if found in options else values[0]


def search(label: str, *, key: str, hint: str) -> str:
    """The reader's search text, at most 60 characters, kept in the address line."""
    found = st.text_input(
        label,
        label_visibility="collapsed",
        icon=":material/search:",
        value=st.query_params.get(key, "")[:60],
        max_chars=60,
        placeholder=hint,
        key=f"search-{key}",
        on_change=_keep_in_address,
        args=(key, f"search-{key}", ""),
    )
    return (found or "").strip()


def day(label: str, *, today: date, key: str = "day") -> date:
    """The local day the reader looks at, today unless the address names an earlier one, with a day back and
    forth."""
    widget = f"day-{key}"
    first = today - timedelta(days=3660)
    try:
        asked = date.fromisoformat(st.query_params.get(key, ""))
    except ValueError:
        asked = today
    if widget not in st.session_state:
        st.session_state[widget] = asked if first <= asked <= today else today
    elif st.session_state[widget] is None or st.session_state[widget] > today:
        st.session_state[widget] = today
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        current: date = st.session_state[widget]
        st.date_input(
            label,
            label_visibility="collapsed",
            min_value=first,
            max_value=today,
            format="DD/MM/YYYY",
            key=widget,
            on_change=_keep_in_address,
            args=(key, widget, today),
            width=170,
        )
        for name, icon, days, ends in (
            (t("Previous day"), "chevron_left", -1, current <= first),
            (t("Next day"), "chevron_right", 1, current >= today),
        ):
            st.button(
                name,
                icon=f":material/{icon}:",
                key=f"{widget}-{icon}",
                disabled=ends,
                on_click=_move_day,
                args=(key, widget, days, today),
            )
    return current


def _move_day(key: str, widget: str, days: int, today: date) -> None:
    st.session_state[widget] = min(today, words.shifted_day(st.session_state[widget], days))
    _keep_in_address(key, widget, today)


def _keep_in_address(key: str, widget: str, default: object) -> None:
    found = st.session_state[widget]
    if found is None or found == default or found == "":
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = found.isoformat() if isinstance(found, date) else str(found)


def download(frame: pl.DataFrame, *, file_name: str, zone_name: str) -> None:
    """A button that hands the frame over as a CSV file that no spreadsheet can be tricked by."""
    st.download_button(
        t("Download CSV"),
        data=lambda: export.csv_bytes(frame, zone_name=zone_name),
        file_name=file_name,
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key=f"download-{file_name}",
    )


def theme_name() -> Literal["light", "dark"]:
    """The theme the reader's browser shows right now."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _first(value: Any) -> float | None:
    return None if value is None else float(value)
