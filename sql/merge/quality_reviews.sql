-- Merges the staged quality reviews: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.quality_reviews as t (
        reviewed_at, version_number, agent_id, total_score, is_failed, review_id, call_id, ticket_id, reviewer_name,
        form_name, comment_text, run_id, source_name
    )
    select
        s.reviewed_at,
        s.version_number,
        s.agent_id,
        s.total_score,
        s.is_failed,
        s.review_id,
        s.call_id,
        s.ticket_id,
        s.reviewer_name,
        s.form_name,
        s.comment_text,
        :run_id,
        :source_name
    from stage_quality_reviews as s
    order by s.review_id
    on conflict (source_name, review_id) do update set
        reviewed_at = excluded.reviewed_at,
        version_number = excluded.version_number,
        agent_id = excluded.agent_id,
        total_score = excluded.total_score,
        is_failed = excluded.is_failed,
        call_id = excluded.call_id,
        ticket_id = excluded.ticket_id,
        reviewer_name = excluded.reviewer_name,
        form_name = excluded.form_name,
        comment_text = excluded.comment_text,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.reviewed_at, t.version_number, t.agent_id, t.total_score, t.is_failed, t.call_id, t.ticket_id,
            t.reviewer_name, t.form_name, t.comment_text
        ) is distinct from (
            excluded.reviewed_at, excluded.version_number, excluded.agent_id, excluded.total_score,
            excluded.is_failed, excluded.call_id, excluded.ticket_id, excluded.reviewer_name, excluded.form_name,
            excluded.comment_text
        )
    returning t.review_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_quality_reviews as s on m.review_id = s.review_id
