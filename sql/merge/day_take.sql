-- Takes a local day to work on it, unless it is closed or somebody is at it.
-- Grain: one row where it is ours, none where it is not.
insert into ops.closed_days as d (work_name, source_name, day_date, taken_at, process_name)
values (:work_name, :source_name, :day_date, clock_timestamp(), :process_name)
on conflict (work_name, source_name, day_date) do update set
    taken_at = excluded.taken_at,
    process_name = excluded.process_name
where d.closed_at is null and d.taken_at <= clock_timestamp() - make_interval(secs => :lease_seconds)
