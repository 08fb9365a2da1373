-- How has a metric changed against the same time on the same weekday of the four weeks before (0.2: a fifth more)?
-- Grain: one row per scope: the ratio of now to the four weeks together, less 1; n is that of now, unknown without any week before.
with weeks as materialized (
    select
        w.week_number,
        s.scope_id,
        s.scope_name,
        m.value,
        m.n,
        m.above,
        m.below
    from generate_series(0, 4) as w (week_number)
    cross join lateral ops.sums_of(
        :family_name,
        ops.local_shift(:window_start, -7 * w.week_number),
        ops.local_shift(:as_of, -7 * w.week_number),
        :scope_kind_name,
        :scope_key,
        ops.local_shift(:as_of, -7 * w.week_number)
    ) as s
    cross join lateral ops.measured(s.sums, cast(:terms_text as jsonb), s.formula_name) as m
),

compared as (
    select
        w.scope_id,
        min(w.scope_name) as scope_name,
        max(w.value) filter (where w.week_number = 0) as now_value,
        coalesce(max(w.n) filter (where w.week_number = 0), 0) as n,
        case
            when sum(w.below) filter (where w.week_number > 0) > 0
                then
                    sum(w.above) filter (where w.week_number > 0) / sum(w.below) filter (where w.week_number > 0)
        end as before_value
    from weeks as w
    group by w.scope_id
)

select
    c.scope_id,
    c.scope_name,
    c.now_value / nullif(c.before_value, 0) - 1 as value,
    c.n,
    ops.is_fresh(:family_name, :scope_kind_name, c.scope_id, :as_of) and coalesce(c.before_value > 0, false) as is_known
from compared as c
order by c.scope_name, c.scope_id
