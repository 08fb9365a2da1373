-- Which views may a reader of the pages read? Those that read as their reader, and so show no more than their tables do.
-- Grain: one row per view.
select format('grant select on %I.%I to floorboard_reader', n.nspname, c.relname) as grant_text
from pg_class as c
inner join pg_namespace as n on c.relnamespace = n.oid
where
    n.nspname in ('warehouse', 'ops', 'game')
    and c.relkind = 'v'
    and coalesce('security_invoker=true' = any(c.reloptions), false)
