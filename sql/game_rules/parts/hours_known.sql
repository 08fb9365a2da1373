-- How long each agent was there: scheduled without leave and absence, else signed in.
-- Grain: one row per agent and period.
select
    d.agent_id,
    p.start_date,
    sum(
        case
            when d.sums ? 'scheduled_seconds' then greatest(
                0,
                cast(d.sums ->> 'scheduled_seconds' as double precision)
                - coalesce(cast(d.sums ->> 'leave_seconds' as double precision), 0)
                - coalesce(cast(d.sums ->> 'absent_seconds' as double precision), 0)
            )
            else coalesce(cast(d.sums ->> 'signed_in_seconds' as double precision), 0)
        end
    ) / 3600 as hours_value,
    count(distinct d.effective_date) as present_days
from game.day_sums as d
inner join days as p on d.effective_date = p.day_date and p.part_name = 'now'
where
    d.queue_id is null and d.hour_band is null -- states and shifts are of no kind of work
    and d.effective_date between (select min(b.day_date) from days as b) and (select max(b.day_date) from days as b)
group by d.agent_id, p.start_date
