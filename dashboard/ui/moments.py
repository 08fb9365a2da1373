"""How the floor stands at one moment: who looks, when, at which site, and what the warehouse answers them.

In: the questions of `queries.py` by name. Out: frames; while the warehouse fails, the last good ones with their age.
The rule it guards: a cached answer is keyed by the viewer's scope and plain values only, so that nobody is shown what
another may see; a warehouse that does not answer is waited for once.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

import polars as pl
import sqlalchemy as sa
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard import access, live, notices, queries, sums, words
from dashboard.audit import looks
from dashboard.ui import clock
from sql import audit, pages_login, warehouse
from sql.warehouse import WarehouseError

LIVE_QUESTIONS = (
    "live_queues",
    "live_totals",
    "live_agents",
    "source_health",
    "loader",
    "firing_alerts",
    "wall_messages",
)
SETTLED_QUESTIONS = ("queues", "sites")
PAST_QUESTIONS = ("live_queues", "live_totals", "live_agents")
SLOW_QUESTIONS = frozenset({"wall_top", "wall_satisfaction"})
LOOKS_SECONDS = 60.0
BEHIND_SECONDS = 6  # a snapshot older than this is no longer of this moment
_good = live.LastGood()
_good_past = live.LastGood()
"""Of instants of the past: apart, so that a replay neither stands in for the present nor drives its answers out."""
_own = sums.OwnAnswers()
_lookers: dict[str, dict[str | None, tuple[float, access.Viewer]]] = {}
_LOCK = threading.Lock()


def is_quiet() -> bool:
    """Whether the warehouse has just not answered somebody: whoever is known already does not wait for it now."""
    return _good.is_quiet


def heard_nothing(error: WarehouseError) -> None:
    """It did not answer who looks here: the questions of the page do not wait for it once more."""
    _good.heard_nothing(error)


@st.cache_resource(show_spinner=False)
def engine(url: str) -> sa.Engine:
    """The way to the warehouse that all pages share: one for each login."""
    return warehouse.open_engine(url, room=warehouse.PAGES)


def reading(url: str, viewer: access.Viewer) -> sa.Engine:
    """By which login this viewer is answered: the pages' own, which reads nothing before somebody has entered.

    It is the owner's where nobody signs in, and where a site gave its pages none; then the database refuses from the
    moment on at which the page has entered. What people change goes by the owner's login always (dashboard.ui.desk).
    """
    own = pages_login.address() if viewer.token is not None else None
    return engine(own or url)


def _answer(
    scope_name: str,  # noqa: ARG001 - with the question the key of what is kept
    question_name: str,
    arguments: tuple[tuple[str, object], ...],
    _viewer: access.Viewer,
) -> pl.DataFrame:
    """One answer for this viewer; kept for all of the same scope, who would be answered the same."""
    with access.transaction(reading(warehouse.database_url(), _viewer), _viewer) as connection:
        found: pl.DataFrame = queries.QUESTIONS[question_name](connection, **dict(arguments))
    return found


@st.cache_data(ttl=20, max_entries=64, show_spinner=False)
def _calm_answer(
    scope_name: str,
    question_name: str,
    arguments: tuple[tuple[str, object], ...],
    _viewer: access.Viewer,
) -> pl.DataFrame:
    return _answer(scope_name, question_name, arguments, _viewer)


@st.cache_data(ttl=300, max_entries=32, show_spinner=False)
def _slow_answer(
    scope_name: str,
    question_name: str,
    arguments: tuple[tuple[str, object], ...],
    _viewer: access.Viewer,
) -> pl.DataFrame:
    """What changes once a day, and costs a look at every contact of weeks."""
    return _answer(scope_name, question_name, arguments, _viewer)


@st.cache_data(ttl=60, max_entries=384, show_spinner=False)
def _past_answer(
    scope_name: str,
    question_name: str,
    arguments: tuple[tuple[str, object], ...],
    _viewer: access.Viewer,
) -> pl.DataFrame:
    """What a live question answers of an instant of the past; kept apart, so that nobody's present waits for it."""
    return _answer(scope_name, question_name, arguments, _viewer)


def live_questions(viewer: access.Viewer) -> tuple[str, ...]:
    """The questions about this second that this viewer can ask: a wall is answered sums alone."""
    return tuple(name for name in LIVE_QUESTIONS if viewer.role_name != "wall" or name != "live_agents")


def _ask_live(url: str, viewer: access.Viewer) -> live.Snapshot:
    """The floor as this viewer sees it."""
    return _asked(url, viewer, (*live_questions(viewer), *SETTLED_QUESTIONS))


def _ask_sums(url: str, viewer: access.Viewer) -> live.Snapshot:
    """The floor as everybody sees it who shares this viewer's sums."""
    if not sums.is_shared(viewer):
        return _ask_live(url, viewer)
    names = [name for name in live_questions(viewer) if name not in sums.ROWS]
    found = _asked(url, viewer, (*names, *SETTLED_QUESTIONS))
    return replace(found, answers=sums.common(viewer, found.answers))


def _asked(url: str, viewer: access.Viewer, names: Sequence[str]) -> live.Snapshot:
    at = clock.now()
    with access.transaction(reading(url, viewer), viewer) as connection:
        answers = queries.live(
            connection, (name for name in names if name not in SETTLED_QUESTIONS), as_of=at
        )
        answers |= {name: queries.QUESTIONS[name](connection) for name in names if name in SETTLED_QUESTIONS}
    return live.Snapshot(at, answers)


@st.cache_resource(show_spinner=False)
def _poller(url: str, scope_name: str) -> live.Poller:
    """One watch over the floor for all who are answered the same sums; it asks as whoever of them looked last."""
    listener = _listener(url)

    def ask() -> live.Snapshot:
        listener.wakes(poller)
        return _ask_as_looker(url, scope_name)

    poller = live.Poller(ask)
    return poller


@st.cache_resource(show_spinner=False)
def _listener(url: str) -> notices.Listener:
    """The ear of this process, by the pages' own login where they have one."""
    return notices.Listener(lambda: pages_login.address() or url)


def _ask_as_looker(url: str, scope_name: str) -> live.Snapshot:
    """The floor as whoever looked last of those who share the sums sees it; whoever was signed out is passed over.

    Raises SessionError where nobody is left: then nobody asks any more.
    """
    for viewer in _looking(scope_name):
        try:
            return _ask_sums(url, viewer)
        except access.SessionError:
            with _LOCK:
                _lookers.get(scope_name, {}).pop(viewer.token, None)
    raise access.SessionError("You are signed out: this session is over. Sign in again.")


def _looks(viewer: access.Viewer) -> None:
    with _LOCK:
        _lookers.setdefault(sums.scope_name(viewer), {})[viewer.token] = (time.monotonic(), viewer)


def _looking(scope_name: str) -> list[access.Viewer]:
    """Who of those who share the sums has looked within a minute, the last one first."""
    since = time.monotonic() - LOOKS_SECONDS
    with _LOCK:
        for name, lookers in list(_lookers.items()):
            kept = {token: looked for token, looked in lookers.items() if looked[0] >= since}
            _lookers[name] = kept
            if not kept:
                del _lookers[name]
        found = sorted(_lookers.get(scope_name, {}).values(), key=lambda looked: looked[0], reverse=True)
    return [viewer for _, viewer in found]


def poller_of(viewer: access.Viewer) -> live.Poller:
    """The watch over the floor that this viewer shares with all who are answered the same sums.

    Calling it counts as looking: whoever subscribes for long calls it again at least every half minute, as otherwise
    nobody is left as whom the poller can ask.
    """
    _looks(viewer)
    return _poller(warehouse.database_url(), sums.scope_name(viewer))


def of_snapshot(viewer: access.Viewer, snapshot: live.Snapshot) -> Moment:
    """The floor of a snapshot that a poller of this viewer gave, as the viewer sees it: what is theirs alone is asked
    only where it is looked at. Counts as looking."""
    _looks(viewer)
    return Moment(viewer, snapshot, clock.now(), is_shared=sums.is_shared(viewer))


@dataclass(frozen=True, slots=True)
class Moment:
    """One run of a page: who looks, when, at which site, and how the floor stands."""

    viewer: access.Viewer
    snapshot: live.Snapshot = field(repr=False)
    present_at: datetime
    is_past: bool = False
    """Whether the reader looks back: `now` is an instant of the past, and nothing shown of the floor is live."""
    is_shared: bool = False
    """Whether the snapshot holds only what others are answered, too; the rest is asked when it is looked at."""
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
        limit = BEHIND_SECONDS * max(1.0, clock.speed())
        is_behind = self.behind_seconds > limit and not self.is_past
        return self.snapshot.failure is not None or is_behind

    @property
    def speed(self) -> float:
        """How many seconds of what is shown pass in one second: the past stands still."""
        return 0.0 if self.is_past else clock.speed()

    def passed(self, window: Mapping[str, datetime]) -> dict[str, datetime]:
        """The window of a question without what comes after an instant of the past; in the present as it is."""
        start, end = window["window_start"], window["window_end"]
        return {"window_start": start, "window_end": max(start, min(end, self.now)) if self.is_past else end}

    def back_at(self, instant: datetime) -> Moment:
        """The floor as it stood at that instant; what is told of sources and of the loader stays that of the present.

        Raises WarehouseError.
        """
        answers = {
            name: self._answer_or_last_good(_past_answer, name, {"as_of": instant})
            for name in PAST_QUESTIONS
            if name in live_questions(self.viewer)
        }
        snapshot = replace(self.snapshot, taken_at=instant, answers={**self.snapshot.answers, **answers})
        return replace(self, snapshot=snapshot, is_past=True, is_shared=False)

    def live(self, question_name: str) -> pl.DataFrame:
        """The answer of a question about this second; without a column where this viewer cannot ask it."""
        known = self.snapshot.answers.get(question_name, pl.DataFrame())
        if not self.is_shared or question_name not in sums.own_questions(self.viewer):
            return known
        return sums.joined(question_name, known, self._own_answers()[question_name])

    def _own_answers(self) -> Mapping[str, pl.DataFrame]:
        """What of the floor is this viewer's alone to see, some seconds old; the last good one while the warehouse fails."""
        url, names = warehouse.database_url(), sums.own_questions(self.viewer)

        def ask() -> Mapping[str, pl.DataFrame]:
            if self.snapshot.failure is not None:
                raise live.again(self.snapshot.failure)
            return _asked(url, self.viewer, names).answers

        lookers = len(_lookers.get(sums.scope_name(self.viewer), ()))
        return _own.of(self.viewer, ask, lookers=lookers)

    def calm(self, question_name: str, **arguments: object) -> pl.DataFrame:
        """The answer of a question that may be 20 seconds old; of whole days five minutes."""
        ask = _slow_answer if question_name in SLOW_QUESTIONS else _calm_answer
        return self._answer_or_last_good(ask, question_name, arguments)

    def fresh(self, question_name: str, **arguments: object) -> pl.DataFrame:
        """The answer of a question about something that the reader has just changed."""
        return self._answer_or_last_good(_answer, question_name, arguments)

    def _answer_or_last_good(
        self, ask: Callable[..., pl.DataFrame], question_name: str, arguments: Mapping[str, object]
    ) -> pl.DataFrame:
        """The answer; while the warehouse fails, the last one to the same question of this scope, if there is one."""
        given = tuple(sorted(arguments.items()))
        is_past = self.is_past or ask is _past_answer
        # "As of now" is one question, whichever second it was asked in; as of an hour that was chosen is another.
        same = given if is_past else tuple((name, self._days_ago(value) or value) for name, value in given)
        is_alike, failure = question_name in sums.ALIKE, self.snapshot.failure
        scope_name = sums.scope_name(self.viewer) if is_alike else self.viewer.scope_name

        def answer() -> pl.DataFrame:
            silence = failure or next(iter(self.silences), None)
            if silence is not None:  # asking the warehouse again would keep the reader waiting
                raise live.again(silence)
            try:
                return ask(scope_name, question_name, given, self.viewer)
            except WarehouseError as error:
                if error.is_transient:
                    self.silences.append(error)
                raise

        found = (_good_past if is_past else _good).of((scope_name, question_name, same), answer)
        is_answering = failure is None and not self.silences
        looks.note(
            engine(warehouse.database_url()), self.viewer, question_name, arguments, found,
            place_text=place(), is_answering=is_answering,
        )  # fmt: skip
        return found

    def _days_ago(self, value: object) -> str | None:
        """Of an instant that moves with the clock, how many days it lies back; None for every other value."""
        if not isinstance(value, datetime):
            return None
        behind = self.now - value
        days = round(behind / timedelta(days=1))
        is_moving = abs(behind - timedelta(days=days)) <= timedelta(seconds=60 * max(1.0, clock.speed()))
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


def place() -> str:
    """The page that is being shown, as the path of its address; what is not drawn by Streamlit says where it acts."""
    if get_script_run_ctx(suppress_warning=True) is None:  # Streamlit would log a warning each time
        return audit.acting_now().place_text
    url = st.context.url
    return urlsplit(url).path if isinstance(url, str) else audit.acting_now().place_text


def moment(viewer: access.Viewer) -> Moment:
    """The floor as it stands; raises WarehouseError where the warehouse cannot answer."""
    if os.environ.get("FLOORBOARD_NOW"):  # a clock that stands needs nobody to watch it
        return Moment(viewer, _ask_live(warehouse.database_url(), viewer), clock.now())
    return of_snapshot(viewer, poller_of(viewer).latest())
