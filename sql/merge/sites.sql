-- Notes the site's name and time zone, once they differ from what is noted; in another zone the past counts on other days.
-- Grain: one row per recount that is asked for, none as a rule.
with was as materialized (
    select
        min(s.time_zone_name) as zone_name,
        min(s.time_zone_name) filter (where s.site_name <> :site_name) as zone_of_others_name
    from warehouse.sites as s
),

noted as (
    insert into warehouse.sites as s (site_name, time_zone_name)
    values (:site_name, :time_zone_name)
    on conflict (site_name) do update set time_zone_name = excluded.time_zone_name
    where s.time_zone_name <> excluded.time_zone_name
    returning s.time_zone_name
)

insert into ops.recounts (asked_at, reason_text)
select
    current_timestamp,
    'time zone of the site'
from was as w
cross join noted as n
where w.zone_name <> least(n.time_zone_name, w.zone_of_others_name)
