-- How far is the service level above the queue's own target (0.05), or below it (-0.05)?
-- Grain: one row per scope: the metric less the target that its queues share; unknown where they promise different things.
select
    s.scope_id,
    s.scope_name,
    m.value - cast(s.sums ->> 'service_level_target_ratio' as double precision) as value,
    m.n,
    ops.is_fresh(:family_name, :scope_kind_name, s.scope_id, :as_of)
    and s.sums ->> 'service_level_target_ratio' is not null as is_known
from ops.sums_of(:family_name, :window_start, :as_of, :scope_kind_name, :scope_key, :as_of) as s
cross join lateral ops.measured(s.sums, cast(:terms_text as jsonb), s.formula_name) as m
order by s.scope_name, s.scope_id
