-- What became of each callback that was asked for in a window?
-- Grain: one row per stay that left its queue for a callback, as warehouse.callback_requests knows it by :as_of.
select
    r.queue_id,
    r.queue_name,
    r.group_name,
    r.source_name,
    r.call_id,
    r.contact_id,
    r.requested_at,
    r.promised_at,
    r.tried_at,
    r.reached_at,
    r.agent_name,
    r.is_reached,
    r.is_given_up,
    r.is_due,
    r.is_kept
from warehouse.callback_requests(
    :window_start, :window_end, :as_of, cast(:queue_id as integer), cast(:group_name as text)
) as r
order by r.requested_at, r.source_name, r.call_id
