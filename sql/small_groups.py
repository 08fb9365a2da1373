"""Keeps the work of a few out of the figures of many: what of a released question is told to whom, and what is kept back.

In: the name of a released question, its parameters, its columns and its statement. Out: the statement around it that gives
null, and the reason, wherever fewer agents stand behind a figure of their work than the site has set.
The rule it guards: figures of customers are told; figures of agents only as sums over whole days of the floor or of a
team (sql/schema/037_small_groups.sql says which), never by the hour, the queue, the channel or the topic: so that nothing
can be worked out by taking one answer from another. Of a team's running day a display is told one share, in steps so wide
that no contact shows in them (_teams_today).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from sql import metrics

Columns = Sequence[tuple[str, str]]
"""The name and the type of each column, in their order."""

REASON = ("withheld_name", "text")
REASONS = ("few", "beside", "open", "finer")
"""few: fewer agents than the site has set; beside: a smaller group could be worked out; open: the day is not over;
finer: nobody's work is told by the hour, the queue or whatever else it was asked by."""
CONTACTS_REASON, TIME_REASON = ("contacts_withheld_name", "text"), ("time_withheld_name", "text")
FEWEST = ("fewest_agents", "integer")
_OF_AGENTS = (
    "agents_count",
    "connected_talk_seconds",
    "handle_seconds",
)  # columns of sums that have no record of their own
_SPLITS = ("team_id", "site_name")  # a part of the agents: whatever is asked of it tells of their work
_NARROWINGS = ("queue_id", "group_name", "channel_name", "topic_name", "is_business_hours", "known_at")
_PERSON = "(select access.role_name()) is distinct from 'wall'"
"""That somebody reads, and no display."""
_OWN = "(select access.own_team_ids())::integer []"  # asked once: who reads is proved anew at every question
STEP_CONTACTS, STEPS = 60, 20
"""In what steps a team's running day is told to others: contacts, and parts of the whole (20: five points each)."""
_TIME = (
    "on_contact_seconds",
    "wrapping_up_seconds",
    "available_seconds",
    "paused_seconds",
    "signed_in_seconds",
)


def is_of_agents(column_name: str) -> bool:
    """Whether a column of sums tells of the work of agents."""
    name = column_name.removeprefix("usual_")  # what it was in other weeks
    known = {one.name: one.about for one in metrics.columns()}
    return known.get(name) == "agents" or name in _OF_AGENTS


def guarded(name: str, columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """The columns and the statement of the released question; places: where each parameter stands among its arguments.

    A question that tells of customers alone, and cannot be asked of a part of the agents, stays as it is.
    """
    if guard := _GUARDS.get(name):
        return guard(columns, places, body)
    if any(is_of_agents(column) for column, _ in columns) or any(split in places for split in _SPLITS):
        return _whole(columns, places, body)
    return columns, body


def _whole(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Nothing of agents, and of a part of them no row at all, unless all of them are the reader's own."""
    has_work = any(is_of_agents(column) for column, _ in columns)
    shown = _chosen(columns, lambda column: "f.is_free" if is_of_agents(column) else None)
    reason = [_reason("case when not f.is_free then 'finer' end")] if has_work else []
    text = (
        f"with free as materialized ({_free(places)}) select {', '.join([*shown, *reason])} "  # noqa: S608 - our own words
        f"from ({body}) as shown cross join free as f where f.is_free or {_undivided(places)}"
    )
    return [*columns, *([REASON, FEWEST] if has_work else [])], text


def _floor_days(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """The work of the whole floor on each whole day that is over."""
    shown = _chosen(columns, lambda column: "w.withheld_name is null" if is_of_agents(column) else None)
    narrowed = " or ".join(_is_given(key, places) for key in _NARROWINGS if key in places)
    text = (
        f"with free as materialized ({_free(places)}), told as materialized ("  # noqa: S608 - our own words
        f"select * from access.told_floor_days(${places['window_start']}, ${places['window_end']})) "
        f"select {', '.join(shown)}, {_reason('w.withheld_name')} from ({body}) as shown cross join free as f "
        "left join told as t on t.day_date = shown.day_date cross join lateral (select case when f.is_free then null "
        f"when {narrowed} then 'finer' else t.withheld_name end as withheld_name) as w "
        f"where f.is_free or {_undivided(places)}"
    )
    return [*columns, REASON, FEWEST], text


def _team_days(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """The contacts and the time of each team and of the floor, on each whole day that is over."""

    def told(column: str) -> str | None:
        if column in ("day_date", "is_floor", "team_id", "team_name"):
            return None
        is_time = column in (*_TIME, "working_agents")
        return f"w.{(TIME_REASON if is_time else CONTACTS_REASON)[0]} is null"

    part = "case when shown.is_floor then null else coalesce(shown.team_id, 0) end"
    reasons = ", ".join(
        f"case when not coalesce(shown.team_id = any({_OWN}), false) then t.{one} end as {one}"
        for one, _ in (CONTACTS_REASON, TIME_REASON)
    )
    text = (
        "with told as materialized ("  # noqa: S608 - our own words
        f"select * from access.told_team_days(${places['window_start']}, ${places['window_end']})) "
        f"select {', '.join(_chosen(columns, told))}, w.contacts_withheld_name, w.time_withheld_name, "
        f"case when w.contacts_withheld_name is not null or w.time_withheld_name is not null "
        f"then access.fewest_agents() end from ({body}) as shown "
        f"left join told as t on t.day_date = shown.day_date and t.part_id is not distinct from {part} "
        f"cross join lateral (select {reasons}) as w"
    )
    return [*columns, CONTACTS_REASON, TIME_REASON, FEWEST], text


def _crews(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Who stands by at a queue only where so many do; of the running day no handle time."""

    def told(column: str) -> str | None:
        if not is_of_agents(column):
            return None
        return "c.queue_id is null" if column.endswith("_agents") else "f.is_free"

    few = "case when c.queue_id is not null then 'few' end"
    text = (
        f"with free as materialized ({_free(places)}), crews as materialized ("  # noqa: S608 - our own words
        f"select distinct e.queue_id from access.withheld_crews(${places['as_of']}) as e (queue_id)) "
        f"select {', '.join(_chosen(columns, told))}, {_reason(few)} "
        f"from ({body}) as shown cross join free as f left join crews as c on c.queue_id = shown.queue_id"
    )
    return [*columns, REASON, FEWEST], text


def _floor_crew(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """One row without a state and a count where too few are signed in on the whole floor."""
    names = ", ".join(f"shown.{column}" for column, _ in columns)
    kept = ", ".join(f"cast(null as {kind})" for _, kind in columns)
    text = (
        "with crews as materialized (select 1 as one "  # noqa: S608 - our own words
        f"from access.withheld_crews(${places['as_of']}) as e (queue_id) where e.queue_id is null) "
        f"select {names}, cast(null as text), cast(null as integer) from ({body}) as shown "
        f"where not exists (select from crews) union all select {kept}, 'few', access.fewest_agents() from crews"
    )
    return [*columns, REASON, FEWEST], text


def _alerts(columns: Columns, _places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Alerts about the work of agents only for whoever stands in for a floor; and who saw one, and what they noted."""
    staff = "(select access.sees_unowned())"
    shown = _chosen(columns, dict.fromkeys(("acknowledged_by_name", "note_text"), staff).get)
    return columns, (
        f"select {', '.join(shown)} from ({body}) as shown where {staff} "  # noqa: S608 - our own words
        f"or (shown.scope_kind_name <> 'team' and not coalesce(shown.metric_name, shown.measure_name) = any({work()}))"
    )


def _teams_today(columns: Columns, places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Of the running day of a team so little that no contact shows: by the full hour, in steps of contacts and of points.

    Two answers lie an hour apart, and a step holds about as many contacts as an agent takes in a day: whatever is taken
    from one another, or from what is told of queues, is left with that much room. Whoever is left over beside the teams
    that are told is nobody, or enough.
    """
    own = {"until": f"${places['as_of']}", "own": _OWN}
    body = re.sub(rf"\${places['as_of']}(?!\d)", "(select r.until_at from told_until as r)", body)
    shown = ", ".join(f"cast({_step(column)} as {kind})" for column, kind in columns)
    return columns, _TEAMS_TODAY.format(shown=shown, body=body, **own)


def _step(column: str) -> str:
    """A column as it is told: exactly of the reader's own teams, in steps of others."""
    name = column.removesuffix("_in_threshold_calls").removesuffix("_calls")
    if name in ("answered", "usual_answered"):
        why = "w.usual_withheld_name" if name.startswith("usual_") else "w.withheld_name"
        whole = f"floor(shown.{name}_calls / {STEP_CONTACTS}.0)"
        part = f"round({STEPS}.0 * shown.{name}_in_threshold_calls / nullif(shown.{name}_calls, 0))"
        stepped = (
            f"{whole} * {STEP_CONTACTS}"
            if column == f"{name}_calls"
            else f"{part} * {whole} * {STEP_CONTACTS // STEPS}"
        )
        return f"case when w.is_free then shown.{column} when {why} is null then coalesce({stepped}, 0) end"
    return {
        "agent_days_text": "null",
        "is_rounded": "not w.is_free",
        "withheld_name": "w.withheld_name",
        "fewest_agents": "case when w.withheld_name is not null then access.fewest_agents() end",
    }.get(column, f"shown.{column}")


_TEAMS_TODAY = """
with told_until as materialized (
    select
        access.is_alone() as is_alone,
        case
            when access.is_alone() then {until}
            else date_bin(
                '1 hour', {until}, date_trunc('day', {until} at time zone z.time_zone_name) at time zone z.time_zone_name
            )
        end as until_at
    from (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
),

found as materialized ({body}),

-- of whom the reader does not know anyhow
others as (
    select
        date '2000-01-01' + split_part(p.pair_text, ':', 1)::integer as day_date,
        coalesce(f.team_id, 0) as part_id,
        split_part(p.pair_text, ':', 2)::integer as agent_id
    from found as f
    cross join lateral string_to_table(f.agent_days_text, ' ') as p (pair_text)
    where
        split_part(p.pair_text, ':', 2)::integer in (select o from access.other_agents() as o)
        and (f.team_id is null or not f.team_id = any({own}))
),

parts as materialized (
    select t.*
    from (
        select
            array_agg(o.day_date) as days,
            array_agg(o.part_id) as part_ids,
            array_agg(o.agent_id) as agent_ids
        from others as o
    ) as g
    cross join lateral access.told_parts(g.days, g.part_ids, g.agent_ids, access.fewest_agents()) as t
    where t.part_id is not null
)

select {shown}
from found as shown
cross join told_until as u
cross join lateral (
    select
        u.is_alone or coalesce(shown.team_id = any({own}), false) as is_free,
        max(coalesce(p.withheld_name, 'told')) filter (where p.day_date = date '2000-01-01') as today_name,
        min(coalesce(p.withheld_name, 'told')) filter (where p.day_date > date '2000-01-01') as usual_name
    from parts as p
    where p.part_id = coalesce(shown.team_id, 0)
) as t
cross join lateral (
    select
        t.is_free,
        case when t.is_free then shown.withheld_name else nullif(coalesce(t.today_name, 'few'), 'told') end as withheld_name,
        nullif(coalesce(t.usual_name, 'few'), 'told') as usual_withheld_name
) as w
order by shown.team_name, shown.team_id
"""


def _scores(columns: Columns, _places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Customers' scores of agents' work over whole days, where every day behind them may be told."""
    spans = (
        ("", "w.now_name", "shown.last_date", "shown.last_date - shown.first_date + 1"),
        ("before_", "w.before_name", "shown.first_date - 1", "shown.first_date - shown.before_first_date"),
    )
    reasons = ", ".join(
        f"case when not f.is_free then access.withheld_work('everything', {last}, {days}) end as {name.removeprefix('w.')}"
        for _, name, last, days in spans
    )
    of_span = {
        f"{prefix}{column}": f"{name} is null"
        for prefix, name, _, _ in spans
        for column in ("csat_count", "csat_satisfied_count")
    }
    shown = _chosen(columns, of_span.get)
    text = (
        f"with free as materialized ({_free({})}) select {', '.join(shown)}, {_reason('w.now_name')} "  # noqa: S608 - our own words
        f"from ({body}) as shown cross join free as f cross join lateral (select {reasons}) as w"
    )
    return [*columns, REASON, FEWEST], text


def _policy(columns: Columns, _places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Which figures may exist; a display is not told who says so, nor why."""
    told = ("family_name", "is_on", "is_taken_over")
    shown = _chosen(columns, lambda column: None if column in told else _PERSON)
    return columns, f"select {', '.join(shown)} from ({body}) as shown"  # noqa: S608 - our own words


def _goals(columns: Columns, _places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """Goals whose start may be told; of those about the work of agents what was measured, where every day behind it may."""
    # a display tells what is aimed at, and of nobody
    on = {**dict.fromkeys(_MEASURED, "w.withheld_name is null"), "owner_name": _PERSON, "note_text": _PERSON}
    shown = _chosen(columns, on.get)
    days = "shown.baseline_last_date - shown.baseline_first_date + 1"
    why = _measured("shown", "shown.measured_date", "shown.window_days")
    text = (
        f"select {', '.join(shown)}, {_reason('w.withheld_name')} from ({body}) as shown "  # noqa: S608 - our own words
        f"cross join lateral (select {why} as withheld_name) as w "
        f"where {_measured('shown', 'shown.baseline_last_date', days)} is null"
    )
    return [*columns, REASON, FEWEST], text


def _goal_days(columns: Columns, _places: Mapping[str, int], body: str) -> tuple[Columns, str]:
    """The same day by day; of what it is, its goal tells."""
    shown = _chosen(columns, lambda column: "w.withheld_name is null" if column in _MEASURED else None)
    text = (
        f"select {', '.join(shown)}, {_reason('w.withheld_name')} from ({body}) as shown "  # noqa: S608 - our own words
        "inner join warehouse.goals as g on shown.goal_id = g.goal_id "
        f"cross join lateral (select {_measured('g', 'shown.day_date', 'g.window_days')} as withheld_name) as w"
    )
    return [*columns, REASON, FEWEST], text


_MEASURED = ("measured_value", "measured_count")


def _measured(alias: str, last_date: str, day_count: str) -> str:
    """Why a value measured over so many days that end with one is kept back; null where it is told."""
    is_team = f"{alias}.scope_kind_name = 'team'"
    own = f"{is_team} and case when {is_team} then {alias}.scope_key::integer end = any({_OWN})"
    of_agents = f"({is_team} or {alias}.metric_name = any({work()}))"
    return (
        f"case when (select access.is_alone()) or not {of_agents} or ({own}) then null "
        f"else access.withheld_work({alias}.scope_kind_name, {last_date}, {day_count}) end"
    )


def work() -> str:
    """The names of everything measured of agents, as an array of SQL."""
    found = [one.name for one in metrics.metrics() if one.is_of_agents]
    found += [one.name for one in metrics.columns() if one.about == "agents"]
    return f"array[{', '.join(repr(one) for one in sorted(found))}]"


def _chosen(columns: Columns, told: Callable[[str], str | None]) -> list[str]:
    """The columns, each null where the condition for it does not hold; None: without a condition."""
    found = []
    for column, kind in columns:
        condition = told(column)
        plain = f'shown."{column}"'
        found.append(plain if condition is None else f"case when {condition} then {plain} end::{kind}")
    return found


def _reason(condition: str) -> str:
    """The reason, and the number that it speaks of."""
    return f"{condition}, case when ({condition}) is not null then access.fewest_agents() end"


def _free(places: Mapping[str, int]) -> str:
    """Whether there is nobody to be kept back: every agent is the reader's own, or those of the team asked for."""
    own = f" or coalesce(${places['team_id']} = any({_OWN}), false)" if "team_id" in places else ""
    return f"select access.is_alone(){own} as is_free"


def _undivided(places: Mapping[str, int]) -> str:
    """That no part of the agents was asked for."""
    given = [f"not {_is_given(key, places)}" for key in _SPLITS if key in places]
    return f"({' and '.join(given)})" if given else "true"


def _is_given(key: str, places: Mapping[str, int]) -> str:
    place = places[key]
    return f"coalesce(${place}, false)" if key.startswith("is_") else f"(${place} is not null)"


_GUARDS: Mapping[str, Callable[[Columns, Mapping[str, int], str], tuple[Columns, str]]] = {
    "queue_days": _floor_days,
    "team_days": _team_days,
    "live_queues": _crews,
    "live_states": _floor_crew,
    "firing_alerts": _alerts,
    "goals": _goals,
    "goal_days": _goal_days,
    "individual_figures": _policy,
    "live_long_states": _floor_crew,
    "wall_teams": _teams_today,
    "wall_satisfaction": _scores,
}
