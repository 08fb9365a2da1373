-- What is known of each agent's presence: states and shifts are of no kind of work.
-- Grain: one row per agent and day with any of it.
select
    d.agent_id,
    d.effective_date,
    bool_or(d.sums ? 'scheduled_seconds') as has_schedule,
    coalesce(sum(
        cast(d.sums ->> 'scheduled_seconds' as double precision)
        - coalesce(cast(d.sums ->> 'leave_seconds' as double precision), 0)
        - coalesce(cast(d.sums ->> 'absent_seconds' as double precision), 0)
    ), 0) > 0 as is_working
from game.day_sums as d
where
    d.queue_id is null and d.hour_band is null
    and d.effective_date >= cast(:facts_from_date as date)
    and d.effective_date <= (select b.last_due_date from bounds as b)
group by d.agent_id, d.effective_date
