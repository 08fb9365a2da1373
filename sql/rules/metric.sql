-- What is a metric over the time that has just passed?
-- Grain: one row per scope: the value in the metric's unit, its n, and whether fresh data is there to judge by.
select
    s.scope_id,
    s.scope_name,
    m.value,
    m.n,
    ops.is_fresh(:family_name, :scope_kind_name, s.scope_id, :as_of) as is_known
from ops.sums_of(
    :family_name, :window_start, :as_of, :scope_kind_name, :scope_key, cast(:known_at as timestamptz)
) as s
cross join lateral ops.measured(s.sums, cast(:terms_text as jsonb), s.formula_name) as m
order by s.scope_name, s.scope_id
