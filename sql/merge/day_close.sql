-- Closes a local day that this process has worked on.
-- Grain: one row, none where it is no longer ours.
update ops.closed_days set closed_at = clock_timestamp()
where
    work_name = :work_name and source_name = :source_name and day_date = :day_date and process_name = :process_name
    and closed_at is null
