-- How many runs and rows had each source since an instant?
-- Grain: one row per source with a run since then.
select
    r.source_name,
    count(*) filter (where r.outcome_name = 'succeeded') as succeeded_runs_count,
    count(*) filter (where r.outcome_name = 'failed') as failed_runs_count,
    sum(r.read_rows) as read_rows,
    sum(r.loaded_rows) as loaded_rows,
    sum(r.unchanged_rows) as unchanged_rows,
    sum(r.rejected_rows) as rejected_rows
from ops.runs as r
where r.ended_at >= :window_start and r.ended_at <= :as_of
group by r.source_name
order by r.source_name
