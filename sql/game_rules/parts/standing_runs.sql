-- Where each agent's streak stands on the last day, and what it needs for the next tier.
-- Grain: one row per agent with a day that counted.
select
    r.agent_id,
    r.effective_date as last_counted_date,
    r.streak_days,
    r.best_days,
    r.freezes_left,
    r.is_frozen,
    r.first_date as streak_from_date,
    (
        select max(t.at_value)
        from jsonb_to_recordset(cast(:tiers as jsonb)) as t (at_value double precision)
        where t.at_value <= r.streak_days
    ) as reached_value,
    (
        select min(t.at_value)
        from jsonb_to_recordset(cast(:tiers as jsonb)) as t (at_value double precision)
        where t.at_value > r.streak_days
    ) as next_value
from (
    select distinct on (o.agent_id) o.*
    from runs as o
    order by o.agent_id, o.effective_date desc
) as r
