-- What share of customers gave 4 or 5 of 5 for contacts of the last seven whole days, and of the 28 days before them?
-- Grain: one row. A day is whole four hours after its end, when its last contacts are over.
with days as (
    select
        z.time_zone_name,
        cast((cast(:as_of as timestamptz) - interval '4 hours') at time zone z.time_zone_name as date) - 1 as last_date
    from (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
),

answers as (
    select
        a.csat_score,
        cast(a.happened_at at time zone d.time_zone_name as date) > d.last_date - 7 as is_now
    from days as d
    cross join lateral warehouse.contact_outcomes(
        (d.last_date - 34)::timestamp at time zone d.time_zone_name, (d.last_date + 1)::timestamp at time zone d.time_zone_name,
        cast(:as_of as timestamptz), 0
    ) as a
    where a.csat_count = 1
)

select
    d.last_date - 6 as first_date,
    d.last_date,
    count(*) filter (where a.is_now) as csat_count,
    count(*) filter (where a.is_now and a.csat_score >= 4) as csat_satisfied_count,
    d.last_date - 34 as before_first_date,
    count(*) filter (where not a.is_now) as before_csat_count,
    count(*) filter (where not a.is_now and a.csat_score >= 4) as before_csat_satisfied_count
from days as d
left join answers as a on true
group by d.last_date
