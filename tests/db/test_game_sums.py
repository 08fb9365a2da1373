"""What the game counts of a working day, by hand: the day, both clock changes, a night shift, and what came late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import log
from typing import Any

import pytest
import sqlalchemy as sa

from etl.game import sums
from sql import warehouse
from tests import ledger_floor as floor
from tests.game_drawn import rolled_back

DAY = date(2026, 11, 4)


@pytest.fixture(scope="module")
def peopled(shared_engine: sa.Engine) -> sa.Engine:
    """Four agents of a site in Prague, and no fact yet."""
    with shared_engine.begin() as connection:
        floor.people(connection)
        connection.execute(sa.text("delete from game.changed_days"))
    return shared_engine


@pytest.fixture
def site(peopled: sa.Engine) -> Iterator[sa.Connection]:
    with rolled_back(peopled) as connection:
        yield connection


def prague(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    """An instant by Prague's winter clock, which is an hour ahead of UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


def made(
    site: sa.Connection, *days: date, now: datetime = floor.NOW
) -> dict[tuple[int, date], dict[str, Any]]:
    """The sums of each agent and day, all kinds of work together."""
    sums.make(site, list(days), now=now)
    found: dict[tuple[int, date], dict[str, Any]] = {}
    for agent_id, day, one in site.execute(
        sa.text("select agent_id, effective_date, sums from game.day_sums")
    ):
        of_day = found.setdefault((agent_id, day), {})
        for name, value in one.items():
            of_day[name] = of_day.get(name, 0) + value
    return found


def test_a_worked_day(site: sa.Connection) -> None:
    #          at     talk hold wrap  ended by  resolved  passed on
    drawn = (
        (8, 60, 20, 10, "caller", True, None),
        (9, 5, 0, 0, "agent", False, None),  # shorter than ten seconds, and the agent ended it
        (10, 6, 0, 0, "caller", True, None),  # shorter than ten seconds
        (14, 200, 0, 40, "agent", None, "blind"),
    )
    for number, (hour, talk, hold, wrap, by, resolved, passed) in enumerate(drawn):
        floor.call(
            site, prague(4, hour), f"c{number}", talk_seconds=talk, hold_seconds=hold, wrap_up_seconds=wrap,
            ended_by_name=by, is_resolved=resolved, transfer_kind_name=passed,
        )  # fmt: skip
    floor.call(site, prague(4, 15), "out", direction_name="outbound", talk_seconds=500)
    site.execute(
        sa.text(
            "insert into warehouse.surveys (answered_at, version_number, run_id, csat_score, nps_score, "
            "source_name, survey_id, "
            "call_id) values (:at, 1, 1, 5, 9, 's', '1', 'c0'), (:at, 1, 1, 2, 3, 's', '2', 'c1')"
        ),
        {"at": prague(9, 12)},  # five days later: it counts for the day of the contact
    )
    found = made(site, DAY)[1, DAY]
    times = (90, 5, 6, 240)
    assert found["handled_calls"] == 4
    assert found["timed_calls"] == 4
    assert found["handle_seconds"] == 90 + 5 + 6 + 240
    assert found["log_handle_sum"] == pytest.approx(sum(log(one) for one in times), abs=1e-5)
    assert found["log_handle_square_sum"] == pytest.approx(sum(log(one) ** 2 for one in times), abs=1e-5)
    assert (found["hold_seconds"], found["wrap_up_seconds"]) == (20, 50)
    assert (found["transferred_calls"], found["short_calls"], found["short_ended_by_agent_calls"]) == (
        1,
        2,
        1,
    )
    assert found["outbound_calls"] == 1
    assert (found["flagged_contacts"], found["resolved_first_contacts"]) == (3, 2)
    assert (found["csat_responses"], found["csat_satisfied_responses"], found["csat_score_sum"]) == (2, 1, 7)
    assert (found["nps_responses"], found["nps_promoters"], found["nps_detractors"]) == (2, 1, 1)
    assert "signed_in_seconds" not in found  # nobody told of states: not 0, but nothing
    assert "followed_contacts" not in found  # who called is not known


def test_each_kind_of_work_has_its_row_with_three_hours_of_the_local_day(site: sa.Connection) -> None:
    floor.call(site, prague(4, 8, 59), "a", queue_id=1, topic_name="bills")
    floor.call(site, prague(4, 9, 1), "b", queue_id=1, topic_name="bills")
    floor.call(site, prague(4, 9, 2), "c", queue_id=2)
    made(site, DAY)
    rows = site.execute(
        sa.text(
            "select queue_id, topic_name, hour_band, sums ->> 'handled_calls' from game.day_sums order by 1, 3"
        )
    ).all()
    assert [tuple(row) for row in rows] == [(1, "bills", 2, "1"), (1, "bills", 3, "1"), (2, None, 3, "1")]


def test_whoever_comes_again_counts_once_the_seven_days_are_over(site: sa.Connection) -> None:
    floor.call(site, prague(2, 10), "first", customer_key="k")
    floor.call(site, prague(6, 10), "again", customer_key="k", agent_id=2)
    monday = date(2026, 11, 2)
    before = made(
        site, monday, now=datetime(2026, 11, 9, 8, tzinfo=UTC)
    )  # at the last midnight six days had passed
    assert "followed_contacts" not in before[1, monday]
    after = made(site, monday, now=datetime(2026, 11, 10, 8, tzinfo=UTC))[1, monday]
    assert (after["followed_contacts"], after["repeated_contacts"], after["not_repeated_contacts"]) == (
        1,
        1,
        0,
    )


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)], ids=["spring", "autumn"]
)
def test_a_working_day_lasts_23_or_25_hours_where_the_clocks_change(
    site: sa.Connection, day: date, hours: int
) -> None:
    # It begins at 4 by the local clock: the night before the change belongs to the day before, which is a longer
    # or shorter one.
    before = day - timedelta(days=1)
    begin = datetime(before.year, before.month, before.day, 4, tzinfo=UTC) - timedelta(
        hours=1 if hours == 23 else 2
    )
    floor.call(site, begin, "first")
    floor.call(site, begin + timedelta(hours=hours, seconds=-11), "last")  # answered a second before the end
    floor.call(site, begin + timedelta(hours=hours), "next")
    found = made(site, before, day)
    assert found[1, before]["handled_calls"] == 2
    assert found[1, day]["handled_calls"] == 1


def test_a_shift_over_midnight_belongs_to_the_day_it_began_also_after_the_hour_at_which_days_begin(
    site: sa.Connection,
) -> None:
    site.execute(
        sa.text(
            "insert into warehouse.shifts (started_at, ended_at, version_number, run_id, agent_id, source_name, shift_id) "
            "values (:from_at, :until_at, 1, 1, 1, 'plan', 'night')"
        ),
        {"from_at": prague(3, 22), "until_at": prague(4, 6)},
    )
    for agent_id in (1, 2):
        floor.call(site, prague(4, 5), f"five{agent_id}", agent_id=agent_id)
        floor.call(site, prague(4, 7), f"seven{agent_id}", agent_id=agent_id)
    site.execute(
        sa.text(
            "insert into warehouse.agent_intervals (interval_start_at, agent_id, signed_in_seconds, available_seconds, "
            "paused_seconds, on_contact_seconds, wrapping_up_seconds) values (:at, 1, 900, 800, 0, 100, 0)"
        ),
        {"at": prague(4, 5)},
    )
    found = made(site, date(2026, 11, 3), DAY)
    assert (
        found[1, date(2026, 11, 3)]["handled_calls"] == 1
    )  # five o'clock: within the shift that began on the third
    assert found[1, date(2026, 11, 3)]["signed_in_seconds"] == 900
    assert found[1, DAY]["handled_calls"] == 1
    assert found[2, DAY]["handled_calls"] == 2  # no shift: the local clock alone
    assert site.execute(sa.text("select game.agent_day(1, :at)"), {"at": prague(4, 5)}).scalar_one() == date(
        2026, 11, 3
    )
    assert site.execute(sa.text("select game.agent_day(2, :at)"), {"at": prague(4, 5)}).scalar_one() == DAY


def shift(site: sa.Connection, from_at: datetime, until_at: datetime) -> None:
    """A stretch of work of agent 1."""
    site.execute(
        sa.text(
            "insert into warehouse.shifts (started_at, ended_at, version_number, run_id, agent_id, source_name, shift_id) "
            "values (:from_at, :until_at, 1, 1, 1, 'plan', cast(:from_at as timestamptz)::text)"
        ),
        {"from_at": from_at, "until_at": until_at},
    )


def test_a_night_shift_that_a_plan_tells_before_and_after_its_break_is_one_day(site: sa.Connection) -> None:
    third = date(2026, 11, 3)
    shift(site, prague(3, 22), prague(4, 4))
    shift(
        site, prague(4, 4, 30), prague(4, 6)
    )  # after the hour at which days begin, after half an hour of rest
    shift(site, prague(4, 17), prague(5, 1))  # eleven hours later: another one
    for name, at in (("two", prague(4, 2)), ("five", prague(4, 5)), ("evening", prague(4, 18))):
        floor.call(site, at, name)
    found = made(site, third, DAY)
    assert found[1, third]["handled_calls"] == 2
    assert found[1, DAY]["handled_calls"] == 1
    days = [
        site.execute(sa.text("select game.agent_day(1, :at)"), {"at": at}).scalar_one()
        for at in (prague(4, 2), prague(4, 4, 15), prague(4, 5), prague(4, 18), prague(5, 0))
    ]
    assert days == [third, third, third, DAY, DAY]


def test_a_shift_that_goes_on_counts_as_far_as_it_has_come(site: sa.Connection) -> None:
    # 8 to 16, and it is 11: who began three hours ago is not measured by the five hours that are still to come
    shift(site, prague(4, 8), prague(4, 16))
    site.execute(
        sa.text(
            "insert into warehouse.agent_states (started_at, ended_at, version_number, run_id, agent_id, "
            "source_name, state_name) "
            "values (:from_at, :until_at, 1, 1, 1, 'pbx', 'available')"
        ),
        {"from_at": prague(4, 8), "until_at": prague(4, 11)},
    )
    running = made(site, DAY, now=prague(4, 11))[1, DAY]
    assert (running["scheduled_seconds"], running["absent_seconds"]) == (3 * 3600, 0)
    whole = made(site, DAY, now=prague(5, 11))[1, DAY]
    assert whole["scheduled_seconds"] == 8 * 3600


def test_a_ticket_that_came_back_is_charged_to_whoever_had_solved_it(site: sa.Connection) -> None:
    site.execute(
        sa.text(
            "insert into warehouse.tickets (created_at, first_resolved_at, last_resolved_at, resolved_at, last_event_at, "
            "version_number, run_id, agent_id, first_agent_id, reopen_count, source_name, ticket_id, "
            "status_name, channel_name) "
            "values (:created, :first, :last, :last, :last, 1, 1, 2, 1, 1, 'desk', 't', 'solved', 'email')"
        ),
        {"created": prague(3, 8), "first": prague(3, 9), "last": prague(4, 15)},
    )
    told = (
        (prague(3, 8), "agent", 1, None),
        (prague(3, 9), "status", 1, "solved"),
        (prague(4, 10), "status", None, "open"),
        (prague(4, 11), "agent", 2, None),
        (prague(4, 15), "status", 2, "solved"),
    )
    for number, (at, event_name, agent_id, value) in enumerate(told):
        site.execute(
            sa.text(
                "insert into warehouse.ticket_events (occurred_at, version_number, run_id, event_number, agent_id, "
                "source_name, "
                "ticket_id, event_name, value_text) values (:at, 1, 1, :number, :agent_id, 'desk', 't', :event_name, :value)"
            ),
            {"at": at, "number": number, "agent_id": agent_id, "event_name": event_name, "value": value},
        )
    found = made(site, date(2026, 11, 3), DAY)
    tickets = {key: (one["solved_tickets"], one["reopened_tickets"]) for key, one in found.items()}
    assert tickets == {(1, date(2026, 11, 3)): (1, 1), (2, DAY): (1, 0)}


def test_thanks_count_for_the_day_on_which_they_were_given_as_long_as_they_stand(site: sa.Connection) -> None:
    site.execute(
        sa.text(
            "insert into game.kudos (agent_id, from_agent_id, category_name, message_text, given_at, given_date) "
            "select 1, g.from_agent_id, 'help', 'Thank you', g.given_at, '2026-11-04' "
            "from unnest(cast(:givers as integer []), cast(:times as timestamptz [])) as g (from_agent_id, given_at)"
        ),
        {"givers": [2, 3, 4], "times": [prague(4, 9), prague(5, 3), prague(5, 5)]},
    )
    asked = {"first_date": DAY, "last_date": DAY, "now": floor.NOW}
    assert made(site, DAY)[1, DAY] == {"kudos": 2}  # the third was given after the day was over
    assert sums.due(site, **asked) == []
    site.execute(
        sa.text(
            "update game.kudos set state_name = 'hidden', ended_at = given_at, note_text = 'Rude' where from_agent_id = 2"
        )
    )
    assert sums.due(site, **asked) == [DAY]
    assert made(site, DAY)[1, DAY] == {"kudos": 1}


def test_a_family_of_figures_that_the_policy_switches_off_is_not_counted(site: sa.Connection) -> None:
    floor.call(site, prague(4, 8), "a")
    assert made(site, DAY)[1, DAY]["handle_seconds"] == 60
    site.execute(
        sa.text("update warehouse.individual_figures set is_on = false where family_name = 'handle_time'")
    )
    assert DAY in sums.due(site, first_date=DAY, last_date=DAY, now=floor.NOW)  # noticed by itself
    found = made(site, DAY)[1, DAY]
    assert found["handled_calls"] == 1
    assert "handle_seconds" not in found


CHANGED = {
    "a contact that comes late": lambda site: floor.call(site, prague(4, 9), "late"),
    "one that changes": lambda site: site.execute(sa.text("update warehouse.calls set talk_seconds = 7")),
    "one that goes": lambda site: site.execute(sa.text("delete from warehouse.calls")),
    "one of the next week, who comes again": lambda site: floor.call(site, prague(10, 9), "again"),
    "a key that is moved": lambda site: site.execute(sa.text("update warehouse.calls set agent_id = 3")),
    "all that are taken out at once": lambda site: site.execute(sa.text("truncate warehouse.calls")),
    "another zone": lambda site: site.execute(
        sa.text("update warehouse.sites set time_zone_name = 'Asia/Tokyo'")
    ),
    "another rule of work": lambda site: site.execute(
        sa.text("update warehouse.work_rules set short_call_seconds = 3")
    ),
    "another hour at which days begin": lambda site: site.execute(
        sa.text("update game.settings set day_starts_hour = 6")
    ),
    "a survey a month later": lambda site: site.execute(
        sa.text(
            "insert into warehouse.surveys (answered_at, version_number, run_id, csat_score, source_name, "
            "survey_id, call_id) "
            "values ('2026-12-10', 1, 1, 5, 's', '1', 'a')"
        )
    ),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_day_is_made_again_after(site: sa.Connection, name: str) -> None:
    floor.call(site, prague(4, 8), "a")
    made(site, DAY)
    asked = {"first_date": DAY, "last_date": DAY, "now": floor.NOW}
    assert sums.due(site, **asked) == []  # nothing changed: nothing to do
    CHANGED[name](site)
    assert sums.due(site, **asked) == [DAY]


def test_a_change_far_away_leaves_a_day_alone(site: sa.Connection) -> None:
    floor.call(site, prague(4, 8), "a")
    made(site, DAY)
    floor.call(site, prague(26, 8), "far")
    assert sums.due(site, first_date=DAY, last_date=DAY, now=floor.NOW) == []


def test_days_that_come_out_the_same_are_no_news(site: sa.Connection) -> None:
    floor.call(site, prague(4, 8), "a")
    assert sums.make(site, [DAY], now=floor.NOW) == [DAY]
    assert sums.make(site, [DAY], now=floor.NOW) == []
    site.execute(sa.text("update warehouse.calls set is_resolved = false"))
    assert sums.make(site, [DAY], now=floor.NOW) == [DAY]


def test_every_fact_of_which_the_game_counts_something_notes_its_changes(site: sa.Connection) -> None:
    noting = {
        row[0]
        for row in site.execute(
            sa.text(
                "select distinct tgrelid::regclass::text from pg_trigger where tgname like 'game_notes%' and tgparentid = 0"
            )
        )
    }
    assert noting >= {
        f"warehouse.{name}"
        for name in (
            "calls", "agent_intervals", "tickets", "ticket_events", "ticket_targets", "told_links", "kept_callbacks",
            "shifts", "quality_reviews", "reviews", "surveys", "work_rules", "individual_figures", "agents", "sites",
        )
    }  # fmt: skip
    assert warehouse.one_row(site, "game/extent") == (None, None)
