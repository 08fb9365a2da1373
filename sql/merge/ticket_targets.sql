-- Stores the promises of tickets where they differ from those that are there.
-- Grain: one row per promise that changed.
insert into warehouse.ticket_targets as t (
    applied_at, due_at, met_at, ended_at, target_seconds, is_business, ticket_id, target_name, policy_name,
    source_name
)
select
    s.applied_at,
    s.due_at,
    s.met_at,
    s.ended_at,
    s.target_seconds,
    s.is_business,
    s.ticket_id,
    s.target_name,
    s.policy_name,
    :source_name
from stage_ticket_targets as s
order by s.ticket_id, s.target_name, s.applied_at
on conflict (source_name, ticket_id, target_name, applied_at) do update set
    due_at = excluded.due_at,
    met_at = excluded.met_at,
    ended_at = excluded.ended_at,
    target_seconds = excluded.target_seconds,
    is_business = excluded.is_business,
    policy_name = excluded.policy_name
where
    (t.due_at, t.met_at, t.ended_at, t.target_seconds, t.is_business, t.policy_name)
    is distinct from (
        excluded.due_at, excluded.met_at, excluded.ended_at, excluded.target_seconds, excluded.is_business,
        excluded.policy_name
    )
