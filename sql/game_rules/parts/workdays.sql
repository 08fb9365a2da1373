-- The days on which each agent was to work: scheduled without full leave or absence; before the first schedule, where anything was done.
-- Grain: one row per agent and such day.
select
    w.agent_id,
    w.effective_date,
    w.above_value,
    w.below_value,
    s.start_date as season_start_date,
    coalesce(s.freezes, 0) as freezes
from (
    select
        p.*,
        min(p.effective_date) filter (where p.has_schedule) over (partition by p.agent_id) as first_scheduled_date
    from (
        select
            coalesce(k.agent_id, t.unit_id) as agent_id,
            coalesce(k.effective_date, t.effective_date) as effective_date,
            coalesce(k.has_schedule, false) as has_schedule,
            coalesce(k.is_working, false) as is_working,
            t.above_value,
            t.below_value
        from schedules as k
        full join day_totals as t on k.agent_id = t.unit_id and k.effective_date = t.effective_date
    ) as p
) as w
left join game.seasons as s on w.effective_date >= s.start_date and w.effective_date < s.end_date
where w.first_scheduled_date is null or w.effective_date < w.first_scheduled_date or w.is_working
