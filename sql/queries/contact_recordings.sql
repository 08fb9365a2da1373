-- Which recordings are there of some calls, and which were erased?
-- Grain: one row per recording that names one of the calls or contacts, and per erased one, in the order of time. Two systems may
-- use one id for two contacts: a system that tells calls itself speaks of its own, and another customer's hash is left out.
with theirs as (
    select
        r.started_at,
        r.ended_at,
        r.source_name,
        r.recording_id,
        r.call_id,
        r.media_name,
        r.url_text,
        r.agent_id,
        cast(null as timestamptz) as erased_at
    from warehouse.recordings as r
    where
        (
            r.call_id = any(cast(:call_ids as text []))
            or r.contact_id = any(cast(:contact_ids as text []))
        )
        and (
            r.customer_key is null or cardinality(cast(:customer_keys as text [])) = 0
            or r.customer_key = any(cast(:customer_keys as text []))
        )
    union all
    select
        e.started_at,
        null as ended_at,
        e.source_name,
        null as recording_id,
        e.call_id,
        e.media_name,
        null as url_text,
        null as agent_id,
        e.erased_at
    from warehouse.erased_recordings as e
    where
        e.call_id = any(cast(:call_ids as text [])) or e.contact_id = any(cast(:contact_ids as text []))
)

select
    t.started_at,
    t.ended_at,
    cast(extract(epoch from t.ended_at - t.started_at) as bigint) as length_seconds,
    t.source_name,
    t.recording_id,
    t.call_id,
    t.media_name,
    t.url_text,
    a.agent_name,
    t.erased_at
from theirs as t
left join warehouse.agents as a on t.agent_id = a.agent_id
where
    t.source_name = any(cast(:source_names as text []))
    or not exists (
        select 1 from warehouse.calls as c
        where c.call_id = t.call_id and c.source_name = t.source_name
    )
order by t.started_at, t.source_name, t.recording_id
