"""What all pages share: the clock, cached answers, the page's head, filters, downloads, and the states
without data.

In: the questions of `queries.py` by name, the reader's choices from the address line. Out: a page that
always says something useful: with data, without, with old data, and without a database.
The rule it guards: a cached answer is keyed by the viewer's scope and plain values only; time is read here
and nowhere else; figures of the past are never shown without their age; what comes from the address line counts
only when it is on a list.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import polars as pl
import sqlalchemy as sa
import streamlit as st

from dashboard import access, board, downloads, filters, live, queries, state_view, words
from dashboard.goals import alert_saves, alert_view
from dashboard.goals.alert_saves import AlertError
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

Chosen = TypeVar("Chosen")
Done = TypeVar("Done")
LIVE_SECONDS = 2
HEAD_SECONDS = 5
LIVE_QUESTIONS = ("live_queues", "live_totals", "live_agents", "source_health", "loader", "firing_alerts")
PAST_QUESTIONS = ("live_queues", "live_totals", "live_agents")
LOG_SECONDS = 60.0
BEHIND_SECONDS = 6  # a snapshot older than this is no longer of this moment
LATE_HEAD_SECONDS = 3 * HEAD_SECONDS
_LOG = logging.getLogger(__name__)
_told: dict[str, float] = {}
_good = live.LastGood()


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
    return warehouse.open_engine(url, room=warehouse.PAGES)


def _answer(scope_name: str, question_name: str, arguments: tuple[tuple[str, object], ...]) -> pl.DataFrame:
    with access.transaction(_engine(warehouse.database_url()), scope_name) as connection:
        found: pl.DataFrame = queries.QUESTIONS[question_name](connection, **dict(arguments))
    return found


@st.cache_data(ttl=20, max_entries=64, show_spinner=False)
def _calm_answer(
    scope_name: str, question_name: str, arguments: tuple[tuple[str, object], ...]
) -> pl.DataFrame:
    return _answer(scope_name, question_name, arguments)


@st.cache_data(ttl=60, max_entries=384, show_spinner=False)
def _past_answer(
    scope_name: str, question_name: str, arguments: tuple[tuple[str, object], ...]
) -> pl.DataFrame:
    """What a live question answers of an instant of the past; kept apart, so that nobody's present waits for it."""
    return _answer(scope_name, question_name, arguments)


def _ask_live(url: str, scope_name: str) -> live.Snapshot:
    at = now()
    with access.transaction(_engine(url), scope_name) as connection:
        answers = {name: queries.QUESTIONS[name](connection, as_of=at) for name in LIVE_QUESTIONS}
        answers |= {name: queries.QUESTIONS[name](connection) for name in ("queues", "sites")}
    return live.Snapshot(at, answers)


@st.cache_resource(show_spinner=False)
def _poller(url: str, scope_name: str) -> live.Poller:
    return live.Poller(lambda: _ask_live(url, scope_name))


@dataclass(frozen=True, slots=True)
class Moment:
    """One run of a page: who looks, when, at which site, and how the floor stands."""

    viewer: access.Viewer
    snapshot: live.Snapshot = field(repr=False)
    present_at: datetime
    is_past: bool = False
    """Whether the reader looks back: `now` is an instant of the past, and nothing shown of the floor is live."""
    silences: list[WarehouseError] = field(default_factory=list, repr=False, compare=False)
    """What this run has waited for in vain: once is enough."""

    @property
    def now(self) -> datetime:
        """The instant of everything this run shows."""
        return self.snapshot.taken_at

    @property
    def behind_seconds(self) -> int:
        """How long ago that instant was."""
        return max(0, int((self.present_at - self.snapshot.taken_at).total_seconds()))

    @property
    def is_cut_off(self) -> bool:
        """Whether the warehouse does not answer, so that everything shown is what it answered last."""
        limit = BEHIND_SECONDS * max(1.0, clock_speed())
        is_behind = self.behind_seconds > limit and not self.is_past
        return self.snapshot.failure is not None or is_behind

    @property
    def speed(self) -> float:
        """How many seconds of what is shown pass in one second: the past stands still."""
        return 0.0 if self.is_past else clock_speed()

    def passed(self, window: Mapping[str, datetime]) -> dict[str, datetime]:
        """The window of a question without what comes after an instant of the past; in the present as it is."""
        start, end = window["window_start"], window["window_end"]
        return {"window_start": start, "window_end": max(start, min(end, self.now)) if self.is_past else end}

    def back_at(self, instant: datetime) -> Moment:
        """The floor as it stood at that instant; what is told of sources and of the loader stays that of the present.

        Raises WarehouseError.
        """
        answers = {
            name: self._answer_or_last_good(_past_answer, name, {"as_of": instant}) for name in PAST_QUESTIONS
        }
        snapshot = replace(self.snapshot, taken_at=instant, answers={**self.snapshot.answers, **answers})
        return replace(self, snapshot=snapshot, is_past=True)

    def live(self, question_name: str) -> pl.DataFrame:
        """The answer of a question about this second."""
        return self.snapshot.answers[question_name]

    def calm(self, question_name: str, **arguments: object) -> pl.DataFrame:
        """The answer of a question that may be 20 seconds old."""
        return self._answer_or_last_good(_calm_answer, question_name, arguments)

    def fresh(self, question_name: str, **arguments: object) -> pl.DataFrame:
        """The answer of a question about something that the reader has just changed."""
        return self._answer_or_last_good(_answer, question_name, arguments)

    def _answer_or_last_good(
        self, ask: Callable[..., pl.DataFrame], question_name: str, arguments: Mapping[str, object]
    ) -> pl.DataFrame:
        """The answer; while the warehouse fails, the last one to the same question of this scope, if there is one."""
        given = tuple(sorted(arguments.items()))
        # "As of now" is one question, whichever second it was asked in; as of an hour that was chosen is another.
        same = tuple((name, self._days_ago(value) or value) for name, value in given)
        scope_name, failure = self.viewer.scope_name, self.snapshot.failure

        def answer() -> pl.DataFrame:
            silence = failure or next(iter(self.silences), None)
            if silence is not None:  # asking the warehouse again would keep the reader waiting
                raise live.again(silence)
            try:
                return ask(scope_name, question_name, given)
            except WarehouseError as error:
                if error.is_transient:
                    self.silences.append(error)
                raise

        return _good.of((scope_name, question_name, same), answer)

    def _days_ago(self, value: object) -> str | None:
        """Of an instant that moves with the clock, how many days it lies back; None for every other value."""
        if not isinstance(value, datetime):
            return None
        behind = self.now - value
        days = round(behind / timedelta(days=1))
        is_moving = abs(behind - timedelta(days=days)) <= timedelta(seconds=60 * max(1.0, clock_speed()))
        return f"{days} days ago" if is_moving else None

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


class Times(Protocol):
    """How a page's reader looks back: the time machine, handed in by the pages that have one."""

    def turn(self, present: Moment) -> None:
        """Takes the next step where the past is played."""

    def chosen(self, present: Moment) -> Moment:
        """The moment that the address names; the present one where it names none. Raises WarehouseError."""

    def draw(self, present: Moment, at: Moment) -> None:
        """The band that says what time is shown, with all that changes it."""

    def refresh_seconds(self, at: Moment, usual_seconds: float) -> float | None:
        """After how many seconds the page draws itself anew; None for never."""


def moment(viewer: access.Viewer) -> Moment:
    """The floor as it stands; raises WarehouseError where the warehouse cannot answer."""
    url = warehouse.database_url()
    if os.environ.get("FLOORBOARD_NOW"):  # a clock that stands needs nobody to watch it
        return Moment(viewer, _ask_live(url, viewer.scope_name), now())
    return Moment(viewer, _poller(url, viewer.scope_name).latest(), now())


def page(
    title: str,
    *,
    content: Callable[[Moment, Chosen], None],
    filters: Callable[[Moment], Chosen],
    refresh_seconds: float,
    needs: Literal["queues", "sources", "nothing"] = "queues",
    about: Literal["calls", "tickets", "everything", "upkeep"] | None = None,
    times: Times | None = None,
) -> None:
    """A whole page: guard, head, filters, and the content that draws itself anew every `refresh_seconds`.

    Where the warehouse fails, or holds none of what the page `needs` (queues, at least sources, or nothing), the page
    says so and goes on trying; it fills without a reload. While the warehouse does not answer, the last good figures
    stay with their age; while the loader or a source is silent, the page says so and its figures fade.
    about: whose age the head shows and whose silence is told; a page about queues is about calls. A page of upkeep is
    about the sources themselves: what it shows of them is no figure of the floor.
    times: the time machine, on pages that can be looked at as they were; the head stays that of the present.
    """
    viewer = access.viewer()
    about = about or ("calls" if needs == "queues" else "everything")
    st.fragment(_head, run_every=HEAD_SECONDS)(title, viewer, needs, about)
    chosen: list[Chosen] = []
    failed: list[WarehouseError] = []
    seconds: float | None = refresh_seconds
    turns: list[tuple[date, float | None]] = []
    try:
        at = moment(viewer)
        if not _is_empty(at, needs):
            if times:
                times.turn(at)
                at = times.chosen(at)
                seconds = times.refresh_seconds(at, refresh_seconds)
                turns.append((at.today, seconds))
            chosen.append(filters(at))
    except WarehouseError as error:  # the content below says it, and tries again at its next turn
        failed.append(error)

    def draw() -> None:
        try:
            at = moment(access.viewer())
            if _is_empty(at, needs):
                board.show(state_view.empty(at.health), key="empty")
                return
            if not chosen:
                if failed:
                    raise live.again(failed.pop())
                st.rerun()
            is_faded = about != "upkeep" and bool(_warnings(at, about))
            if times:
                at = _looked_at(times, at, turns, refresh_seconds)
                is_faded = is_faded and not at.is_past
            with board.stale(is_faded), board.past(at.is_past):
                content(at, chosen[0])
        except WarehouseError as error:
            _log(error)
            board.show(state_view.trouble(error), key="trouble")

    st.fragment(draw, run_every=seconds)()


def _looked_at(
    times: Times, present: Moment, turns: list[tuple[date, float | None]], usual_seconds: float
) -> Moment:
    """The moment that a turn of the page shows, below its band.

    The whole page is drawn anew, with its filters, where the day is another, or how often it turns.
    """
    if len(turns) > 1:  # the first turn comes right after the whole page has taken its step
        times.turn(present)
    at = times.chosen(present)
    turns.append((at.today, times.refresh_seconds(at, usual_seconds)))
    if turns[-1] != turns[0]:
        st.rerun()
    del turns[2:]
    times.draw(present, at)
    return at


def _warnings(at: Moment, about: str) -> list[board.Block]:
    """What keeps this page from showing the present, the cause of all else first; `key` names each."""
    if at.is_cut_off:
        return [state_view.cut_off_notice(at.now, behind_seconds=at.behind_seconds, zone_name=at.zone_name)]
    if state_view.loader_is_silent(at.live("loader")):
        return [state_view.loader_notice(at.live("loader"))]
    if about == "upkeep":
        return []
    return state_view.stale_notices(state_view.of_interest(at.health, about), zone_name=at.zone_name)


def _log(error: WarehouseError) -> None:
    """The details for whoever runs this, once a minute and not at every try of every tab."""
    text, told = str(error), time.monotonic()
    if told - _told.get(text, -LOG_SECONDS) >= LOG_SECONDS:
        _told.clear()
        _told[text] = told
        _LOG.warning("A page could not be drawn: %s", text)


def _is_empty(at: Moment, needs: str) -> bool:
    if needs == "nothing":
        return False
    return at.health.is_empty() if needs == "sources" else at.live("queues").is_empty()


def _head(title: str, viewer: access.Viewer, needs: str, about: str) -> None:
    """The title, the clock, the age of the data and what keeps the page from showing the present.

    It comes around every few seconds, however seldom the figures below it do.
    """
    notices: list[board.Block] = []
    block: board.Block = {
        "kind": "head",
        "title": title,
        "late_seconds": LATE_HEAD_SECONDS,
        "drawn_seconds": int(
            time.monotonic()
        ),  # a block that stays the same is not sent, and would look late
        "site": "Floorboard",
        "clock_label": t("Local time"),
    }
    try:
        at = moment(viewer)
        block |= {
            "site": at.site_name,
            "clock": words.clock(at.present_at, at.zone_name),
            "fresh": state_view.freshness(
                state_view.of_interest(at.health, about),
                loader=at.live("loader"),
                behind_seconds=at.behind_seconds,
                is_cut_off=at.is_cut_off,
            ),
        }
        notices = [] if _is_empty(at, needs) else _warnings(at, about)
        alerts = at.live("firing_alerts") if title != t("Alerts") else None  # that page lists them all
    except WarehouseError:
        alerts = None
        block |= {"clock": "", "fresh": {**board.status("off", ""), "text": t("No connection")}}
    board.show(block, key="head")
    for notice in notices:
        board.show(notice, key=notice["key"])
    if alerts is not None:
        _alert_band(alerts, viewer)


def _alert_band(alerts: pl.DataFrame, viewer: access.Viewer) -> None:
    """What fires now, on every page, with a button for each alert that nobody has seen yet."""
    block = alert_view.band(alerts, at=now())
    if block is None:
        return
    board.show(block, key="alerts")
    unseen = alert_view.unseen(alerts).to_dicts()
    if unseen and viewer.is_administrator:
        with st.container(horizontal=True, gap="small", key="acknowledge-band"):
            for row in unseen:
                _acknowledge_button(row, viewer)


def _acknowledge_button(row: Mapping[str, Any], viewer: access.Viewer) -> None:
    name = f"{words.name(row['rule_name'])}, {alert_view.scope_text(row)}"
    key = f"acknowledge-{row['rule_id']}-{row['scope_id']}-{row['firing_number']}"
    if st.button(t("Acknowledge {alert}", alert=words.in_markdown(name)), icon=":material/check:", key=key):
        try:
            change(
                viewer,
                alert_saves.acknowledge,
                rule_id=row["rule_id"],
                scope_id=row["scope_id"],
                firing_number=row["firing_number"],
                note_text="",
                viewer_name=viewer.viewer_name,
                at=now(),
            )
        except (AlertError, WarehouseError) as error:
            st.toast(str(error))
        else:
            st.toast(t("Acknowledged. The band says so within a few seconds."))


def choice(
    label: str, options: Mapping[str, str], *, key: str, kind: Literal["segments", "list"] = "segments"
) -> str:
    """The reader's choice among `options` (value -> label), kept in the address line; the first one stands
    for all.

    A value in the address that is not among the options counts as the first, and leaves the address.
    """
    values = list(options)
    asked = st.query_params.get(key, values[0])
    if asked not in options:
        st.query_params.pop(key)
    start = asked if asked in options else values[0]
    draw: Any = st.segmented_control if kind == "segments" else st.selectbox
    preset = (
        {"default": start, "wrap": True} if kind == "segments" else {"index": values.index(start)}
    )  # on a phone no choice is cut off
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
    if widget not in st.session_state:
        st.session_state[widget] = _asked_day(key, first, today)
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
        with st.container(horizontal=True, gap="small", width="content"):  # the two stay together
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


def _asked_day(key: str, first: date, today: date) -> date:
    """The day that the address names; one that cannot be shown leaves the address and counts as today."""
    text = st.query_params.get(key)
    if text is None:
        return today
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = None
    if asked is None or not first <= asked <= today:
        st.query_params.pop(key)
        return today
    return asked


def _move_day(key: str, widget: str, days: int, today: date) -> None:
    st.session_state[widget] = min(today, words.shifted_day(st.session_state[widget], days))
    _keep_in_address(key, widget, today)


def _keep_in_address(key: str, widget: str, default: object) -> None:
    found = st.session_state[widget]
    if found is None or found == default or found == "":
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = found.isoformat() if isinstance(found, date) else str(found)


def address(key: str, options: list[str]) -> str:
    """Which of the options the address names; the first one where it names none."""
    found = st.query_params.get(key, options[0])
    return found if found in options else options[0]


def number_in_address(key: str) -> int | None:
    """The whole number that the address names under this key; what is none leaves the address."""
    text = st.query_params.get(key)
    if text is None:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 15:
        return int(text)
    st.query_params.pop(key)
    return None


def lead_to(key: str, number: int | None) -> None:
    """Shows the page with this number under that key of its address, or without the key."""
    if number is None:
        st.query_params.pop(key, None)
    else:
        st.query_params[key] = str(number)
    st.rerun()


def open_view(address: Mapping[str, str]) -> None:
    """Lets the page's next run show this address, wherever its widgets stand; for what is done at a widget's change."""
    for key in [str(key) for key in st.session_state]:
        if key.startswith(("choice-", "search-", "day-")):
            del st.session_state[key]
    st.query_params.from_dict(dict(address))


def preset(widget_name: str, value: object) -> None:
    """Lets a widget stand at this value when it is drawn next, wherever its reader had put it."""
    st.session_state[widget_name] = value


def picked(widget_name: str) -> Any:
    """What the reader has just chosen in a widget, for what is done at its change."""
    return st.session_state.get(widget_name)


def change(viewer: access.Viewer, work: Callable[..., Done], **values: object) -> Done:
    """Does what a person asked for (`work` with a connection and the values) in a transaction of its own.

    Raises WarehouseError, also where the person is no administrator, and what the work raises.
    """
    if not viewer.is_administrator:
        raise WarehouseError("Only an administrator may change this. Ask one to do it.")
    return change_own(viewer, work, **values)


def change_own(viewer: access.Viewer, work: Callable[..., Done], **values: object) -> Done:
    """The same for what belongs to the person alone, such as saved views: nobody else sees it, so everybody may."""
    with access.change(_engine(warehouse.database_url()), viewer.scope_name) as connection:
        return work(connection, **values)


def kept(name: str, make: Callable[[], Done]) -> Done:
    """What `make` gave when this was first asked for in this tab, until `forget` lets go of it."""
    key = f"kept-{name}"
    if key not in st.session_state:
        st.session_state[key] = make()
    found: Done = st.session_state[key]
    return found


def forget(name: str) -> None:
    """Lets go of what was kept under this name; the next `kept` makes it anew."""
    st.session_state.pop(f"kept-{name}", None)


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
        view_text=_view_words() if view_text is None else view_text,
        zone_name=zone_name,
        made_at=now(),
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
    said = [_view_words()] if lines is None else lines
    st.altair_chart(drawn, theme=None, key=key, alt=". ".join([told, *said]))
    caption = downloads.caption(told, said, zone_name=zone_name, made_at=now(), site_name=site_name)
    offers = downloads.chart_offers(drawn, caption, theme_name=theme_name())
    if frame is not None:
        about = downloads.about(
            frame, title=told, view_text=", ".join(said), zone_name=zone_name, made_at=now()
        )
        offers += downloads.table_offers(frame, about)
    _offer(name, offers, t("Download the chart"), key=f"chart-{key}")


def tell_view(text: str) -> None:
    """Keeps the view in words, for the files that are taken along while the address says the same."""
    st.session_state["view-words"] = (_chosen_here(), text)


def _chosen_here() -> tuple[str, frozenset[tuple[str, str]]]:
    """The page, and what its address says of days and of what is left in it."""
    params = st.query_params.to_dict()
    path = urlsplit(st.context.url or "").path
    return path, frozenset(params.items() - filters.beside(params).items())


def _view_words() -> str:
    """What is chosen, in words where the filter bar has told them; what else the address says stands after them."""
    params = st.query_params.to_dict()
    others = filters.beside(params)
    chosen, text = st.session_state.get("view-words", (None, ""))
    if chosen != _chosen_here():
        return downloads.view_of(params)
    return "; ".join([text, downloads.view_of(others)] if others else [text])


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
