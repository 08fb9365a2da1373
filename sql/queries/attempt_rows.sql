-- Which attempts stand behind a campaign's numbers?
-- Grain: one row per attempt, the newest first, at most 500; total_rows is how many there are. :of_name: sold keeps those with
-- an amount, aimed those of campaigns that tell whether a call met its aim, first those that did.
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
    and (cast(:of_name as text) is distinct from 'sold' or a.sale_amount is not null)
    and (
        cast(:of_name as text) is distinct from 'aimed'
        or exists (
            select 1 from warehouse.attempts as b
            where
                b.campaign_name = a.campaign_name and b.is_converted is not null
                and b.attempted_at >= :window_start and b.attempted_at < :window_end
        )
    )
order by
    case when :of_name = 'aimed' and a.is_converted then 0 else 1 end, a.attempted_at desc, a.source_name, a.attempt_id
limit 500
