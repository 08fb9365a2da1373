-- Whom did the rule propose for a month, and what did that rest on?
-- Grain: one row per proposal of an agent whom the reader sees; none before somebody has asked for them.
select
    p.month_date,
    m.state_name,
    p.agent_id,
    a.agent_name,
    p.place_number,
    p.lowest_position,
    p.highest_position,
    p.people_count,
    p.evidence_text,
    coalesce(p.agent_id = m.agent_id, false) as is_chosen
from game.month_proposals as p
inner join game.months as m on p.month_date = m.month_date
inner join warehouse.agents as a on p.agent_id = a.agent_id
where p.month_date = cast(:month_date as date)
order by p.place_number
