-- Which answered calls were recorded, and how many of all?
-- Grain: one row per answered call of the window (offered in it) with a recording or an erased one, the newest first, and in every
-- row how many there are and how many were answered; one row without a call where there is none. recording_id: of its first one.
with answered as materialized (
    select distinct on (c.source_name, c.call_id)
        c.source_name,
        c.call_id,
        c.contact_id,
        c.customer_key,
        c.offered_at,
        c.queue_id,
        c.agent_id
    from warehouse.calls as c
    where
        c.offered_at >= :window_start and c.offered_at < :window_end and c.answered_at is not null
        and (cast(:queue_id as integer) is null or c.queue_id = :queue_id)
        and (cast(:agent_id as integer) is null or c.agent_id = :agent_id)
        and (
            cast(:site_name as text) is null
            or exists (
                select 1 from warehouse.agents as s
                where s.agent_id = c.agent_id and coalesce(s.site_name, '') = :site_name
            )
        )
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as t
                inner join warehouse.queues as q on c.queue_id = q.queue_id
                where
                    t.agent_id = c.agent_id and t.team_id = :team_id
                    and t.started_date <= cast(c.answered_at at time zone q.time_zone_name as date)
                    and (t.ended_date is null or t.ended_date > cast(c.answered_at at time zone q.time_zone_name as date))
            )
        )
    order by c.source_name, c.call_id, c.offered_at, c.stay_number
),

-- A recording is told with its call, or by the end of the next day.
told as materialized (
    select
        r.source_name,
        r.recording_id,
        r.call_id,
        r.contact_id,
        r.customer_key,
        r.started_at,
        r.ended_at,
        r.media_name,
        r.url_text,
        cast(null as timestamptz) as erased_at
    from warehouse.recordings as r
    where r.started_at >= :window_start and r.started_at < cast(:window_end as timestamptz) + interval '1 day'
    union all
    select
        e.source_name,
        null as recording_id,
        e.call_id,
        e.contact_id,
        null as customer_key,
        e.started_at,
        null as ended_at,
        e.media_name,
        null as url_text,
        e.erased_at
    from warehouse.erased_recordings as e
    where e.started_at >= :window_start and e.started_at < cast(:window_end as timestamptz) + interval '1 day'
),

tellers as (
    select distinct a.source_name from answered as a
),

matched as (
    select
        a.source_name as call_source_name,
        a.call_id as of_call_id,
        t.*
    from answered as a
    inner join told as t on a.call_id = t.call_id
    where
        (t.source_name = a.source_name or not exists (select 1 from tellers as o where o.source_name = t.source_name))
        and (t.customer_key is null or a.customer_key is null or t.customer_key = a.customer_key)
    union
    select
        a.source_name as call_source_name,
        a.call_id as of_call_id,
        t.*
    from answered as a
    inner join told as t on a.contact_id = t.contact_id
    where
        t.call_id is null
        and (t.source_name = a.source_name or not exists (select 1 from tellers as o where o.source_name = t.source_name))
        and (t.customer_key is null or a.customer_key is null or t.customer_key = a.customer_key)
),

recorded as (
    select distinct on (m.call_source_name, m.of_call_id)
        m.call_source_name,
        m.of_call_id,
        m.source_name,
        m.recording_id,
        m.started_at,
        m.ended_at,
        m.media_name,
        m.url_text,
        m.erased_at,
        count(*) over (partition by m.call_source_name, m.of_call_id) as recording_count
    from matched as m
    order by m.call_source_name, m.of_call_id, m.erased_at nulls first, m.started_at, m.source_name, m.recording_id
),

totals as (
    select
        (select count(*) from recorded) as recorded_calls,
        (select count(*) from answered) as answered_calls
)

select
    t.recorded_calls,
    t.answered_calls,
    p.call_source_name,
    p.call_id,
    p.contact_id,
    p.offered_at,
    p.queue_name,
    p.agent_name,
    p.source_name,
    p.recording_id,
    p.started_at,
    cast(extract(epoch from p.ended_at - p.started_at) as bigint) as length_seconds,
    p.media_name,
    p.url_text,
    p.erased_at,
    p.recording_count
from totals as t
left join (
    select
        r.*,
        a.call_id,
        a.contact_id,
        a.offered_at,
        q.queue_name,
        g.agent_name
    from recorded as r
    inner join answered as a on r.call_source_name = a.source_name and r.of_call_id = a.call_id
    left join warehouse.queues as q on a.queue_id = q.queue_id
    left join warehouse.agents as g on a.agent_id = g.agent_id
    order by a.offered_at desc, a.source_name, a.call_id
    limit :limit_rows
) as p on true
order by p.offered_at desc, p.call_source_name, p.call_id
