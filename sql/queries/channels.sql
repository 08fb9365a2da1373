-- Through which channels did contacts come and go in a window, and who served them?
-- Grain: one row per kind (inbound, outbound, internal, ticket, self_service) and channel. Contacts are counted once each;
-- contained: settled in a menu, by a bot or a page, without an agent; agent_served_contacts: those an agent took over from there.
with stays as (
    select
        c.direction_name as kind_name,
        c.channel_name,
        count(*) as offered_calls,
        count(c.answered_at) as answered_calls,
        count(*) filter (where c.outcome_name = 'abandoned') as abandoned_calls,
        count(*) filter (where c.outcome_name = 'answered') as handled_calls,
        sum(c.wait_seconds) filter (where c.answered_at is not null) as answered_wait_seconds,
        sum(c.talk_seconds) filter (where c.outcome_name = 'answered') as talk_seconds,
        sum(c.hold_seconds) filter (where c.outcome_name = 'answered') as hold_seconds,
        sum(c.wrap_up_seconds) filter (where c.outcome_name = 'answered') as wrap_up_seconds,
        count(distinct c.source_name || chr(31) || c.contact_id) filter (where c.outcome_name = 'answered') as served_contacts
    from warehouse.calls as c
    where c.offered_at >= :window_start and c.offered_at < :window_end
    group by c.direction_name, c.channel_name
),

tickets as (
    select
        coalesce(t.channel_name, '') as channel_name,
        count(*) as created_tickets,
        count(t.first_reply_seconds) filter (
            where cast(:as_of as timestamptz) is null or t.first_reply_at <= :as_of
        ) as first_replied_tickets
    from warehouse.tickets as t
    where t.created_at >= :window_start and t.created_at < :window_end and not t.is_deleted
    group by coalesce(t.channel_name, '')
),

visits as (
    select
        v.channel_name,
        count(*) as visit_count,
        sum(v.contained_contacts) as contained_contacts,
        sum(v.passed_on_contacts) as passed_on_contacts,
        sum(v.left_contacts) as left_contacts,
        sum(v.agent_served_contacts) as agent_served_contacts
    from warehouse.self_service_measures(:window_start, :window_end, 'infinity') as v
    group by v.channel_name
)

select
    s.kind_name,
    s.channel_name,
    s.offered_calls,
    s.answered_calls,
    s.abandoned_calls,
    s.handled_calls,
    coalesce(s.answered_wait_seconds, 0) as answered_wait_seconds,
    coalesce(s.talk_seconds, 0) as talk_seconds,
    coalesce(s.hold_seconds, 0) as hold_seconds,
    coalesce(s.wrap_up_seconds, 0) as wrap_up_seconds,
    case when s.kind_name = 'inbound' then s.served_contacts else 0 end as served_contacts,
    0 as agent_served_contacts,
    0 as created_tickets,
    0 as first_replied_tickets,
    0 as visit_count,
    0 as contained_contacts,
    0 as passed_on_contacts,
    0 as left_contacts
from stays as s
union all
select
    'ticket' as kind_name,
    t.channel_name,
    0 as offered_calls,
    0 as answered_calls,
    0 as abandoned_calls,
    0 as handled_calls,
    0 as answered_wait_seconds,
    0 as talk_seconds,
    0 as hold_seconds,
    0 as wrap_up_seconds,
    t.first_replied_tickets as served_contacts,
    0 as agent_served_contacts,
    t.created_tickets,
    t.first_replied_tickets,
    0 as visit_count,
    0 as contained_contacts,
    0 as passed_on_contacts,
    0 as left_contacts
from tickets as t
union all
select
    'self_service' as kind_name,
    v.channel_name,
    0 as offered_calls,
    0 as answered_calls,
    0 as abandoned_calls,
    0 as handled_calls,
    0 as answered_wait_seconds,
    0 as talk_seconds,
    0 as hold_seconds,
    0 as wrap_up_seconds,
    0 as served_contacts,
    v.agent_served_contacts,
    0 as created_tickets,
    0 as first_replied_tickets,
    v.visit_count,
    v.contained_contacts,
    v.passed_on_contacts,
    v.left_contacts
from visits as v
order by kind_name, channel_name
