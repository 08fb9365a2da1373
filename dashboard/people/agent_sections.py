"""The sections of Agents and teams: figures, time, schedules, service, fairness, and the day as lanes.

In: the moment and what the reader has chosen. Out: the blocks and downloads of one section.
The rule it guards: a section asks only its own questions, all of them with the same window and narrowing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.filters import OWN_DAYS, Filters
from dashboard.people import (
    agent_deed_view,
    agent_lane_view,
    agent_service_view,
    agent_ticket_view,
    agent_time_view,
    agent_view,
)
from dashboard.privacy import privacy_view
from dashboard.privacy.families import off_labels
from dashboard.ui import choices, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

ROUTING_DAYS = 28
"""Who stood by at each contact is counted for so many days at most: it takes a look at every agent for every contact."""
STEP_SECONDS = 30  # all tabs ask about the same instant, and so share the answer
TIME_WORDS = ("team_id", "site_name", "agent_id")
CALL_WORDS = ("queue_id", "group_name", "channel_name", "topic_name", *TIME_WORDS)


def instant(at: Moment) -> datetime:
    """The present in steps, so that tabs share their answers."""
    return at.now - timedelta(seconds=at.now.timestamp() % STEP_SECONDS)


def window(at: Moment, chosen: Filters) -> dict[str, Any]:
    """The window of every question of the page."""
    return {**chosen.window(at.zone_name), "as_of": instant(at)}


def totals_of(at: Moment, chosen: Filters) -> pl.DataFrame:
    """What each chosen agent did; no row where nobody did anything."""
    return at.calm("agent_totals", **window(at, chosen), **chosen.narrowed(*CALL_WORDS))


def before_of(at: Moment, chosen: Filters) -> Mapping[str, Any] | None:
    """All chosen agents together in the time that the view stands beside; None without a comparison."""
    beside = chosen.compared()
    if beside is None:
        return None
    found = totals_of(at, beside)
    return None if found.is_empty() else agent_view.together(found)


def _whole(at: Moment, chosen: Filters, totals: pl.DataFrame) -> Mapping[str, Any]:
    """All chosen agents in one; made of their teams where the policy lets a figure not exist for single agents."""
    if chosen.agent_id is None and off_labels(at.calm("individual_figures"), *FAMILIES["figures"]):
        totals = at.calm("team_totals", **window(at, chosen), **chosen.narrowed(*CALL_WORDS))
    return agent_view.together(totals)


def figures(at: Moment, chosen: Filters) -> None:
    """Tiles, teams and agents in calls and tickets."""
    totals = totals_of(at, chosen)
    tiles = agent_view.agent_tiles(
        _whole(at, chosen, totals),
        before_of(at, chosen),
        chosen,
        whose=agent_ticket_view.whose_all(totals, chosen),
    )
    if tiles:
        board.show({"kind": "tiles", "tiles": tiles}, key="tiles")
    if chosen.agent_id is None:
        teams = at.calm("team_totals", **window(at, chosen), **chosen.narrowed(*CALL_WORDS))
        if teams.height > 1:
            tickets = agent_ticket_view.whose_teams(totals)
            board.show(agent_view.team_table(teams, filters=chosen, tickets=tickets), key="teams")
            download(at, teams, chosen, "teams")
    if len(off_labels(at.calm("individual_figures"), *FAMILIES["figures"])) == len(FAMILIES["figures"]):
        return  # a list of agents would say who was there, and nothing else
    order = "name"
    if totals.height > 1:
        with st.container(width=240):
            order = choices.choice(t("Order"), agent_view.orders(), key="order", kind="list")
    board.show(agent_view.agent_table(agent_view.ordered(totals, order), filters=chosen), key="agents")
    download(at, totals, chosen, "agents")


def time(at: Moment, chosen: Filters) -> None:
    """Where signed-in time went, why people paused, and who was too busy for too long."""
    totals = totals_of(at, chosen)
    scope = chosen.narrowed(*TIME_WORDS)
    strain = at.calm("agent_strain", **window(at, chosen), **scope)
    if notice := agent_time_view.strain_notice(strain):
        board.show(notice, key="strain")
    if chosen.narrowed("queue_id", "channel_name"):
        board.show(
            board.notice(
                "none",
                t("Time is not split by queue or channel."),
                t(
                    "Who is available is so for all of his queues; the seconds below are those of the whole day."
                ),
            ),
            key="whole",
        )
    board.show(agent_time_view.time_table(totals, strain, filters=chosen), key="time")
    download(at, totals, chosen, "agent-time")
    pauses = at.calm("agent_pauses", **window(at, chosen), **scope)
    board.show(agent_time_view.pause_table(pauses, totals, filters=chosen), key="pauses")
    download(at, pauses, chosen, "pauses")


def schedule(at: Moment, chosen: Filters) -> None:
    """Adherence, conformance, shrinkage and absence."""
    scope = chosen.narrowed(*TIME_WORDS)
    found = at.calm("agent_schedules", **window(at, chosen), **scope)
    if found.height:
        tiles = agent_time_view.schedule_tiles(agent_view.together(found), chosen)
        board.show({"kind": "tiles", "tiles": tiles}, key="schedule-tiles")
    teams = at.calm("team_schedules", **window(at, chosen), **scope)
    if teams.height > 1 and chosen.agent_id is None:
        board.show(agent_time_view.team_schedule_table(teams, filters=chosen), key="team-schedules")
    board.show(agent_time_view.schedule_table(found, filters=chosen), key="schedules")
    download(at, found, chosen, "schedules")


def service(at: Moment, chosen: Filters) -> None:
    """What customers made of the contacts: FCR, repeats, CSAT, short calls, rings not answered."""
    found = at.calm("agent_service", **window(at, chosen), **chosen.narrowed(*CALL_WORDS))
    routing, seen = routing_of(at, chosen)
    if found.height > 1:
        with st.container(width=240):
            order = choices.choice(t("Order"), agent_service_view.orders(), key="by", kind="list")
        found = agent_service_view.ordered(found, order)
    board.show(
        agent_service_view.service_table(found, totals_of(at, chosen), routing, filters=chosen, seen=seen),
        key="service",
    )
    download(at, found, chosen, "service")


def fairness(at: Moment, chosen: Filters) -> None:
    """Idle time, contacts per available hour, longest idle first, the same agent again."""
    routing, seen = routing_of(at, chosen)
    if seen != chosen:
        days = words.days(seen.first_date, seen.last_date)
        title = t("The last {n} days of the period are shown.", n=ROUTING_DAYS)
        body = t("Who stood by at each contact is counted for {days} only.", days=days)
        board.show(board.notice("none", title, body), key="routing-days")
    found = at.calm("agent_service", **window(at, seen), **chosen.narrowed(*CALL_WORDS))
    tiles = agent_service_view.fairness_tiles(routing, found, seen)
    if tiles:
        board.show({"kind": "tiles", "tiles": tiles}, key="fairness-tiles")
    totals = totals_of(at, seen)
    board.show(agent_service_view.fairness_table(routing, totals, found, filters=seen), key="fairness")
    download(at, routing, chosen, "fairness")


def routing_of(at: Moment, chosen: Filters) -> tuple[pl.DataFrame, Filters]:
    """How contacts were shared out, and the view that it is of: at most the last weeks of a long period."""
    first = max(chosen.first_date, words.shifted_day(chosen.last_date, 1 - ROUTING_DAYS))
    seen = chosen
    if first != chosen.first_date:
        seen = chosen.changed(period_name=OWN_DAYS, first_date=first)
    return at.calm("agent_routing", **window(at, seen), **chosen.narrowed(*CALL_WORDS)), seen


def day(at: Moment, chosen: Filters) -> None:
    """The last day of the view as lanes: of one agent over midnight, of all others side by side."""
    span = agent_lane_view.whole_day(chosen.last_date, at.zone_name)
    midnight = span[1]
    wide = {"window_start": span[0], "window_end": midnight + agent_lane_view.LONGEST_NIGHT}
    only = chosen.narrowed("agent_id")
    shifts = _of_chosen(at, chosen, at.calm("agent_shifts", **wide, **only))
    lanes = _of_chosen(at, chosen, at.calm("agent_lanes", **wide, as_of=instant(at), **only))
    if chosen.agent_id is not None:
        span = agent_lane_view.with_night(span, lanes, shifts)
    lanes, shifts = (agent_lane_view.within(frame, span) for frame in (lanes, shifts))
    span = agent_lane_view.trimmed(span, lanes, shifts)
    with st.container(width=240):
        hour = choices.choice(t("Hours"), agent_lane_view.hours(span, at.zone_name), key="hour", kind="list")
    drawn = agent_lane_view.zoomed(span, hour)
    calls = None
    if chosen.agent_id is not None:
        calls = at.calm("agent_calls", agent_id=chosen.agent_id, window_start=drawn[0], window_end=drawn[1],
                        as_of=instant(at))  # fmt: skip
    title = t("Who was where, {day}", day=words.day(chosen.last_date))
    block = agent_lane_view.lanes_block(lanes, shifts, calls, span=drawn, midnight=midnight, as_of=instant(at),
                                        zone_name=at.zone_name, filters=chosen, title=title)  # fmt: skip
    board.show(block, key="lanes")
    if chosen.agent_id is not None:
        board.show(agent_lane_view.state_table(lanes, span=drawn, zone_name=at.zone_name), key="states")
        download(at, lanes, chosen, "states")
        deeds = at.calm("agent_day", agent_id=chosen.agent_id, day_date=chosen.last_date, as_of=instant(at))
        board.show(agent_deed_view.day_table(deeds, zone_name=at.zone_name), key="day")
        download(at, deeds, chosen, "day")


def _of_chosen(at: Moment, chosen: Filters, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of the agents of the chosen team and site on that day."""
    if chosen.team_id is None and chosen.site_name is None:
        return frame
    last_at = words.day_start(words.shifted_day(chosen.last_date, 1), at.zone_name) - timedelta(seconds=1)
    agents = at.calm("agents", as_of=min(last_at, instant(at)))
    if chosen.team_id is not None:
        agents = agents.filter(pl.col("team_id") == chosen.team_id)
    if chosen.site_name is not None:
        agents = agents.filter(pl.col("site_name").fill_null("") == chosen.site_name)
    return frame.join(agents.select("agent_id"), on="agent_id", how="semi")


def download(at: Moment, frame: pl.DataFrame, chosen: Filters, name: str) -> None:
    """Offers the table as files."""
    if frame.height:
        take_along.download(frame, file_name=f"{name}-{chosen.last_date.isoformat()}", zone_name=at.zone_name)


def section_words() -> dict[str, str]:
    """What each section is called, by its name in the address."""
    return {
        "figures": t("Figures"),
        "time": t("Time and pauses"),
        "schedule": t("Schedule"),
        "service": t("Customers"),
        "fairness": t("Fair share"),
        "day": t("The day"),
    }


SECTIONS: Mapping[str, Callable[[Moment, Filters], None]] = {
    "figures": figures,
    "time": time,
    "schedule": schedule,
    "service": service,
    "fairness": fairness,
    "day": day,
}


FAMILIES = {
    "figures": ("handled_contacts", "handle_time", "states", "tickets"),
    "time": ("states",),
    "schedule": ("adherence",),
    "service": ("resolution", "ratings", "handled_contacts", "fair_share"),
    "fairness": ("fair_share", "resolution", "handled_contacts"),
    "day": ("states", "adherence", "handled_contacts"),
}
"""Of which families of figures of single agents each section is made."""


def draw(at: Moment, section: str, chosen: Filters) -> None:
    """The section, and above it what of it the site's policy does not let exist for single agents.

    Where all of it is off and nothing of it is told of teams, that alone is said.
    """
    off = off_labels(at.calm("individual_figures"), *FAMILIES[section])
    is_all_off = len(off) == len(FAMILIES[section])
    is_alone = is_all_off and (section not in OF_TEAMS or chosen.agent_id is not None)
    if notice := privacy_view.off_notice(off, is_alone=is_alone):
        board.show(notice, key="policy")
    if not is_alone:
        SECTIONS[section](at, chosen)


OF_TEAMS = ("figures", "schedule")
"""The sections that tell of teams what they do not tell of single agents."""


def chosen_section() -> str:
    """The section that the reader has chosen; the address keeps it."""
    with st.container(key="sections"):
        return choices.choice(t("Section"), section_words(), key="view")
