-- Which calls and tickets fit a search: a period, what became of them, how long they took, or a part of their id?
-- Grain: one row per stay in a queue and per ticket, the newest first, and in every row how many there are; one row without a record
-- where there is none. An id, or a customer's hash, that is given whole is found at any time; a part of an id, from its beginning,
-- in the period.
with called as (
    select c.*
    from warehouse.calls as c
    where
        cast(:search_text as text) is null and cast(:customer_key as text) is null
        and c.offered_at >= :window_start and c.offered_at < :window_end
    union all
    select c.*
    from warehouse.calls as c
    where
        cast(:search_text as text) is not null and c.offered_at >= :window_start and c.offered_at < :window_end
        and (
            starts_with(lower(c.call_id), lower(cast(:search_text as text)))
            or starts_with(lower(c.contact_id), lower(cast(:search_text as text)))
        )
    union all
    select c.*
    from warehouse.calls as c
    where
        c.call_id = cast(:search_text as text)
        and not (
            c.offered_at >= :window_start and c.offered_at < :window_end
        )
    union all
    select c.*
    from warehouse.calls as c
    where
        c.contact_id <> c.call_id and c.contact_id = cast(:search_text as text) and c.call_id <> cast(:search_text as text)
        and not (
            c.offered_at >= :window_start and c.offered_at < :window_end
        )
    union all
    select c.*
    from warehouse.calls as c
    where c.customer_key = cast(:customer_key as text)
),

written as (
    select t.*
    from warehouse.tickets as t
    where
        cast(:search_text as text) is null and cast(:customer_key as text) is null
        and t.created_at >= :window_start and t.created_at < :window_end
    union all
    select t.*
    from warehouse.tickets as t
    where
        cast(:search_text as text) is not null and t.created_at >= :window_start and t.created_at < :window_end
        and (
            starts_with(lower(t.ticket_id), lower(cast(:search_text as text)))
            or starts_with(lower(coalesce(t.contact_id, '')), lower(cast(:search_text as text)))
        )
    union all
    select t.*
    from warehouse.tickets as t
    where
        t.ticket_id = cast(:search_text as text)
        and not (
            t.created_at >= :window_start and t.created_at < :window_end
        )
    union all
    select t.*
    from warehouse.tickets as t
    where t.customer_key = cast(:customer_key as text)
),

zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

found as materialized (
    select
        'call' as kind_name,
        c.offered_at as started_at,
        c.source_name,
        c.call_id as record_id,
        c.contact_id,
        c.queue_id,
        c.stay_number,
        concat_ws('|', 'call', c.source_name, c.call_id, c.queue_id, c.stay_number) as row_text
    from called as c
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    cross join zone as z
    where
        (cast(:kind_name as text) is null or :kind_name = 'call')
        and (cast(:queue_id as integer) is null or c.queue_id = :queue_id)
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
        and (cast(:channel_name as text) is null or c.channel_name = :channel_name)
        and (cast(:topic_name as text) is null or coalesce(c.topic_name, '') = :topic_name)
        and (cast(:agent_id as integer) is null or c.agent_id = :agent_id)
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as m
                where
                    m.agent_id = c.agent_id and m.team_id = :team_id
                    and m.started_date <= cast(c.answered_at at time zone z.time_zone_name as date)
                    and (m.ended_date is null or m.ended_date > cast(c.answered_at at time zone z.time_zone_name as date))
            )
        )
        and (cast(:direction_name as text) is null or c.direction_name = :direction_name)
        and (cast(:outcome_name as text) is null or c.outcome_name = :outcome_name)
        and (cast(:wait_over_seconds as integer) is null or c.wait_seconds > :wait_over_seconds)
        and (
            cast(:handle_over_seconds as integer) is null
            or c.talk_seconds + coalesce(c.hold_seconds, 0) + coalesce(c.wrap_up_seconds, 0) > :handle_over_seconds
        )
        and (cast(:is_transferred as boolean) is null or (c.transfer_kind_name is not null) = :is_transferred)
        and (
            cast(:csat_name as text) is null
            or case :csat_name when 'low' then c.csat_score < 3 when 'high' then c.csat_score >= 4 else c.csat_score is not null end
        )
    union all
    select
        'ticket',
        t.created_at,
        t.source_name,
        t.ticket_id,
        coalesce(t.contact_id, t.ticket_id),
        null,
        null,
        concat_ws('|', 'ticket', t.source_name, t.ticket_id)
    from written as t
    cross join zone as z
    where
        (cast(:kind_name as text) is null or :kind_name = 'ticket') and not t.is_deleted
        and cast(:queue_id as integer) is null and cast(:direction_name as text) is null
        and cast(:wait_over_seconds as integer) is null and cast(:handle_over_seconds as integer) is null
        and cast(:is_transferred as boolean) is null
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:channel_name as text) is null or t.channel_name = :channel_name)
        and (cast(:topic_name as text) is null or coalesce(t.topic_name, '') = :topic_name)
        and (cast(:agent_id as integer) is null or t.agent_id = :agent_id)
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as m
                where
                    m.agent_id = t.agent_id and m.team_id = :team_id
                    and m.started_date <= cast(t.created_at at time zone z.time_zone_name as date)
                    and (m.ended_date is null or m.ended_date > cast(t.created_at at time zone z.time_zone_name as date))
            )
        )
        and (cast(:outcome_name as text) is null or t.status_name = :outcome_name)
        and (
            cast(:csat_name as text) is null
            or case :csat_name when 'low' then t.csat_score < 3 when 'high' then t.csat_score >= 4 else t.csat_score is not null end
        )
),

totals as (
    select
        count(*) as found_rows,
        count(*) filter (where f.kind_name = 'call') as found_calls,
        count(*) filter (where f.kind_name = 'ticket') as found_tickets
    from found as f
),

page as (
    select
        f.*,
        concat_ws('|', 0, cast(extract(epoch from f.started_at) * 1000000 as bigint), f.row_text) as position_text
    from found as f
    where
        cast(:after_text as text) is null
        or (f.started_at, f.row_text) < (cast(:after_at as timestamptz), cast(:after_text as text))
    order by f.started_at desc, f.row_text desc
    limit :limit_rows
)

select
    n.found_rows,
    n.found_calls,
    n.found_tickets,
    p.position_text as row_text,
    p.kind_name,
    p.started_at,
    coalesce(q.queue_name, t.group_name) as queue_name,
    a.agent_name,
    coalesce(c.channel_name, t.channel_name) as channel_name,
    c.direction_name,
    coalesce(c.outcome_name, t.status_name) as outcome_name,
    coalesce(c.wait_seconds, t.first_reply_seconds) as wait_seconds,
    c.talk_seconds + coalesce(c.hold_seconds, 0) + coalesce(c.wrap_up_seconds, 0) as handle_seconds,
    c.transfer_kind_name,
    coalesce(c.topic_name, t.topic_name) as topic_name,
    coalesce(c.csat_score, t.csat_score) as csat_score,
    coalesce(c.customer_key, t.customer_key) is not null as has_customer,
    p.source_name,
    p.record_id,
    p.contact_id,
    t.url_text
from totals as n
left join page as p on true
left join lateral (
    select o.*
    from warehouse.calls as o
    where
        p.kind_name = 'call' and o.queue_id = p.queue_id and o.offered_at = p.started_at and o.source_name = p.source_name
        and o.call_id = p.record_id and o.stay_number = p.stay_number
) as c on true
left join warehouse.tickets as t on p.kind_name = 'ticket' and p.source_name = t.source_name and p.record_id = t.ticket_id
left join warehouse.queues as q on p.queue_id = q.queue_id
left join warehouse.agents as a on a.agent_id = coalesce(c.agent_id, t.agent_id)
order by p.started_at desc, p.row_text desc
