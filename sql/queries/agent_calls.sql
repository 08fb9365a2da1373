-- Which calls did agents talk on within a window?
-- Grain: one row per stay that an agent answered and whose talk lies in the window: inbound, outbound and internal.
select
    c.agent_id,
    c.direction_name,
    q.queue_name,
    c.source_name,
    c.contact_id,
    c.call_id,
    c.answered_at,
    least(coalesce(c.ended_at, cast(:as_of as timestamptz)), cast(:as_of as timestamptz)) as ended_at,
    c.talk_seconds,
    c.hold_seconds,
    c.wrap_up_seconds,
    c.transfer_kind_name
from warehouse.calls as c
inner join warehouse.queues as q on c.queue_id = q.queue_id
where
    c.agent_id = cast(:agent_id as integer)
    and c.answered_at < cast(:window_end as timestamptz) and c.answered_at <= cast(:as_of as timestamptz)
    and c.answered_at >= cast(:window_start as timestamptz) - interval '4 hours'
    and (c.ended_at is null or c.ended_at > cast(:window_start as timestamptz))
order by c.answered_at, c.source_name, c.call_id, c.stay_number
limit 1000
