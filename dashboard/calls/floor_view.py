"""The live floor: tiles over all queues, a card per queue, and the agents by state.

In: the live questions' frames for one instant. Out: one block that the browser changes in place.
The rule it guards: nothing moves by itself: queues stand by name, agents by state and name, whatever their
figures.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

import polars as pl

from dashboard import board, withheld, words
from dashboard.board import Block, Row
from dashboard.words import t, t_count
from sql import metrics

STATE_ORDER = ("ringing", "on_contact", "wrap_up", "available", "paused")
STATE_SHAPES = {
    "ringing": "diamond",
    "on_contact": "square",
    "wrap_up": "half",
    "available": "circle",
    "paused": "bars",
}


def side_heading(as_of: datetime, *, zone_name: str) -> Block:
    """The title over one of two floors that stand side by side."""
    day_text = words.day(words.local_day(as_of, zone_name))
    return {"kind": "section", "title": day_text, "lead": words.clock(as_of, zone_name), "legend": []}


def behind_now(
    of_name: str, as_of: datetime, *, queue_id: int | None = None, last_seconds: int | None = None
) -> str:
    """The address of the calls behind a number of the floor, as they stood at this instant."""
    more = {"queue": queue_id, "last": last_seconds}
    given = {name: value for name, value in more.items() if value is not None}
    return f"contacts?{urlencode({'of': of_name, 'as_of': as_of.isoformat(), **given})}"


def state_word(state_name: str) -> str:
    """The reader's word for an agent's state."""
    known = {
        "ringing": t("Ringing"),
        "on_contact": t("On contact"),
        "wrap_up": t("Wrap-up"),
        "available": t("Available"),
        "paused": t("Paused"),
    }
    return known.get(state_name, state_name)


def live_tiles(totals: Row, *, as_of: datetime) -> list[Block]:
    """The tiles over all queues: waiting, service level, in progress, answer speed, abandonment, agents by
    state."""
    n = totals["decided_calls"]
    oldest = totals["oldest_wait_seconds"]
    waiting = board.count_tile("waiting", t("Waiting now"), totals["waiting_calls"])
    if oldest is None:
        waiting["more"] = t("nobody waits")
    else:
        waiting["since"] = {
            "before": t("longest for"),
            "at": board.milliseconds(as_of) - oldest * 1000,
            "text": words.duration(oldest),
        }
    states = {name: totals[f"{name}_agents"] for name in STATE_ORDER}
    kept = withheld.of(totals)
    signed_in = None if kept else sum(states.values())
    abandoned, n_abandonable = metrics.metric("abandonment_ratio").counts(totals)
    tiles: list[Block] = [
        board.service_level_tile(
            totals,
            n,
            label=t("Service level today"),
            reason=t("Unknown: no call has been decided today."),
            mixed=t(
                "The queues count by different formulas, so they have no common service level; each queue's "
                "card shows its own."
            ),
        ),
        waiting,
        board.count_tile(
            "in_progress",
            t("In progress"),
            totals["in_progress_calls"],
            more=t_count("{n} offered today", "{n} offered today", totals["offered_calls"]),
        ),
        board.plain_tile(
            "average_speed_of_answer_seconds",
            totals,
            n=totals["answered_calls"],
            basis=t_count("today, {n} answered", "today, {n} answered", totals["answered_calls"]),
            reason=t("Unknown: no call has been answered today."),
        ),
        board.plain_tile(
            "abandonment_ratio",
            totals,
            n=n_abandonable,
            basis=t(
                "today, {abandoned} of {n}, short ones left out",
                abandoned=words.number(abandoned),
                n=words.number(n_abandonable),
            ),
            reason=t("Unknown: no call has been offered today."),
        ),
        {
            **board.count_tile("agents", t("Agents signed in"), signed_in, units=2),
            "strip": [board.status("none", kept)]
            if kept
            else [
                crew_mark(name, states[name], as_of)
                for name in STATE_ORDER
                if name != "ringing" or states[name]
            ],
            **({"tip": withheld.why(totals)} if kept else {}),
            "here": behind_now("signed_in_agents", as_of) if signed_in else None,
        },
    ]
    leading = {
        "waiting": "waiting_calls",
        "in_progress": "in_progress_calls",
        "service_level": "service_level_ratio",
    }
    ratios = {name: name for name in ("average_speed_of_answer_seconds", "abandonment_ratio")}
    for tile in tiles:
        if of_name := (leading | ratios).get(tile["key"]):
            tile["here"] = behind_now(of_name, as_of)
    return tiles


def crew_mark(state_name: str, agents: int, as_of: datetime, *, queue_id: int | None = None) -> Block:
    """A count of agents in a state: shape, number and word; it leads to those agents."""
    return {
        "here": behind_now(f"{state_name}_agents", as_of, queue_id=queue_id) if agents else None,
        "state": state_name,
        "shape": STATE_SHAPES[state_name],
        "word": f"{words.number(agents)} {state_word(state_name).lower()}",
    }


def queue_card(row: Row, *, as_of: datetime, names_formula: bool) -> Block:
    """One queue now and today, ready to draw; it names its formula where the queues count by different
    ones."""
    level, target = row["service_level_ratio"], row["service_level_target_ratio"]
    oldest = row["oldest_wait_seconds"]
    shown = words.ratio(level, against=target)
    return {
        "id": row["queue_id"],
        "name": words.name(row["queue_name"]),
        "group": row["group_name"],
        "status": board.against_target(level, target),
        "waiting": words.number(row["waiting_calls"]),
        "is_idle": not row["waiting_calls"],
        "is_late": oldest is not None and oldest > row["service_level_threshold_seconds"],
        "oldest": None
        if oldest is None
        else {"at": board.milliseconds(as_of) - oldest * 1000, "text": words.duration(oldest)},
        "oldest_none": words.UNKNOWN,
        "in_progress": words.number(row["in_progress_calls"]),
        "level": shown,
        "leads": {
            name: behind_now(of_name, as_of, queue_id=row["queue_id"])
            for name, of_name, found in (
                ("waiting", "waiting_calls", row["waiting_calls"]),
                ("in_progress", "in_progress_calls", row["in_progress_calls"]),
                ("level", "service_level_ratio", row["decided_calls"]),
            )
            if found
        },
        "share": level,
        "goal": target,
        "aria": t("Service level {value}, {target}", value=shown, target=board.target_text(row)),
        "basis": t("today"),
        "past_threshold": t(
            "over {threshold}", threshold=words.duration(row["service_level_threshold_seconds"])
        ),
        "target": " · ".join(
            [
                board.target_text(row),
                t("n = {n}", n=words.number(row["decided_calls"])),
                *([board.formula_word(row["service_level_formula_name"])] if names_formula else []),
            ]
        ),
        "facts": [
            _window_fact(t("last 15 min"), row, 15, as_of=as_of),
            _window_fact(t("last 30 min"), row, 30, as_of=as_of),
            {
                "label": t("ASA"),
                "value": words.duration(row["average_speed_of_answer_seconds"]),
                "here": behind_now("average_speed_of_answer_seconds", as_of, queue_id=row["queue_id"])
                if row["average_speed_of_answer_seconds"] is not None
                else None,
            },
            {
                "label": t("abandoned"),
                "value": words.ratio(row["abandonment_ratio"]),
                "here": behind_now("abandonment_ratio", as_of, queue_id=row["queue_id"])
                if row["abandonment_ratio"] is not None
                else None,
            },
        ],
        "crew": [board.status("none", withheld.of(row))]
        if withheld.of(row)
        else [
            crew_mark(name, row[f"{name}_agents"], as_of, queue_id=row["queue_id"])
            for name in ("ringing", "available", "on_contact", "wrap_up", "paused")
            if name != "ringing" or row["ringing_agents"]
        ],
    }


def _window_fact(label: str, row: Row, minutes: int, *, as_of: datetime) -> Block:
    """The service level of the last minutes with its n."""
    window_name = f"{minutes}_minutes"
    value = row[f"service_level_{window_name}_ratio"]
    return {
        "label": label,
        "here": behind_now("service_level_ratio", as_of, queue_id=row["queue_id"], last_seconds=minutes * 60)
        if row[f"decided_{window_name}_calls"]
        else None,
        "value": words.ratio(value, against=row["service_level_target_ratio"]),
        "n": t("n = {n}", n=words.number(row[f"decided_{window_name}_calls"])),
    }


def agent_groups(agents: pl.DataFrame) -> list[Block]:
    """The agents by state, in a fixed order of states and by name inside each, so that nothing jumps
    about."""
    groups = []
    for state_name in STATE_ORDER:
        rows = agents.filter(pl.col("state_name") == state_name).sort("agent_name", "agent_id")
        if rows.height:
            groups.append(
                {
                    "state": state_name,
                    "shape": STATE_SHAPES[state_name],
                    "title": f"{state_word(state_name)} · {words.number(rows.height)}",
                    "agents": [_person(row) for row in rows.iter_rows(named=True)],
                }
            )
    return groups


def _person(row: Row) -> Block:
    parts = [row["reason_name"], row["queue_name"]]
    return {
        "id": row["agent_id"],
        "name": words.name(row["agent_name"]),
        "at": board.milliseconds(row["state_started_at"]),
        "text": words.duration(row["state_seconds"]),
        "what": " · ".join(part for part in parts if part) or row["team_name"] or "",
        "handled": t("{n} today", n=words.number(row["handled_calls"])),
    }


def floor(
    *,
    queues: pl.DataFrame,
    agents: pl.DataFrame,
    shown_agents: pl.DataFrame,
    totals: Row,
    as_of: datetime,
    speed: float,
    is_past: bool = False,
    whose_text: str = "",
    has_persons: bool = True,
    off_text: str = "",
) -> Block:
    """The whole live floor as one block; `shown_agents` are those the reader's filter leaves.

    whose_text: whose agents stand there, where they are not all. has_persons: whether agents are shown one by one at all.
    off_text: why no agent stands there although some are signed in, where the site's policy does not let them.
    """
    ordered = queues.sort("queue_name", "queue_id")
    formulas = set(ordered.get_column("service_level_formula_name"))
    return {
        "kind": "floor",
        "clock_ms": board.milliseconds(as_of),
        "speed": speed,
        "late_seconds": board.NEVER_LATE_SECONDS if is_past else board.LATE_SECONDS,
        "words": {
            **board.running_words(),
            "queues": t("Queues"),
            "agents": t("Agents"),
            "waiting": t("waiting"),
            "oldest_wait": t("longest wait"),
            "in_progress": t("in progress"),
            "service_level": t("Service level"),
        },
        "tiles": live_tiles(totals, as_of=as_of),
        "queues": [
            queue_card(row, as_of=as_of, names_formula=len(formulas) > 1)
            for row in ordered.iter_rows(named=True)
        ],
        "queues_lead": t("A call counts for service level the moment it is decided."),
        "queues_none": t("No queue matches this search. Clear it to see all queues."),
        "groups": agent_groups(shown_agents) if has_persons else [],
        "has_persons": has_persons,
        "agents_lead": "" if off_text else whose_text or t("By state, with the time in it."),
        "agents_none": off_text or _nobody_words(has_any=agents.height > 0, is_part=bool(whose_text)),
    }


def _nobody_words(*, has_any: bool, is_part: bool) -> str:
    """What stands in the place of agents where the reader's filter, or the floor, leaves none."""
    if has_any:
        return t("Nobody is signed in in this state right now.")
    return t("None of them is signed in right now.") if is_part else t("Nobody is signed in right now.")
