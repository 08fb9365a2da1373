-- What did one agent do on a local day, one thing after the other, in calls and in tickets?
-- Grain: one row per call that he answered, reply, note, and status that he set or ticket that he was given, in order of time.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

span as (
    select
        cast(:day_date as timestamp) at time zone z.time_zone_name as start_at,
        (cast(:day_date as timestamp) + interval '1 day') at time zone z.time_zone_name as end_at
    from zone as z
),

deeds as (
    select
        c.answered_at as happened_at,
        'call' as kind_name,
        case when c.direction_name = 'inbound' then c.outcome_name else c.direction_name end as what_name,
        q.queue_name as place_name,
        c.call_id as reference_text,
        c.source_name,
        c.topic_name,
        c.talk_seconds,
        c.hold_seconds,
        c.wrap_up_seconds,
        c.talk_seconds + coalesce(c.hold_seconds, 0) + coalesce(c.wrap_up_seconds, 0) as handle_seconds,
        cast(null as text) as url_text
    from span as s
    inner join warehouse.calls as c on c.answered_at >= s.start_at and c.answered_at < s.end_at
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    where c.agent_id = :agent_id and c.answered_at <= :as_of and c.offered_at >= s.start_at - interval '1 day'
    union all
    select
        e.occurred_at as happened_at,
        'ticket' as kind_name,
        case when e.event_name = 'status' then e.value_text else e.event_name end as what_name,
        coalesce(t.group_name, '') as place_name,
        e.ticket_id as reference_text,
        e.source_name,
        t.topic_name,
        cast(null as integer) as talk_seconds,
        cast(null as integer) as hold_seconds,
        cast(null as integer) as wrap_up_seconds,
        cast(null as integer) as handle_seconds,
        t.url_text
    from span as s
    inner join warehouse.ticket_events as e on e.occurred_at >= s.start_at and e.occurred_at < s.end_at
    inner join warehouse.tickets as t on e.source_name = t.source_name and e.ticket_id = t.ticket_id
    where
        e.agent_id = :agent_id and e.occurred_at <= :as_of and e.event_name in ('reply', 'note', 'status', 'agent')
        and not t.is_deleted
)

select
    d.happened_at,
    d.kind_name,
    d.what_name,
    d.place_name,
    d.reference_text,
    d.source_name,
    d.topic_name,
    d.talk_seconds,
    d.hold_seconds,
    d.wrap_up_seconds,
    d.handle_seconds,
    d.url_text
from deeds as d
order by d.happened_at, d.kind_name, d.reference_text, d.what_name
limit 1000
