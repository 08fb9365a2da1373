-- From which working day until which is there anything that the game counts?
-- Grain: one row; both null in an empty warehouse. A fact of the small hours is of the working day before.
select
    least(
        (select min(c.offered_at) from warehouse.calls as c),
        (select min(i.interval_start_at) from warehouse.agent_intervals as i),
        (select min(t.created_at) from warehouse.tickets as t),
        (select min(v.answered_at) from warehouse.surveys as v)
    )::date - 1 as first_date,
    greatest(
        (select max(c.offered_at) from warehouse.calls as c),
        (select max(i.interval_start_at) from warehouse.agent_intervals as i),
        (select max(t.created_at) from warehouse.tickets as t)
    )::date as last_date
