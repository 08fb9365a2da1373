"""The tiles about agents: what they do now, and who is in one state for too long.

In: the floor at one instant. Out: the tiles' part of the payload.
The rule it guards: an agent's name stands only on a wall whose viewer sees single agents, and only where the site's policy
lets such figures exist; all others are told how many, or why not.
"""

from __future__ import annotations

import polars as pl

from dashboard import board as blocks
from dashboard import withheld, words
from dashboard.board import Block, Row
from dashboard.calls import floor_view
from dashboard.privacy import privacy_view
from dashboard.privacy.families import off_labels
from dashboard.ui import whose
from dashboard.wall import news
from dashboard.wall.boards import Tile
from dashboard.wall.tile_parts import NOT_AGENTS, Drawn, Kind, Scene, of_all_queues, options, unknown
from dashboard.words import t, t_count

LONGEST = {"wrap_up": 120.0, "on_contact": 900.0, "paused": 1800.0}
"""After how many seconds a state is too long, where the tile says nothing else."""
MOST_PEOPLE = 12


def agents_by_state(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """How many agents are in each state: all of them, those of the wall's one queue, or those of its team."""
    label = t("Agents")
    if scene.wall.team_id is not None:
        found, why = _of_team(scene)
    else:
        row = _crew_row(scene)
        found, why = {name: row[f"{name}_agents"] for name in floor_view.STATE_ORDER}, withheld.why(row)
        if not why and None in found.values():  # of a queue so new that nobody has told how many
            why = t("Unknown")
    if why:
        return {**unknown(label, why, kind="states"), "items": []}
    counts = {name: count for name, count in found.items() if name != "ringing" or count}
    is_part = scene.wall.queue_text and scene.wall.team_id is None and scene.queues.height != 1
    return {
        "kind": "states",
        "label": label,
        **blocks.status("none", ""),
        "value": words.number(sum(counts.values())),
        "items": [_state(name, count) for name, count in counts.items()] if any(counts.values()) else [],
        "nothing": "" if any(counts.values()) else t("Nobody is signed in right now."),
        "more": t("of all queues: an agent may serve several") if is_part else "",
    }


def _crew_row(scene: Scene) -> Row:
    """The row that tells of the agents: the one queue's that the wall is made for, else the whole floor's."""
    if scene.wall.queue_text and scene.queues.height == 1:
        return scene.queues.row(0, named=True)
    return scene.at.live("live_totals").row(0, named=True)


def _of_team(scene: Scene) -> tuple[dict[str, int], str]:
    """The states of the wall's team, and why they cannot be told."""
    if why := _team_why(scene) or off_text(scene):
        return {}, why
    agents = of_wall(scene)
    return {name: agents.filter(pl.col("state_name") == name).height for name in floor_view.STATE_ORDER}, ""


def _team_why(scene: Scene) -> str:
    """Why the agents of the wall's team cannot be told: this viewer does not see all of them; empty where they can."""
    viewer, team_id = scene.at.viewer, scene.wall.team_id
    if team_id is None or team_id in viewer.team_ids:
        return ""
    if whose.sees_everybody(viewer):  # "nobody is in one state for too long" would be no answer
        return (
            ""
            if scene.team_name
            else t("There is no team {n}. Change team= in the wall's address.", n=team_id)
        )
    return t(
        "The states of one team are told to whoever sees its agents. Take team= out of the wall's address."
    )


def off_text(scene: Scene) -> str:
    """Why agents are not told one by one, where the site's policy does not let them."""
    return privacy_view.off_line(off_labels(scene.at.calm("individual_figures"), "live_states"))


def of_wall(scene: Scene) -> pl.DataFrame:
    """The agents who are signed in and whom this viewer sees: those of the wall's team, where it has one."""
    agents = scene.at.live("live_agents")
    if scene.wall.team_id is None or agents.is_empty():
        return agents
    return agents.filter(pl.col("team_name") == (scene.team_name or ""))


def _state(state_name: str, count: int, *, long: int = 0) -> Block:
    return {
        "state": state_name,
        "shape": floor_view.STATE_SHAPES[state_name],
        "word": floor_view.state_word(state_name),
        "count": words.number(count),
        **({"long": long, "long_text": t("{n} too long", n=words.number(long))} if long else {}),
    }


def long_states(scene: Scene, tile: Tile) -> Drawn:
    """Who is in a state for too long, by name for whoever sees names, else how many of how many."""
    limits = options(tile, LONGEST)
    if why := _team_why(scene):
        return {**unknown(_label(), why, kind="states"), "items": []}
    if not whose.sees_persons(scene.at.viewer):
        return _how_many(scene, limits)
    if off := off_text(scene):
        return {**unknown(_label(), off, kind="states"), "items": []}
    return _who(scene, limits)


def _label() -> str:
    return t("Too long")


def _limits_texts(scene: Scene, limits: dict[str, float]) -> list[str]:
    told = t(
        "longer than: {limits}",
        limits=", ".join(
            f"{floor_view.state_word(name).lower()} {words.duration(seconds)}"
            for name, seconds in limits.items()
        ),
    )
    return [told, *of_all_queues(scene)]


def _who(scene: Scene, limits: dict[str, float]) -> Drawn:
    found = [
        row
        for row in of_wall(scene).iter_rows(named=True)
        if row["state_name"] in limits and row["state_seconds"] > limits[row["state_name"]]
    ]
    found.sort(key=lambda row: (row["state_started_at"], row["agent_name"], row["agent_id"]))
    return {
        "kind": "states",
        "label": _label(),
        **blocks.status("near" if found else "good", "" if found else t("Nobody")),
        "value": words.number(len(found)),
        "items": [],
        "people": [
            {
                "key": str(row["agent_id"]),
                "name": words.name(row["agent_name"]),
                "state": row["state_name"],
                "shape": floor_view.STATE_SHAPES[row["state_name"]],
                "word": " · ".join(
                    part for part in (floor_view.state_word(row["state_name"]), row["reason_name"]) if part
                ),
                "since_ms": blocks.milliseconds(row["state_started_at"]),
            }
            for row in found[:MOST_PEOPLE]
        ],
        "nothing": "" if found else t("Nobody is in one state for too long."),
        "more": " · ".join(
            [
                *(
                    [t_count("and {n} more", "and {n} more", len(found) - MOST_PEOPLE)]
                    if len(found) > MOST_PEOPLE
                    else []
                ),
                *_limits_texts(scene, limits),
                *([line] if (line := whose.line(scene.at)) else []),
            ]
        ),
    }


def _how_many(scene: Scene, limits: dict[str, float]) -> Drawn:
    asked = {f"{name}_seconds": int(seconds) for name, seconds in limits.items()}
    answer = scene.at.calm(
        "live_long_states", as_of=scene.whole(news.CALM_SECONDS["live_long_states"]), **asked
    )
    found = news.long_states(answer)
    kept = next((one for one in found if one.withheld_name), None)
    if kept is not None:
        why = withheld.sentence(kept.withheld_name, kept.fewest_agents)
        return {**unknown(_label(), why, kind="states"), "items": []}
    states = [one for one in found if one.state_name in limits]
    total = sum(one.long_agents or 0 for one in states)
    return {
        "kind": "states",
        "label": _label(),
        **blocks.status("near" if total else "good", "" if total else t("Nobody")),
        "value": words.number(total),
        "items": [_state(one.state_name, one.agents or 0, long=one.long_agents or 0) for one in states],
        "nothing": "" if states else t("Nobody is in one state for too long."),
        "more": " · ".join(_limits_texts(scene, limits)),
    }


KINDS = (
    Kind(
        "agents_by_state",
        "Agents by state",
        "How many agents are available, on a contact, in wrap-up and paused.",
        agents_by_state,
        least_width=3,
        questions=("live_totals", "live_queues", "live_agents"),
    ),
    Kind(
        "long_states",
        "Too long in one state",
        "Who is in wrap-up, on a contact or paused for longer than you set; on a display how many.",
        long_states,
        audiences=NOT_AGENTS,
        least_width=3,
        questions=("live_agents", "individual_figures", "live_long_states"),
        options=tuple(LONGEST),
    ),
)
