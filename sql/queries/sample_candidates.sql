-- Which contacts of a window may be drawn for review: handled, and neither drawn nor reviewed before?
-- Grain: one row per contact; it belongs to the agent of its last answered leg. hour_number is the local hour of the site.
select
    o.happened_at as offered_at,
    o.agent_id,
    a.agent_name,
    o.queue_id,
    o.source_name,
    o.contact_id,
    cast(
        extract(hour from o.happened_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z))
        as integer
    ) as hour_number
from (select c.* from warehouse.contact_outcomes(:window_start, :window_end, :as_of, 1) as c offset 0) as o
inner join warehouse.agents as a on o.agent_id = a.agent_id
where
    (select warehouse.is_individual('quality'))
    and o.kind_name = 'call' and o.askable_contacts = 1 and a.is_active
    and not exists (
        select 1 from warehouse.review_sample_contacts as s
        where s.source_name = o.source_name and s.contact_id = o.contact_id and s.week_date <> :week_date
    )
    and not exists (
        select 1 from warehouse.reviews as r
        where r.source_name = o.source_name and r.contact_id = o.contact_id and r.saved_at < :as_of
    )
order by o.agent_id, o.happened_at, o.source_name, o.contact_id
