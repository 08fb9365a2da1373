"""Agents and teams: what did each do, is the load fair, where is time lost, and what did one agent's day look like?"""

from __future__ import annotations

from dashboard import board, filter_bar, words
from dashboard.filters import Filters
from dashboard.people import agent_sections, agent_view
from dashboard.ui import layout, visit, whose
from dashboard.ui.moments import Moment
from dashboard.words import t

OFFERS = ("period", "comparison", "team", "agent", "queue", "site", "channel")
OFFERS_OF_ONE = ("period", "comparison", "queue", "channel")


def filters(at: Moment) -> tuple[Filters, str] | None:
    if at.calm("agents", as_of=agent_sections.instant(at)).is_empty():
        return None
    own = at.viewer.agent_id
    chosen = filter_bar.choose(at, offers=OFFERS if own is None else OFFERS_OF_ONE)
    if own is not None:
        chosen = chosen.changed(agent_id=own)
    return chosen, agent_sections.chosen_section()


def content(at: Moment, picked: tuple[Filters, str] | None) -> None:
    if picked is None:
        board.show(
            agent_view.nobody(has_agents=False)
            if whose.sees_everybody(at.viewer)
            else agent_view.nobody_seen(whose.line(at)),
            key="nobody",
        )
        return
    whose.tell(at)
    chosen, section = picked
    if chosen.agent_id is not None:
        name_agent(at, chosen)
    if section != "day" and agent_sections.totals_of(at, chosen).is_empty():
        board.show(agent_view.nobody(has_agents=True), key="nobody")
        return
    agent_sections.draw(at, section, chosen)


def name_agent(at: Moment, chosen: Filters) -> None:
    """The agent's name and team over everything that follows."""
    agents = at.calm("agents", as_of=agent_sections.instant(at))
    for row in agents.filter(agents["agent_id"] == chosen.agent_id).iter_rows(named=True):
        days = words.days(chosen.first_date, chosen.last_date)
        board.show(agent_view.heading(row["agent_name"], row["team_name"], days), key="heading")


title = t("Agents and teams") if visit.viewer().agent_id is None else t("My figures")
layout.page(title, content=content, filters=filters, refresh_seconds=30, needs="sources")
