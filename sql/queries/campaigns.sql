-- What did each campaign reach in a window?
-- Grain: one row per campaign; reached_contacts counts customers once, however often they were tried.
select
    a.campaign_name,
    count(*) as attempted_calls,
    count(*) filter (where a.outcome_name = 'connected') as connected_calls,
    count(*) filter (where a.outcome_name = 'abandoned') as abandoned_attempt_calls,
    count(*) filter (where a.outcome_name = 'no_answer') as no_answer_calls,
    count(*) filter (where a.outcome_name = 'busy') as busy_calls,
    count(*) filter (where a.outcome_name = 'machine') as machine_calls,
    count(*) filter (where a.outcome_name = 'failed') as failed_calls,
    -- unknown, not none, where no attempt of the campaign tells whether it met its aim
    case when count(a.is_converted) > 0 then count(*) filter (where a.is_converted) end as converted_calls,
    count(distinct a.customer_key) as tried_contacts,
    count(distinct a.customer_key) filter (where a.outcome_name = 'connected') as reached_contacts,
    coalesce(sum(a.talk_seconds) filter (where a.outcome_name = 'connected'), 0) as connected_talk_seconds,
    sum(a.sale_amount) as sale_amount
from warehouse.attempts as a
where a.attempted_at >= :window_start and a.attempted_at < :window_end
group by a.campaign_name
order by a.campaign_name
