-- Merges the staged answers to surveys: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.surveys as t (
        answered_at, version_number, queue_id, agent_id, csat_score, nps_score, is_resolved, survey_id, call_id,
        contact_id, ticket_id, customer_key, comment_text, run_id, source_name
    )
    select
        s.answered_at,
        s.version_number,
        s.queue_id,
        s.agent_id,
        s.csat_score,
        s.nps_score,
        s.is_resolved,
        s.survey_id,
        s.call_id,
        s.contact_id,
        s.ticket_id,
        s.customer_key,
        s.comment_text,
        :run_id,
        :source_name
    from stage_surveys as s
    order by s.survey_id
    on conflict (source_name, survey_id) do update set
        answered_at = excluded.answered_at,
        version_number = excluded.version_number,
        queue_id = excluded.queue_id,
        agent_id = excluded.agent_id,
        csat_score = excluded.csat_score,
        nps_score = excluded.nps_score,
        is_resolved = excluded.is_resolved,
        call_id = excluded.call_id,
        contact_id = excluded.contact_id,
        ticket_id = excluded.ticket_id,
        customer_key = excluded.customer_key,
        comment_text = excluded.comment_text,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.answered_at, t.version_number, t.queue_id, t.agent_id, t.csat_score, t.nps_score, t.is_resolved,
            t.call_id, t.contact_id, t.ticket_id, t.customer_key, t.comment_text
        ) is distinct from (
            excluded.answered_at, excluded.version_number, excluded.queue_id, excluded.agent_id,
            excluded.csat_score, excluded.nps_score, excluded.is_resolved, excluded.call_id, excluded.contact_id,
            excluded.ticket_id, excluded.customer_key, excluded.comment_text
        )
    returning t.survey_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_surveys as s on m.survey_id = s.survey_id
