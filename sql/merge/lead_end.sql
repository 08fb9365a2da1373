-- Ends the sessions that lead a job although the process behind them has not been seen for long (stopped, cut off).
-- Grain: one row per job whose leader was ended.
select
    j.job_name,
    pg_terminate_backend(k.pid) as is_ended
from ops.jobs as j
inner join pg_locks as k on (cast(k.classid as bigint) << 32 | cast(k.objid as bigint)) = hashtextextended(j.job_name, 7022025)
where
    k.locktype = 'advisory' and k.granted and k.objsubid = 1 and k.pid <> pg_backend_pid()
    and k.database = (select d.oid from pg_database as d where d.datname = current_database())
    and j.job_name = any(cast(:job_names as text []))
    and j.seen_at < clock_timestamp() - make_interval(secs => :unseen_seconds)
