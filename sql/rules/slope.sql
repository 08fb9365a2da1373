-- How fast does a metric rise or fall, per hour, over six equal parts of the time that has just passed?
-- Grain: one row per scope: the slope of a straight line through the parts, weighed alike; unknown with fewer than three of them.
with parts as (
    select
        p.part_number,
        s.scope_id,
        s.scope_name,
        m.value,
        m.n
    from generate_series(0, 5) as p (part_number)
    cross join lateral ops.sums_of(
        :family_name,
        :window_start + (cast(:as_of as timestamptz) - :window_start) * (p.part_number / 6.0),
        :window_start + (cast(:as_of as timestamptz) - :window_start) * ((p.part_number + 1) / 6.0),
        :scope_kind_name,
        :scope_key,
        :window_start + (cast(:as_of as timestamptz) - :window_start) * ((p.part_number + 1) / 6.0)
    ) as s
    cross join lateral ops.measured(s.sums, cast(:terms_text as jsonb), s.formula_name) as m
)

select
    p.scope_id,
    min(p.scope_name) as scope_name,
    regr_slope(
        p.value, (p.part_number + 0.5) / 6 * extract(epoch from cast(:as_of as timestamptz) - :window_start) / 3600
    ) as value,
    -- A backlog stands: a ticket that is in each of its parts is one ticket.
    case :family_name when 'backlog_tickets' then max(p.n) else sum(p.n) end as n,
    ops.is_fresh(:family_name, :scope_kind_name, p.scope_id, :as_of) and count(p.value) >= 3 as is_known
from parts as p
group by p.scope_id
order by scope_name, p.scope_id
