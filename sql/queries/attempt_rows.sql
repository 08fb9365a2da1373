-- Which attempts stand behind a campaign's numbers?
-- Grain: one row per attempt, the newest first, at most 500; total_rows is how many there are.
select
    a.attempted_at,
    a.campaign_name,
    a.outcome_name,
    a.result_name,
    g.agent_name,
    a.talk_seconds,
    a.is_converted,
    a.sale_amount,
    a.source_name,
    a.attempt_id,
    a.contact_id,
    count(*) over () as total_rows
from warehouse.attempts as a
left join warehouse.agents as g on a.agent_id = g.agent_id
where
    a.attempted_at >= :window_start and a.attempted_at < :window_end
    and (cast(:campaign_name as text) is null or a.campaign_name = :campaign_name)
    and (cast(:outcome_name as text) is null or a.outcome_name = :outcome_name)
order by a.attempted_at desc, a.source_name, a.attempt_id
limit 500
