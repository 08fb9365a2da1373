"""Agents and teams: what did each do, is the load fair, where is time lost, and what did one agent's day look like?"""

from __future__ import annotations

from dashboard import board, filter_bar, words
from dashboard.filters import Filters
from dashboard.people import agent_sections, agent_view
from dashboard.ui import layout
from dashboard.ui.moments import Moment
from dashboard.words import t

OFFERS = ("period", "comparison", "team", "agent", "queue", "site", "channel")


def filters(at: Moment) -> tuple[Filters, str] | None:
    if at.calm("agents", as_of=agent_sections.instant(at)).is_empty():
        return None
    chosen = filter_bar.choose(at, offers=OFFERS)
    return chosen, agent_sections.chosen_section()


def content(at: Moment, picked: tuple[Filters, str] | None) -> None:
    if picked is None:
        board.show(agent_view.nobody(has_agents=False), key="nobody")
        return
    chosen, section = picked
    if chosen.agent_id is not None:
        name_agent(at, chosen)
    if section != "day" and agent_sections.totals_of(at, chosen).is_empty():
        board.show(agent_view.nobody(has_agents=True), key="nobody")
        return
    agent_sections.SECTIONS[section](at, chosen)


def name_agent(at: Moment, chosen: Filters) -> None:
    """The agent's name and team over everything that follows."""
    agents = at.calm("agents", as_of=agent_sections.instant(at))
    for row in agents.filter(agents["agent_id"] == chosen.agent_id).iter_rows(named=True):
        days = words.days(chosen.first_date, chosen.last_date)
        board.show(agent_view.heading(row["agent_name"], row["team_name"], days), key="heading")


layout.page(t("Agents and teams"), content=content, filters=filters, refresh_seconds=30, needs="sources")
