-- Empties what the agents' intervals hold of families that are off.
-- Grain: one row per agent and 15 minutes that held any of it.
with policy as materialized (
    select
        warehouse.is_individual('handled_contacts') as has_contacts,
        warehouse.is_individual('handle_time') as has_times,
        warehouse.is_individual('states') as has_states
)

update warehouse.agent_intervals as i set
    handled_calls = case when p.has_contacts then i.handled_calls end,
    transferred_calls = case when p.has_contacts then i.transferred_calls end,
    blind_transferred_calls = case when p.has_contacts then i.blind_transferred_calls end,
    attended_transferred_calls = case when p.has_contacts then i.attended_transferred_calls end,
    outbound_calls = case when p.has_contacts then i.outbound_calls end,
    internal_calls = case when p.has_contacts then i.internal_calls end,
    talk_seconds = case when p.has_times then i.talk_seconds end,
    hold_seconds = case when p.has_times then i.hold_seconds end,
    wrap_up_seconds = case when p.has_times then i.wrap_up_seconds end,
    outbound_talk_seconds = case when p.has_times then i.outbound_talk_seconds end,
    internal_talk_seconds = case when p.has_times then i.internal_talk_seconds end,
    on_contact_seconds = case when p.has_states then i.on_contact_seconds end,
    wrapping_up_seconds = case when p.has_states then i.wrapping_up_seconds end,
    available_seconds = case when p.has_states then i.available_seconds end,
    ringing_seconds = case when p.has_states then i.ringing_seconds end,
    paused_seconds = case when p.has_states then i.paused_seconds end,
    signed_in_seconds = case when p.has_states then i.signed_in_seconds end
from policy as p
where
    (not p.has_contacts and i.handled_calls is not null)
    or (not p.has_times and i.talk_seconds is not null)
    or (not p.has_states and i.signed_in_seconds is not null)
