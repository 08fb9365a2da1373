-- Which jobs does this session lead at this moment?
-- Grain: one row per job asked for.
select
    n.job_name,
    count(k.pid) > 0 as has_lead
from unnest(cast(:job_names as text [])) as n (job_name)
left join pg_locks as k
    on
        k.locktype = 'advisory' and k.granted and k.objsubid = 1 and k.pid = pg_backend_pid()
        and k.database = (select d.oid from pg_database as d where d.datname = current_database())
        and (cast(k.classid as bigint) << 32 | cast(k.objid as bigint)) = hashtextextended(n.job_name, 7022025)
group by n.job_name
