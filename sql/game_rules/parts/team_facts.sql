-- What the rule counts, by the team that the agent was in on that day.
-- Grain: one row per agent, period, part of it, working day and kind of work.
select
    m.team_id as unit_id,
    f.agent_id,
    f.part_name,
    f.period_text,
    f.start_date,
    f.end_date,
    f.effective_date,
    f.queue_id,
    f.channel_name,
    f.direction_name,
    f.topic_name,
    f.hour_band,
    f.above_value,
    f.below_value,
    f.square_value
from agent_facts as f
inner join memberships as m
    on f.agent_id = m.agent_id and f.effective_date >= m.started_date and (m.ended_date is null or f.effective_date < m.ended_date)
