-- Who gets what a team earned: each member of it on days of the period, who was there long enough.
-- Grain: one row per team, agent and period.
select
    m.team_id as unit_id,
    d.agent_id,
    p.start_date
from game.day_sums as d
inner join days as p on d.effective_date = p.day_date and p.part_name = 'now'
inner join memberships as m
    on d.agent_id = m.agent_id and d.effective_date >= m.started_date and (m.ended_date is null or d.effective_date < m.ended_date)
where d.effective_date between (select min(b.day_date) from days as b) and (select max(b.day_date) from days as b)
group by m.team_id, d.agent_id, p.start_date
having
    cast(:fewest_hours as double precision) = 0
    or sum(
        case
            when d.sums ? 'scheduled_seconds' then greatest(
                0,
                cast(d.sums ->> 'scheduled_seconds' as double precision)
                - coalesce(cast(d.sums ->> 'leave_seconds' as double precision), 0)
                - coalesce(cast(d.sums ->> 'absent_seconds' as double precision), 0)
            )
            else coalesce(cast(d.sums ->> 'signed_in_seconds' as double precision), 0)
        end
    ) >= cast(:fewest_hours as double precision) * 3600
