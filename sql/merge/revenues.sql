-- Merges the staged revenues: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.revenues as t (
        earned_at, version_number, queue_id, agent_id, amount, revenue_id, currency_name, call_id, contact_id,
        ticket_id, customer_key, reason_name, run_id, source_name
    )
    select
        s.earned_at,
        s.version_number,
        s.queue_id,
        s.agent_id,
        round(cast(s.amount as numeric), 2),
        s.revenue_id,
        s.currency_name,
        s.call_id,
        s.contact_id,
        s.ticket_id,
        s.customer_key,
        s.reason_name,
        :run_id,
        :source_name
    from stage_revenues as s
    order by s.revenue_id
    on conflict (source_name, revenue_id) do update set
        earned_at = excluded.earned_at,
        version_number = excluded.version_number,
        queue_id = excluded.queue_id,
        agent_id = excluded.agent_id,
        amount = excluded.amount,
        currency_name = excluded.currency_name,
        call_id = excluded.call_id,
        contact_id = excluded.contact_id,
        ticket_id = excluded.ticket_id,
        customer_key = excluded.customer_key,
        reason_name = excluded.reason_name,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.earned_at, t.version_number, t.queue_id, t.agent_id, t.amount, t.currency_name, t.call_id,
            t.contact_id, t.ticket_id, t.customer_key, t.reason_name
        ) is distinct from (
            excluded.earned_at, excluded.version_number, excluded.queue_id, excluded.agent_id, excluded.amount,
            excluded.currency_name, excluded.call_id, excluded.contact_id, excluded.ticket_id,
            excluded.customer_key, excluded.reason_name
        )
    returning t.revenue_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_revenues as s on m.revenue_id = s.revenue_id
