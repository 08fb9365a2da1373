-- Leaves a local day that could not be worked on to whoever comes next.
-- Grain: one row, none where it is no longer ours.
update ops.closed_days set taken_at = '2000-01-01 00:00:00+00'
where
    work_name = :work_name and source_name = :source_name and day_date = :day_date and process_name = :process_name
    and closed_at is null
