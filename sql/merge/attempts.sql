-- Merges the staged attempts to reach somebody: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.attempts as t (
        attempted_at, answered_at, ended_at, version_number, queue_id, agent_id, talk_seconds, is_converted,
        sale_amount, outcome_name, attempt_id, campaign_name, result_name, call_id, contact_id, customer_key, run_id,
        source_name
    )
    select
        s.attempted_at,
        s.answered_at,
        s.ended_at,
        s.version_number,
        s.queue_id,
        s.agent_id,
        s.talk_seconds,
        s.is_converted,
        round(cast(s.sale_amount as numeric), 2),
        s.outcome_name,
        s.attempt_id,
        s.campaign_name,
        s.result_name,
        s.call_id,
        s.contact_id,
        s.customer_key,
        :run_id,
        :source_name
    from stage_attempts as s
    order by s.attempt_id
    on conflict (source_name, attempt_id) do update set
        attempted_at = excluded.attempted_at,
        answered_at = excluded.answered_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        queue_id = excluded.queue_id,
        agent_id = excluded.agent_id,
        talk_seconds = excluded.talk_seconds,
        is_converted = excluded.is_converted,
        sale_amount = excluded.sale_amount,
        outcome_name = excluded.outcome_name,
        campaign_name = excluded.campaign_name,
        result_name = excluded.result_name,
        call_id = excluded.call_id,
        contact_id = excluded.contact_id,
        customer_key = excluded.customer_key,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.attempted_at, t.answered_at, t.ended_at, t.version_number, t.queue_id, t.agent_id, t.talk_seconds,
            t.is_converted, t.sale_amount, t.outcome_name, t.campaign_name, t.result_name, t.call_id, t.contact_id,
            t.customer_key
        ) is distinct from (
            excluded.attempted_at, excluded.answered_at, excluded.ended_at, excluded.version_number,
            excluded.queue_id, excluded.agent_id, excluded.talk_seconds, excluded.is_converted, excluded.sale_amount,
            excluded.outcome_name, excluded.campaign_name, excluded.result_name, excluded.call_id,
            excluded.contact_id, excluded.customer_key
        )
    returning t.attempt_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_attempts as s on m.attempt_id = s.attempt_id
