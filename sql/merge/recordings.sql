-- Merges the staged recordings: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.recordings as t (
        started_at, ended_at, version_number, agent_id, recording_id, call_id, contact_id, media_name, url_text,
        customer_key, run_id, source_name
    )
    select
        s.started_at,
        s.ended_at,
        s.version_number,
        s.agent_id,
        s.recording_id,
        s.call_id,
        s.contact_id,
        s.media_name,
        s.url_text,
        s.customer_key,
        :run_id,
        :source_name
    from stage_recordings as s
    order by s.recording_id
    on conflict (source_name, recording_id) do update set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        agent_id = excluded.agent_id,
        call_id = excluded.call_id,
        contact_id = excluded.contact_id,
        media_name = excluded.media_name,
        url_text = excluded.url_text,
        customer_key = excluded.customer_key,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.started_at, t.ended_at, t.version_number, t.agent_id, t.call_id, t.contact_id, t.media_name, t.url_text,
            t.customer_key
        ) is distinct from (
            excluded.started_at, excluded.ended_at, excluded.version_number, excluded.agent_id, excluded.call_id,
            excluded.contact_id, excluded.media_name, excluded.url_text, excluded.customer_key
        )
    returning t.recording_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_recordings as s on m.recording_id = s.recording_id
