-- Takes, for this session, the lead of the jobs that nobody leads.
-- Grain: one row per job asked for.
select
    n.job_name,
    pg_try_advisory_lock(hashtextextended(n.job_name, 7022025)) as has_lead
from unnest(cast(:job_names as text [])) as n (job_name)
