"""Wrong ways to keep apart who may see what, beside right ones: caches, pooled identities, views, hashes, small groups.

The product's guards of roles and small groups are put in with one line each in `test_controls.py`, once they are there;
until then the right way is a small reference.
"""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import sqlalchemy as sa
import streamlit as st

from etl.customer_key import customer_key

# --- 6: a cache that does not ask who is looking

ROWS_OF = {"mari": ["call of Mari"], "jaan": ["call of Jaan"]}
LOOKING = ["mari"]
Asking = Callable[[str], list[str]]


def cached_for_all() -> Asking:
    """Wrong: the answer is kept by the question alone; who asks is known to the question from elsewhere."""

    @st.cache_data(show_spinner=False)
    def answer() -> list[str]:
        return ROWS_OF[LOOKING[0]]

    def ask(viewer_name: str) -> list[str]:
        LOOKING[0] = viewer_name
        return answer()

    return ask


def cached_for_each() -> Asking:
    """Right, as dashboard.ui.moments does it: who is looking is an argument, and so a part of the key."""

    @st.cache_data(show_spinner=False)
    def answer(scope_name: str) -> list[str]:
        return ROWS_OF[scope_name]

    return answer


def crossings(way: Callable[[], Asking]) -> list[str]:
    """Two people ask the same question in turn, cold and warm."""
    st.cache_data.clear()
    ask = way()
    seen = [
        (viewer_name, row) for viewer_name in ("mari", "jaan", "mari", "jaan") for row in ask(viewer_name)
    ]
    st.cache_data.clear()
    return [f"{viewer_name} sees: {row}" for viewer_name, row in seen if row not in ROWS_OF[viewer_name]]


# --- 7: an identity that stays on the connection

Borrowing = Callable[[sa.Engine, str], AbstractContextManager[sa.Connection]]


def _borrowed(is_local: bool) -> Borrowing:
    @contextmanager
    def borrow(engine: sa.Engine, viewer_name: str) -> Iterator[sa.Connection]:
        with engine.begin() as connection:
            connection.execute(
                sa.text("select set_config('control.viewer', :viewer_name, :is_local)"),
                {"viewer_name": viewer_name, "is_local": is_local},
            )
            yield connection

    return borrow


for_the_session = _borrowed(is_local=False)
"""Wrong: set_config(..., false) holds until the connection is closed, and a pool does not close it."""
for_the_transaction = _borrowed(is_local=True)
"""Right: set_config(..., true) ends with the transaction."""


def left_behind(engine: sa.Engine, borrow: Borrowing) -> list[str]:
    """Somebody borrows the pool's one connection; whoever comes next is nobody."""
    pool = sa.create_engine(engine.url, pool_size=1, max_overflow=0)
    try:
        with borrow(pool, "mari") as connection:
            seen = connection.exec_driver_sql("select current_setting('control.viewer', true)").scalar_one()
            assert seen == "mari"
        with pool.begin() as connection:
            left = connection.exec_driver_sql("select current_setting('control.viewer', true)").scalar_one()
    finally:
        pool.dispose()
    return [f"a later borrower is {left}"] if left else []


# --- 8: a view that asks nobody

GUARDED = """
create table public.control_calls (agent_name text, talk_seconds integer);
insert into public.control_calls
select case when mod(n, 50) = 0 then 'mari' else 'agent ' || n end, n from generate_series(1, 1500) as n;
alter table public.control_calls enable row level security;
alter table public.control_calls force row level security;
create policy own on public.control_calls using (agent_name = current_setting('control.viewer', true));
grant select on public.control_calls to pg_monitor;
"""
MATERIALISED = "create materialized view public.control_view as select agent_name, talk_seconds from public.control_calls"
"""Wrong: what it holds was asked by its owner, once, for all."""
INVOKED = (
    "create view public.control_view with (security_invoker = true) as "
    "select agent_name, talk_seconds from public.control_calls"
)
"""Right: it asks as whoever looks."""


def seen_through(engine: sa.Engine, view: str) -> list[str]:
    """How many rows of others Mari sees through the view; `pg_monitor` stands for the role of the pages."""
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table if exists public.control_calls cascade")
        connection.exec_driver_sql(GUARDED)
        connection.exec_driver_sql(view)
        connection.exec_driver_sql("grant select on public.control_view to pg_monitor")
    with engine.begin() as connection:
        connection.exec_driver_sql("set local role pg_monitor")
        connection.exec_driver_sql("select set_config('control.viewer', 'mari', true)")
        names = list(connection.exec_driver_sql("select agent_name from public.control_view").scalars())
    assert "mari" in names
    others = [name for name in names if name != "mari"]
    return [f"she sees {len(others)} rows of others"] if others else []


# --- 11: a hash of a number

Hashing = Callable[[str], str | None]


def unsalted(number: str) -> str:
    """Wrong: whoever has the hash tries all numbers."""
    return hashlib.sha256(number.encode()).hexdigest()


def keyed(number: str) -> str | None:
    """The product's: without the key nobody can try."""
    return customer_key(b"a key that never lies in the database", number)


def found_by_trying(hash_of: Hashing, *, numbers: int, chance: random.Random) -> list[str]:
    """An attacker has one hash and knows the range of the numbers and every way to hash, but no key."""
    wanted = f"3725{chance.randrange(numbers):07}"
    token = hash_of(wanted)
    assert token is not None
    for place in range(numbers):
        number = f"3725{place:07}".encode()
        tried = (
            hashlib.sha256(number).hexdigest(),
            hashlib.md5(number).hexdigest(),
            hmac.digest(b"", number, "sha256").hex(),
        )
        if any(one.startswith(token) for one in tried):
            return [f"the number was found after {place + 1:,} trials"]
    return []


# --- 12: small groups

SMALLEST_GROUP = 5
Guarding = Callable[[dict[str, tuple[int, int]]], dict[str, int]]


def small_ones_hidden(groups: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Wrong: hides each group that is too small, and publishes the total."""
    shown = {name: figure for name, (size, figure) in groups.items() if size >= SMALLEST_GROUP}
    return {**shown, "total": sum(figure for _, figure in groups.values())}


def small_ones_hidden_among_others(groups: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Right: with small groups so many of the next larger are hidden that what is left over is of enough people.

    Where even all together are too few, there is no total either.
    """
    by_size = sorted(groups, key=lambda name: (groups[name][0], name))
    hidden = [name for name in by_size if 0 < groups[name][0] < SMALLEST_GROUP]
    more = iter([name for name in by_size if groups[name][0] >= SMALLEST_GROUP])
    while hidden and (len(hidden) < 2 or sum(groups[name][0] for name in hidden) < SMALLEST_GROUP):
        if (name := next(more, None)) is None:
            return {}
        hidden.append(name)
    shown = {name: figure for name, (_, figure) in groups.items() if name not in hidden}
    return {**shown, "total": sum(figure for _, figure in groups.values())}


def told_by_difference(guard: Guarding, *, charts: int, chance: random.Random) -> list[str]:
    """Takes what is published from the total: what is left must be nothing, or the figure of enough people."""
    faults = []
    for _ in range(charts):
        groups = {
            f"team {n}": (chance.randint(1, 12), chance.randint(1, 1000)) for n in range(chance.randint(1, 8))
        }
        published = guard(groups)
        shown = [name for name in published if name != "total"]
        faults += [f"{name} is shown" for name in shown if groups[name][0] < SMALLEST_GROUP]
        rest = [name for name in groups if name not in shown]
        if "total" in published and 0 < sum(groups[name][0] for name in rest) < SMALLEST_GROUP:
            faults.append(f"{' and '.join(rest)} can be told: the total less the others")
        if "total" in published and len(rest) == 1:
            faults.append(f"{rest[0]} can be told, though hidden")
    return faults
