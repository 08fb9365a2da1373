"""Nobody's work can be worked out of what is told of many: V2 on drawn organisations.

The attacker knows who works in which team, and who had a contact of which queue in which quarter of an hour; takes every
answer as an equation over what each agent did there, and solves them all together.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
import sqlalchemy as sa

from sql import metrics, rights, small_groups

FIRST_DAY = date(2000, 1, 1)
TOLD_PARTS = sa.text(
    "select day_date, part_id, agents_count, withheld_name "
    "from access.told_parts(:days, :part_ids, :agent_ids, :fewest_agents)"
)
UNTIED_PARTS = sa.text(
    "select g.day_date, u.part_id from ("
    "select w.day_date, array_agg(w.part_id) as part_ids, array_agg(w.agent_id) as agent_ids, array_agg(w.cell_id) as cells "
    "from unnest(cast(:days as date []), cast(:part_ids as integer []), cast(:agent_ids as integer []), "
    "cast(:cell_ids as text [])) as w (day_date, part_id, agent_id, cell_id) group by w.day_date"
    ") as g cross join lateral access.untied_parts(g.part_ids, g.agent_ids, g.cells, :fewest_agents) as u (part_id)"
)


class Work(NamedTuple):
    """That an agent had contacts of a queue in an hour; what each atom of the attacker's equations stands for."""

    team_id: int
    agent_id: int
    queue_id: int
    hour: int

    @property
    def cell(self) -> tuple[int, int]:
        """Of which counts of contacts are told whoever asks."""
        return self.queue_id, self.hour


Chart = list[Work]


def drawn_chart(drawn: random.Random, *, most_agents: int = 9, hours: int = 4) -> Chart:
    """A day of teams of 1 to 9: each at home in some queues, and some of its people helping out in others."""
    queues = range(1, drawn.randint(1, 4) + 1)
    found, agent_id = set(), 0
    for team_id in range(drawn.randint(1, 4)):
        at_home = drawn.sample(queues, drawn.randint(1, len(queues)))
        for _ in range(drawn.randint(1, most_agents)):
            agent_id += 1
            served = set(at_home)
            if drawn.random() < 0.15:
                served.add(drawn.choice(queues))
            for queue_id in served:
                for hour in drawn.sample(range(hours), drawn.randint(1, hours)):
                    found.add(Work(team_id, agent_id, queue_id, hour))
    return sorted(found)


def released(
    engine: sa.Engine, charts: Sequence[Chart], fewest_agents: int
) -> tuple[list[set[int | None]], list[set[int]]]:
    """What the database tells of each chart: the parts (None: the whole) of work, and the parts of contacts."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(len(charts))]
    rows = [(day, work) for day, chart in zip(days, charts, strict=True) for work in chart]
    asked = {
        "days": [day for day, _ in rows],
        "part_ids": [work.team_id for _, work in rows],
        "agent_ids": [work.agent_id for _, work in rows],
        "fewest_agents": fewest_agents,
    }
    cells = {"cell_ids": [f"{work.queue_id} {work.hour}" for _, work in rows]}
    work_told: dict[date, set[int | None]] = defaultdict(set)
    with engine.begin() as connection:
        for row in connection.execute(TOLD_PARTS, asked):
            if row.withheld_name is None:
                work_told[row.day_date].add(row.part_id)
        untied = defaultdict(set)
        for row in connection.execute(UNTIED_PARTS, asked | cells):
            untied[row.day_date].add(row.part_id)
    contacts_told = [{part for part in work_told[day] if part is not None} - untied[day] for day in days]
    return [work_told[day] for day in days], contacts_told


def matrix(chart: Chart, sets: Iterable[Sequence[bool]]) -> np.ndarray:
    """One equation per answer over the chart's atoms."""
    rows = np.array([list(one) for one in sets], dtype=float)
    return rows if rows.size else np.zeros((0, len(chart)))


def told_of_work(chart: Chart, told: set[int | None]) -> np.ndarray:
    return matrix(chart, ([part is None or work.team_id == part for work in chart] for part in told))


def told_of_cells(chart: Chart) -> np.ndarray:
    return matrix(chart, ([work.cell == cell for work in chart] for cell in {work.cell for work in chart}))


def rank(rows: np.ndarray) -> int:
    return int(np.linalg.matrix_rank(rows)) if rows.size else 0


def worked_out(chart: Chart, answers: np.ndarray, public: np.ndarray, agents: set[int]) -> int:
    """How many figures of nobody but these agents follow from the answers, beyond those that follow from what is public."""
    others = [work.agent_id not in agents for work in chart]
    everything = np.vstack([public, answers])

    def alone(rows: np.ndarray) -> int:
        return rank(rows) - rank(rows[:, others])

    return alone(everything) - alone(public)


def small_cells(chart: Chart, fewest_agents: int) -> list[set[int]]:
    """The agents of every team x queue x hour, in every combination of filters, of whom there are fewer than that."""
    groups: dict[tuple[int | None, ...], set[int]] = defaultdict(set)
    for work in chart:
        for chosen in range(8):
            key = [
                value if chosen >> place & 1 else None
                for place, value in enumerate((work.team_id, *work.cell))
            ]
            groups[tuple(key)].add(work.agent_id)
    return [
        set(one) for one in {frozenset(agents) for agents in groups.values() if len(agents) < fewest_agents}
    ]


def leaks(
    chart: Chart, answers: np.ndarray, public: np.ndarray, agent_sets: Iterable[set[int]]
) -> list[set[int]]:
    return [agents for agents in agent_sets if worked_out(chart, answers, public, agents)]


def of_nothing(chart: Chart) -> np.ndarray:
    return np.zeros((0, len(chart)))


def test_of_500_organisations_no_cell_of_fewer_than_five_can_be_worked_out(shared_engine: sa.Engine) -> None:
    """V2: every filter of team, queue and hour; the work of the whole floor told, too."""
    drawn = random.Random(5)
    charts = [drawn_chart(drawn) for _ in range(500)]
    work_told, contacts_told = released(shared_engine, charts, 5)
    told_parts = 0
    for chart, of_work, of_contacts in zip(charts, work_told, contacts_told, strict=True):
        cells = small_cells(chart, 5)
        assert leaks(chart, told_of_work(chart, of_work), of_nothing(chart), cells) == []
        assert leaks(chart, told_of_work(chart, set(of_contacts)), told_of_cells(chart), cells) == []
        told_parts += len(of_work - {None})
    assert told_parts > 300  # and it is no answer to tell nothing


def test_no_two_agents_whoever_they_are_can_be_taken_apart_where_three_must_stand_together(
    shared_engine: sa.Engine,
) -> None:
    """The same against every group that is too small, not those of a filter alone."""
    drawn = random.Random(3)
    charts = [drawn_chart(drawn, most_agents=5, hours=3) for _ in range(60)]
    work_told, contacts_told = released(shared_engine, charts, 3)
    for chart, of_work, of_contacts in zip(charts, work_told, contacts_told, strict=True):
        pairs = [set(pair) for pair in combinations({work.agent_id for work in chart}, 2)]
        assert leaks(chart, told_of_work(chart, of_work), of_nothing(chart), pairs) == []
        assert leaks(chart, told_of_work(chart, set(of_contacts)), told_of_cells(chart), pairs) == []


def large_enough(chart: Chart, fewest_agents: int) -> set[int]:
    teams: dict[int, set[int]] = defaultdict(set)
    for work in chart:
        teams[work.team_id].add(work.agent_id)
    return {team_id for team_id, agents in teams.items() if len(agents) >= fewest_agents}


def test_the_attacker_does_break_a_rule_that_only_leaves_out_small_groups() -> None:
    """The negative control: without what is kept back beside them, the small ones follow from the floor and from cells."""
    drawn = random.Random(5)
    charts = [drawn_chart(drawn) for _ in range(60)]
    of_floor = of_cells = 0
    for chart in charts:
        cells, large = small_cells(chart, 5), large_enough(chart, 5)
        of_floor += bool(leaks(chart, told_of_work(chart, {*large, None}), of_nothing(chart), cells))
        of_cells += bool(leaks(chart, told_of_work(chart, set(large)), told_of_cells(chart), cells))
    assert of_floor > 10
    assert of_cells > 10


# team: its agents
PARTS = [
    # drawn, told, kept back for few, kept back beside them
    ({1: 5, 2: 5}, {1, 2, None}, set(), set()),  # nobody is left over
    ({1: 5, 2: 6, 3: 4}, {2, None}, {3}, {1}),  # 15 - 5 - 6 would be the four
    ({1: 5, 2: 6, 3: 4, 4: 1}, {1, 2, None}, {3, 4}, set()),  # what is left over is five
    ({1: 4}, set(), {1, None}, set()),
    ({1: 3, 2: 3}, {None}, {1, 2}, set()),  # six together
    ({1: 5}, {1, None}, set(), set()),
]


@pytest.mark.parametrize(("teams", "told", "few", "beside"), PARTS)
def test_a_small_team_is_kept_back_and_one_beside_it_where_it_could_be_worked_out(
    shared_engine: sa.Engine,
    teams: dict[int, int],
    told: set[int | None],
    few: set[int | None],
    beside: set[int],
) -> None:
    pairs = [(team_id, 100 * team_id + number) for team_id, count in teams.items() for number in range(count)]
    asked = {
        "days": [FIRST_DAY] * len(pairs),
        "part_ids": [part for part, _ in pairs],
        "agent_ids": [agent for _, agent in pairs],
        "fewest_agents": 5,
    }
    with shared_engine.begin() as connection:
        found: dict[str | None, set[int | None]] = defaultdict(set)
        for row in connection.execute(TOLD_PARTS, asked):
            found[row.withheld_name].add(row.part_id)
            assert row.agents_count == (teams[row.part_id] if row.part_id else sum(teams.values()))
    assert (found[None], found["few"], found["beside"]) == (told, few, beside)


def test_every_sum_that_is_released_is_known_to_tell_of_customers_or_of_agents(
    shared_engine: sa.Engine,
) -> None:
    """A new column of a released question needs its record in metrics.toml, or its name here."""
    known = {one.name for one in metrics.columns()}
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        rows = connection.execute(
            sa.text(
                "select p.proname, p.proargnames[array_position(p.proargmodes, 't'):] from pg_proc as p "
                "where p.pronamespace = 'released'::regnamespace and 't' = any(p.proargmodes)"
            )
        ).all()
    units = ("_calls", "_seconds", "_agents", "_contacts", "_tickets", "_amount", "_score")
    told = {
        name.removeprefix("usual_")
        for _, names in rows
        for name in names
        if name.endswith(units) and not name.startswith("has_")
    }
    unknown = {name for name in told if name not in known and not small_groups.is_of_agents(name)}
    assert unknown <= OF_CUSTOMERS, unknown - OF_CUSTOMERS


OF_CUSTOMERS = {
    # how contacts flowed, by the two ways of counting of the balance
    *(f"rolled_{name}" for name in (
        "offered_calls", "answered_calls", "abandoned_calls", "callback_calls", "overflowed_calls", "timed_out_calls",
        "withdrawn_calls", "interrupted_calls", "waiting_calls",
    )),
    *(f"left_{name}" for name in (
        "calls", "answered_calls", "abandoned_calls", "callback_calls", "overflowed_calls", "timed_out_calls",
        "withdrawn_calls", "interrupted_calls", "later_calls",
    )),
    "queued_before_calls", "queued_after_calls", "offered_earlier_calls",
    # campaigns, menus and forecasts
    "abandoned_attempt_calls", "no_answer_calls", "busy_calls", "machine_calls", "failed_calls", "tried_contacts",
    "reached_contacts", "sale_amount", "served_contacts", "passed_on_contacts", "left_contacts", "visit_seconds",
    "forecast_calls", "forecast_least_calls", "forecast_most_calls", "week_before_calls", "calls", "burst_calls",
    # settings, and how the loads went
    "service_level_threshold_seconds", "interval_start_seconds", "short_abandon_seconds", "callback_promise_seconds",
    "after_seconds", "until_seconds", "window_seconds", "every_seconds", "stale_after_seconds", "beat_age_seconds",
    "newest_event_age_seconds", "checked_age_seconds", "duration_seconds", "shortest_target_seconds",
    "longest_target_seconds", "median_seconds", "ninth_decile_seconds", "fewest_agents", "hold_for_seconds",
    # today's good news, and how long a state may last
    "unbroken_answered_calls", "reached_calls", "longer_seconds",
}  # fmt: skip
