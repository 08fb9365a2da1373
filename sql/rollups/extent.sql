-- The first and the last instant of facts and rollups that can be counted anew.
-- Grain: one row; null in an empty warehouse.
select
    case
        when min(e.first_at) is not null
            then greatest(min(e.first_at), nullif((select ops.whole_from('queue_intervals')), '-infinity'))
    end as first_at,
    max(e.last_at) as last_at
from (
    select
        min(c.offered_at) as first_at,
        max(greatest(c.offered_at, c.answered_at)) as last_at
    from warehouse.calls as c
    union all
    select
        min(s.started_at) as first_at,
        max(greatest(s.started_at, s.ended_at)) as last_at
    from warehouse.agent_states as s
    union all
    select
        min(i.interval_start_at) as first_at,
        max(i.interval_start_at) as last_at
    from warehouse.queue_intervals as i
) as e
