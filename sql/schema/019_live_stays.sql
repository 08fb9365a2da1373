-- The stays of this instant and of the local day until then, once for the wall's counts and for the lists behind them.
-- Grain: as each comment states.
create function warehouse.live_stays(as_of timestamptz) returns table (
    queue_id integer,
    agent_id integer,
    day_start_at timestamptz,
    offered_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    wait_seconds integer,
    talk_seconds integer,
    hold_seconds integer,
    wrap_up_seconds integer,
    short_abandon_seconds integer,
    service_level_threshold_seconds integer,
    stay_number integer,
    source_name text,
    call_id text,
    contact_id text,
    channel_name text,
    outcome_name text,
    transfer_kind_name text,
    topic_name text,
    customer_key text
)
language sql stable as $$
    select
        d.queue_id,
        c.agent_id,
        d.day_start_at,
        c.offered_at,
        case when c.answered_at <= $1 then c.answered_at end,
        case when c.ended_at <= $1 then c.ended_at end,
        c.wait_seconds,
        c.talk_seconds,
        c.hold_seconds,
        c.wrap_up_seconds,
        d.short_abandon_seconds,
        d.service_level_threshold_seconds,
        c.stay_number,
        c.source_name,
        c.call_id,
        c.contact_id,
        c.channel_name,
        case when c.ended_at <= $1 then c.outcome_name end,
        c.transfer_kind_name,
        c.topic_name,
        c.customer_key
    from (
        select
            q.queue_id,
            q.short_abandon_seconds,
            q.service_level_threshold_seconds,
            date_trunc('day', $1 at time zone q.time_zone_name) at time zone q.time_zone_name as day_start_at
        from warehouse.queues as q
    ) as d
    cross join lateral (
        select r.*
        from warehouse.calls as r
        where
            r.queue_id = d.queue_id and r.offered_at <= $1 and r.offered_at >= d.day_start_at - interval '4 hours'
            and r.direction_name = 'inbound'
        union all
        select o.*
        from warehouse.calls as o
        where
            o.queue_id = d.queue_id and o.ended_at is null and o.offered_at < d.day_start_at - interval '4 hours'
            and o.direction_name = 'inbound'
        union all
        select l.*
        from warehouse.calls as l
        where
            l.queue_id = d.queue_id and l.ended_at - l.offered_at > interval '4 hours' and l.ended_at >= d.day_start_at
            and l.offered_at < d.day_start_at - interval '4 hours' and l.direction_name = 'inbound'
    ) as c
$$;
comment on function warehouse.live_stays is
'Grain: one row per inbound stay that waits or is in progress at an instant, or that was offered, answered or ended on the queue''s '
'local day until then (and in the four hours before it); what happened after the instant is not in it.';

-- Where a ticket and the answers, reviews and amounts of a contact are looked up by their ids.
create index tickets_by_id on warehouse.tickets (ticket_id);
create index surveys_by_call on warehouse.surveys (call_id) where call_id is not null;
create index surveys_by_contact on warehouse.surveys (contact_id) where contact_id is not null;
create index surveys_by_ticket on warehouse.surveys (ticket_id) where ticket_id is not null;
create index quality_reviews_by_call on warehouse.quality_reviews (call_id) where call_id is not null;
create index quality_reviews_by_ticket on warehouse.quality_reviews (ticket_id) where ticket_id is not null;
create index revenues_by_call on warehouse.revenues (call_id) where call_id is not null;
create index revenues_by_contact on warehouse.revenues (contact_id) where contact_id is not null;
create index revenues_by_ticket on warehouse.revenues (ticket_id) where ticket_id is not null;
