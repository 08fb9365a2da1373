-- Which contacts left the queues in an interval, or stood in them at its beginning or end?
-- Grain: one row per inbound stay, in the order in which they were offered, the first 500; total_rows is how many there are.
-- :side_name: left, before or after; :of_name (null: all): answered, abandoned, elsewhere or interrupted, or earlier: those
-- that came before the interval.
with stays as (
    select
        m.source_name,
        m.contact_id,
        m.queue_id,
        m.agent_id,
        m.offered_at,
        coalesce(m.answered_at, m.ended_at) as left_at,
        m.answered_at is not null as is_answered,
        m.outcome_name
    from warehouse.chosen_calls(
        cast(:window_start as timestamptz) - interval '4 hours',
        :window_end, null, :queue_id, :group_name, null, null, null, null, null, false
    ) as m
    union all
    select
        c.source_name,
        c.contact_id,
        c.queue_id,
        c.agent_id,
        c.offered_at,
        coalesce(c.answered_at, c.ended_at),
        c.answered_at is not null,
        c.outcome_name
    from warehouse.queues as q
    cross join lateral (
        select o.*
        from warehouse.calls as o
        where o.queue_id = q.queue_id and o.ended_at is null and o.offered_at < :window_start - interval '4 hours'
        union all
        select l.*
        from warehouse.calls as l
        where
            l.queue_id = q.queue_id and l.ended_at - l.offered_at > interval '4 hours'
            and l.offered_at < :window_start - interval '4 hours' and l.ended_at >= :window_start
    ) as c
    where
        c.direction_name = 'inbound' and coalesce(c.answered_at, c.ended_at, 'infinity') >= :window_start
        and (cast(:queue_id as integer) is null or q.queue_id = :queue_id)
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
)

select
    s.source_name,
    s.contact_id,
    q.queue_name,
    a.agent_name,
    s.offered_at,
    s.left_at,
    s.outcome_name,
    count(*) over () as total_rows
from stays as s
inner join warehouse.queues as q on s.queue_id = q.queue_id
left join warehouse.agents as a on s.agent_id = a.agent_id
where
    case :side_name
        when 'left' then s.left_at >= :window_start and s.left_at < :window_end
        when 'before' then s.offered_at < :window_start and (s.left_at is null or s.left_at >= :window_start)
        else s.offered_at < :window_end and (s.left_at is null or s.left_at >= :window_end)
    end
    and (
        cast(:of_name as text) is null
        or case :of_name
            when 'earlier' then s.offered_at < :window_start
            when 'elsewhere' then s.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
            when 'answered' then s.is_answered
            else s.outcome_name = :of_name and not s.is_answered
        end
    )
order by s.offered_at, s.source_name, s.contact_id
limit 500
