-- Gives the stays that one source tells of an agent to another agent, and notes the intervals of both.
-- Grain: one row: how many stays were moved.
with moved as (
    update warehouse.calls as c set agent_id = :to_id
    where c.agent_id = :from_id and c.source_name = :source_name
    returning c.answered_at
),

noted as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select distinct
        i.agent_id,
        date_bin('15 minutes', m.answered_at, '2000-01-01 00:00+00')
    from moved as m
    cross join (values (cast(:from_id as integer)), (cast(:to_id as integer))) as i (agent_id)
    where m.answered_at is not null
)

select count(*) as moved_rows from moved
