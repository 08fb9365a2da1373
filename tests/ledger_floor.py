"""A small floor whose facts come late, change and go, and the rules by which its ledger is kept.

In: a seed, or rows drawn in a test. Out: facts in the warehouse, and published rules.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from sql.game_rules import shipped

ZONE_NAME = "Europe/Prague"
FIRST = date(2026, 11, 2)
DAYS = 9
LAST = FIRST + timedelta(days=DAYS - 1)
NOW = datetime(2026, 11, 11, 12, tzinfo=UTC)
AGENTS = (1, 2, 3, 4)
RULES = {
    "points-solved": """
name = "points-solved"
kind = "points"
title = "Solved"
description = "Each matter solved at the first try."
purpose = "Shows an agent the day's good work."
owner = "Operations"
family = "resolution"

[measure]
above = "resolved_first_contacts"
grain = "day"

[curve]
zones = [[0, 0], [10, 100]]
weight_points = 100

[[gates]]
above = "repeated_contacts"
below = "followed_contacts"
limit = 0.9
fewest = 20

[grant]
backfill = "all"
revoke = "always"
coins_ratio = 0.1
""",
    "points-better-mix": """
name = "points-better-mix"
kind = "points"
title = "First time"
description = "Solved at the first try, beside what everybody makes of the same work."
purpose = "Pays for lasting work, whatever queue it comes from."
owner = "Operations"
family = "resolution"

[measure]
above = "resolved_first_contacts"
below = "flagged_contacts"
grain = "week"

[adjust]
method = "mix_adjusted"
fewest = 3

[curve]
zones = [[0.2, 0], [1.6, 100]]
weight_points = 100

[grant]
backfill = "all"
revoke = "always"
""",
    "solver": """
name = "solver"
kind = "badge"
title = "Solver"
description = "Matters solved, ever."
purpose = "Marks experience."
owner = "Operations"
family = "resolution"

[measure]
above = "resolved_first_contacts"
grain = "lifetime"

[tiers.bronze]
at = 8
coins = 5

[tiers.silver]
at = 20
coins = 10

[grant]
scope = "once"
backfill = "all"
revoke = "until_close"
""",
    "ladder": """
name = "ladder"
kind = "level"
title = "Ladder"
description = "Every point counts."
purpose = "Shows the way that somebody has come."
owner = "Operations"
family = "growth"

[levels]
curve = "flat"
count = 10
base = 60
coins = 3

[grant]
scope = "once"
backfill = "all"
revoke = "never"
""",
}
CALL = """
insert into warehouse.calls (
    offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, stay_number, wait_seconds, talk_seconds,
    hold_seconds, wrap_up_seconds, source_name, call_id, contact_id, channel_name, direction_name, outcome_name,
    ended_by_name, customer_key, topic_name, is_resolved, transfer_kind_name
)
values (
    :at, cast(:at as timestamptz) + interval '10 seconds',
    cast(:at as timestamptz) + make_interval(secs => 10 + :talk_seconds), 1, 1, :queue_id, :agent_id, 1, 10, :talk_seconds,
    :hold_seconds, :wrap_up_seconds, 'pbx', :call_id, :call_id, 'call', :direction_name, 'answered', :ended_by_name,
    :customer_key, :topic_name, :is_resolved, :transfer_kind_name
)
"""


def people(connection: sa.Connection, *, time_zone_name: str = ZONE_NAME) -> None:
    """A site with four agents in two teams and two queues, and the months in which its facts lie."""
    for text, params in (
        (
            "insert into warehouse.sites (site_name, time_zone_name) values ('Main', :zone)",
            {"zone": time_zone_name},
        ),
        ("insert into warehouse.teams (team_name) values ('North'), ('South')", {}),
        (
            "insert into warehouse.agents (agent_name, team_id, site_name) "
            "select 'Agent ' || n, 1 + n % 2, 'Main' from generate_series(1, 4) as n",
            {},
        ),
        (
            "insert into warehouse.queues (source_name, queue_name, time_zone_name) "
            "values ('pbx', 'sales', :zone), ('pbx', 'help', :zone)",
            {"zone": time_zone_name},
        ),
        (
            "select warehouse.create_months(array['2026-03-01', '2026-10-01', '2026-11-01', '2026-12-01']::date [])",
            {},
        ),
    ):
        connection.execute(sa.text(text), params)


def call(connection: sa.Connection, at: datetime, call_id: str, **values: object) -> None:
    """One answered contact: of agent 1 in queue 1, 60 s of talk, resolved, unless it is said otherwise."""
    told = {
        "queue_id": 1, "agent_id": 1, "talk_seconds": 60, "hold_seconds": 0, "wrap_up_seconds": 0,
        "direction_name": "inbound",
        "ended_by_name": "caller", "customer_key": None, "topic_name": None, "is_resolved": True, "transfer_kind_name": None,
    }  # fmt: skip
    connection.execute(sa.text(CALL), {**told, **values, "at": at, "call_id": call_id})


def publish(connection: sa.Connection, rules: Mapping[str, str] = RULES, *, at: datetime = NOW) -> None:
    """Publishes these rules as they are, for all the time there is."""
    for name, text in rules.items():
        read = shipped.read(text, name)
        told = {
            "name": name, "kind": read.rule.kind, "text": text, "hash": read.spec_sha256, "purpose": read.rule.purpose,
            "at": at,
        }  # fmt: skip
        connection.execute(
            sa.text("insert into game.rules (rule_name, kind_name, is_shipped) values (:name, :kind, false)"),
            told,
        )
        connection.execute(
            sa.text(
                "insert into game.rule_versions (rule_name, version_number, valid_from_date, is_on, spec_text, spec_sha256, "
                "purpose_text, published_at, published_by_name) "
                "values (:name, 1, '1990-01-01', true, :text, :hash, :purpose, :at, 'Ada')"
            ),
            told,
        )


def some_calls(connection: sa.Connection, chance: random.Random, *, count: int, first_number: int) -> None:
    """So many contacts at random instants of the days, told now: late ones, where the days were counted before."""
    for number in range(first_number, first_number + count):
        at = datetime(2026, 11, 2, 5, tzinfo=UTC) + timedelta(
            seconds=chance.randrange(DAYS * 86400 - 7 * 3600)
        )
        call(
            connection,
            at,
            f"c{number}",
            agent_id=chance.choice(AGENTS),
            queue_id=chance.choice((1, 2)),
            talk_seconds=chance.randrange(5, 400),
            customer_key=f"k{chance.randrange(30)}",
            topic_name=chance.choice(("bills", "moves", None)),
            is_resolved=chance.random() < 0.7,
        )


CHANGES = (
    "update warehouse.calls set is_resolved = not is_resolved where call_id = any(:ids)",
    "update warehouse.calls set agent_id = 1 + agent_id % 4 where call_id = any(:ids)",  # a key that was moved
    "update warehouse.calls set queue_id = 3 - queue_id where call_id = any(:ids)",
    "update warehouse.calls set talk_seconds = talk_seconds + 30, topic_name = 'moves' where call_id = any(:ids)",
    "delete from warehouse.calls where call_id = any(:ids)",
)


def late_batch(connection: sa.Connection, chance: random.Random, *, first_number: int) -> None:
    """What comes late in one batch: new contacts, changed ones, and some that are gone."""
    some_calls(connection, chance, count=chance.randrange(0, 6), first_number=first_number)
    known = [
        row[0] for row in connection.execute(sa.text("select call_id from warehouse.calls order by call_id"))
    ]
    for text in chance.sample(CHANGES, chance.randrange(0, 4)):
        ids = chance.sample(known, min(len(known), chance.randrange(1, 4)))
        connection.execute(sa.text(text), {"ids": ids})


NET = """
select entry_key, sum(entry_points) as points
from game.ledger where kind_name in ('award', 'reversal', 'adjust')
group by entry_key having sum(entry_points) <> 0 order by entry_key
"""


def net(connection: sa.Connection) -> dict[str, int]:
    """What each key of the ledger makes in all."""
    return {row[0]: int(row[1]) for row in connection.execute(sa.text(NET))}
