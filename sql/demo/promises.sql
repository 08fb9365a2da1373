-- Makes the demo's promises for tickets, unless there are some already.
-- Grain: one row per promise.
insert into warehouse.ticket_policies (
    policy_name, target_name, priority_name, target_seconds, is_business, valid_from_at
)
select
    g.policy_name,
    g.target_name,
    g.priority_name,
    g.target_minutes * 60,
    true,
    cast(:valid_from_at as timestamptz)
from (
    values
    ('First answer', 'first_reply', 'urgent', 30),
    ('First answer', 'first_reply', 'high', 120),
    ('First answer', 'first_reply', 'normal', 240),
    ('First answer', 'first_reply', 'low', 480),
    ('Next answer', 'next_reply', null, 360),
    ('Solution', 'resolution', 'urgent', 480),
    ('Solution', 'resolution', 'high', 960),
    ('Solution', 'resolution', 'normal', 1920),
    ('Solution', 'resolution', 'low', 2880)
) as g (policy_name, target_name, priority_name, target_minutes)
where not exists (select 1 from warehouse.ticket_policies)
