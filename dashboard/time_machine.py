"""The time machine: a page as it was at an instant of the past, played, stepped through, or beside another day.

In: the address (`at`, `speed`, `beside`) and the present moment. Out: the moment that the page shows, the band
that says so, and what moves it: steps, days, play and pause, a slider over the day, the way back to now.
The rule it guards: an instant is site time, told with its offset, and never in the future; what the address names that
cannot be counts as the present; the wall clock, alerts and the health of sources stay those of the present.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import streamlit as st

from dashboard import board, words
from dashboard.ui import choices
from dashboard.ui.moments import Moment
from dashboard.words import t

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
OLDEST = 3660 * DAY
TURN_SECONDS = 1.0
ECHO_SECONDS = 5.0
TOLD, PLAYS, REFUSED = "time-told", "time-plays", "time-refused"
SPEEDS = ("1", "5", "15")
"""Minutes of the floor that pass in a second while the past is played."""

BESIDE: dict[str, int] = {"day_before": 1, "week_before": 7, "year_before": 364}
"""The days that can stand beside the one looked at, and how many days before it they lie."""


def written(instant: datetime, zone_name: str) -> str:
    """An instant as the address names it: site time to the minute, with its offset where the clock shows it twice."""
    local = instant.astimezone(words.zone(zone_name)).replace(second=0, microsecond=0)
    other = local.replace(fold=1 - local.fold)
    is_shown_twice = other.utcoffset() != local.utcoffset() and other.astimezone(UTC) != local.astimezone(UTC)
    kept = local if is_shown_twice else local.replace(tzinfo=None)
    return kept.isoformat(timespec="minutes")


def read(text: str, zone_name: str, *, now: datetime) -> datetime | None:
    """The instant that a text of an address names; None where it is none, not over yet, or more than ten years ago."""
    try:  # a plus sign that nobody encoded arrives as a space
        found = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
        placed = found.replace(tzinfo=words.zone(zone_name)) if found.tzinfo is None else found
        instant = placed.astimezone(UTC).replace(second=0, microsecond=0)
    except (ValueError, OverflowError):
        return None
    return instant if now - OLDEST <= instant < now else None


def offset_word(instant: datetime, zone_name: str) -> str:
    """How far the site's clock is ahead of UTC at an instant: "UTC+02:00"."""
    found = instant.astimezone(words.zone(zone_name)).strftime("%z")
    return f"UTC{found[:3]}:{found[3:5]}"


def on_day(instant: datetime, day_date: date, zone_name: str) -> datetime:
    """The same time of the site's clock on another day."""
    local = instant.astimezone(words.zone(zone_name))
    return datetime.combine(day_date, local.time(), local.tzinfo).astimezone(UTC)


@lru_cache(maxsize=32)
def minutes_of(day_date: date, zone_name: str) -> dict[str, str]:
    """Every minute of a local day as the address names it, with its label; a time shown twice carries its offset."""
    at, end = (words.day_start(words.shifted_day(day_date, days), zone_name) for days in (0, 1))
    instants = []
    while at < end:
        instants.append(at)
        at += MINUTE
    labels = [f"{one.astimezone(words.zone(zone_name)):%H:%M}" for one in instants]
    times = Counter(labels)
    return {
        written(one, zone_name): label if times[label] == 1 else f"{label} {offset_word(one, zone_name)}"
        for one, label in zip(instants, labels, strict=True)
    }


def asked(present: Moment) -> datetime | None:
    """The instant of the past that the address names; what cannot be shown leaves the address, and is said."""
    text = _said()
    if text is None:
        return None
    found = read(text, present.zone_name, now=present.now)
    if found is None:
        _to_now()
        choices.preset(REFUSED, text[:60])
    return found


def _said() -> str | None:
    """What the address says, unless this tab has just told it something else.

    A browser that lags behind sends the address of a moment ago with its next turn; it would undo a pause or a step.
    """
    text = st.query_params.get("at")
    told = choices.picked(TOLD)
    if told is None or time.monotonic() - told[1] > ECHO_SECONDS or text == told[0]:
        return text
    _tell(told[0])
    return str(told[0]) if told[0] else None


def _tell(text: str | None) -> None:
    """Writes the instant into the address; None for the present."""
    choices.preset(TOLD, (text, time.monotonic()))
    choices.preset(REFUSED, None)
    if text is None:
        st.query_params.pop("at", None)
    else:
        st.query_params["at"] = text


def is_playing() -> bool:
    """Whether this tab plays the past; an address that is passed on stands still."""
    return bool(choices.picked(PLAYS))


def beside_date(at: Moment) -> date | None:
    """The second day that the address names, `day_before`, `week_before`, `year_before` or a day; None for none."""
    text = st.query_params.get("beside")
    if text is None:
        return None
    if text in BESIDE:
        return words.shifted_day(at.today, -BESIDE[text])
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    present = words.local_day(at.present_at, at.zone_name)
    if found is None or not words.shifted_day(present, -3660) <= found <= present:
        st.query_params.pop("beside")
        return None
    return found


def sides(at: Moment) -> list[Moment]:
    """The moments that stand side by side at the same local time: the one looked at, and that of the second day.

    A second day on which that time is still to come gives no second moment. Raises WarehouseError.
    """
    day_date = beside_date(at)
    if day_date is None or day_date == at.today:
        return [at]
    instant = on_day(at.now, day_date, at.zone_name).replace(second=0, microsecond=0)
    return [at, at.back_at(instant)] if instant < at.present_at else [at]


class _Machine:
    """The time machine as a page takes it; what is shown stands in the address."""

    def turn(self, present: Moment) -> None:
        """Goes on by as many minutes as a second is to show; at the present the page is live again."""
        instant = asked(present)
        if instant is None or not is_playing():
            return
        step = int(choices.address("speed", list(SPEEDS))) * MINUTE
        _go(instant + step, present.now, present.zone_name)

    def chosen(self, present: Moment) -> Moment:
        """The moment that the address names. Raises WarehouseError."""
        instant = asked(present)
        return present if instant is None else present.back_at(instant)

    def refresh_seconds(self, at: Moment, usual_seconds: float) -> float | None:
        """Every second while the past is played; a past that stands still need not be drawn again."""
        if not at.is_past:
            return usual_seconds
        return TURN_SECONDS if is_playing() else None

    def draw(self, present: Moment, at: Moment) -> None:
        """The band and all that moves it; nothing at all in a present that stands alone."""
        if at.is_past:
            board.show(band(at), key="past")
        elif refused := choices.picked(REFUSED):
            board.show(refusal(str(refused)), key="past")
        if at.is_past or "beside" in st.query_params:
            _steps(present, at)
        if at.is_past:
            _slider(present, at)


MACHINE = _Machine()
"""What a page hands to `layout.page` as its `times`."""


def refusal(text: str) -> board.Block:
    """That the address named no instant that can be shown, so that nobody takes the present for the past."""
    return board.notice(
        "near",
        t("This is now, not the past that the address asked for."),
        t(
            "“{text}” is no instant that can be shown; expected one such as 2026-11-20T10:15, at most ten years ago.",
            text=text,
        ),
    )


def band(at: Moment) -> board.Block:
    """What says that this is the past: when, how long ago, and what of the page is not of then."""
    behind = int((at.present_at - at.now).total_seconds())
    return {
        "kind": "past",
        "word": t("The past"),
        "title": t(
            "{day}, {time} ({offset})",
            day=words.day(at.today),
            time=words.clock(at.now, at.zone_name),
            offset=offset_word(at.now, at.zone_name),
        ),
        "ago": t("{age} ago", age=words.age(behind)),
        "body": t(
            "Nothing below is live. Every figure counts what was known then: a call that still waited or was spoken counts "
            "as waiting or in progress. The clock above, alerts and the age of the data are of the present."
        ),
    }


def entry(at: Moment) -> None:
    """The button among a page's filters that begins the look back, at this very minute."""
    if not at.is_past and "beside" not in st.query_params:
        st.button(
            t("Time machine"),
            icon=":material/history:",
            type="tertiary",
            key="time-entry",
            help=t("See this page as it was at an instant of the past, step by step or played."),
            on_click=_begin,
            args=(at.now, at.zone_name),
        )


def _begin(now: datetime, zone_name: str) -> None:
    _play(False)
    _go(now - MINUTE, now, zone_name)


def _go(instant: datetime, now: datetime, zone_name: str) -> None:
    """Writes an instant into the address; one that is not over yet is the present."""
    if instant.replace(second=0, microsecond=0) >= now.replace(second=0, microsecond=0):
        _to_now()
    else:
        _tell(written(max(instant, now - OLDEST + DAY), zone_name))


def _to_now() -> None:
    _play(False)
    _tell(None)


def _step(instant: datetime, now: datetime, zone_name: str) -> None:
    """A step by hand; whoever steps has stopped the play."""
    _play(False)
    _go(instant, now, zone_name)


def _play(is_on: bool) -> None:
    choices.preset(PLAYS, is_on)


def _steps(present: Moment, at: Moment) -> None:
    """Day and minutes back and forth, play and pause, the speed, the second day, and the way back to now."""
    zone_name, now = at.zone_name, present.now
    plays = is_playing()
    day_back, day_on = (on_day(at.now, words.shifted_day(at.today, days), zone_name) for days in (-1, 1))

    def step(label: str, instant: datetime, *, key: str, icon: str | None = None) -> None:
        st.button(
            label,
            key=f"time-{key}",
            icon=icon and f":material/{icon}:",
            disabled=instant >= now + MINUTE,
            on_click=_step,
            args=(instant, now, zone_name),
        )

    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="time-steps"):
        if at.is_past:
            step(t("Day before"), day_back, key="day-back", icon="keyboard_double_arrow_left")
            step(t("15 min back"), at.now - 15 * MINUTE, key="quarter-back")
            step(t("1 min back"), at.now - MINUTE, key="minute-back")
            st.button(
                t("Pause") if plays else t("Play"),
                icon=":material/pause:" if plays else ":material/play_arrow:",
                type="primary",
                key="time-play",
                on_click=_play,
                args=(not plays,),
            )
            step(t("1 min on"), at.now + MINUTE, key="minute-on")
            step(t("15 min on"), at.now + 15 * MINUTE, key="quarter-on")
            step(t("Day after"), day_on, key="day-on", icon="keyboard_double_arrow_right")
            choices.choice(t("Speed"), {one: t("{n} min/s", n=one) for one in SPEEDS}, key="speed")
        _second_day(at)
        if at.is_past:
            st.button(t("Now"), icon=":material/sensors:", key="time-now", on_click=_to_now)


def _second_day(at: Moment) -> None:
    """The choice of the day that stands beside, and a calendar where it is one of the reader's own."""
    today = words.local_day(at.present_at, at.zone_name)
    options = {
        "none": t("No second day"),
        "day_before": t("beside the day before"),
        "week_before": t("beside a week before"),
        "year_before": t("beside 52 weeks before"),
        "own": t("beside another day"),
    }
    found = st.query_params.get("beside", "none")
    shown = found if found in options else "own"
    choices.preset("time-beside", shown)
    with st.container(width=230):
        st.selectbox(
            t("Second day"),
            list(options),
            format_func=lambda one: options[one],
            key="time-beside",
            label_visibility="collapsed",
            on_change=_choose_beside,
            args=(words.shifted_day(at.today, -7),),
        )
    if shown == "own":
        choices.preset("time-beside-day", beside_date(at) or today)
        with st.container(width=150):
            st.date_input(
                t("Second day"),
                max_value=today,
                format="DD/MM/YYYY",
                key="time-beside-day",
                label_visibility="collapsed",
                on_change=_choose_beside_day,
            )


def _choose_beside(first: date) -> None:
    found = choices.picked("time-beside")
    if found in (None, "none"):
        st.query_params.pop("beside", None)
    else:
        st.query_params["beside"] = first.isoformat() if found == "own" else str(found)


def _choose_beside_day() -> None:
    found = choices.picked("time-beside-day")
    if isinstance(found, date):
        st.query_params["beside"] = found.isoformat()


def _slider(present: Moment, at: Moment) -> None:
    """Every minute of the day looked at, as far as it is over."""
    zone_name = at.zone_name
    shown = minutes_of(at.today, zone_name)
    last = written(present.now, zone_name) if at.today == present.today else None
    names = list(shown)
    if last in shown:
        names = names[: max(2, names.index(last))]
    current = written(at.now, zone_name)
    current = current if current in names else names[-1]
    if is_playing():
        # While it moves by itself a browser that lags behind would send back where it stood, as if its reader had moved it.
        choices.preset("time-played", current)
        st.select_slider(
            t("Time of the day"), names, format_func=_label_of(shown), key="time-played", disabled=True,
            label_visibility="collapsed",
        )  # fmt: skip
        return
    choices.preset("time-slider", current)
    st.select_slider(
        t("Time of the day"),
        names,
        format_func=_label_of(shown),
        key="time-slider",
        label_visibility="collapsed",
        on_change=_slide,
    )


def _label_of(shown: dict[str, str]) -> Callable[[str], str]:
    return lambda name: shown.get(name, name)


def _slide() -> None:
    found = choices.picked("time-slider")
    if found:
        _play(False)
        _tell(str(found))
