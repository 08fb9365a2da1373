-- Removes the reports whose time of keeping has passed.
-- Grain: one row per report that is removed.
delete from ops.reports
where state_name in ('made', 'failed') and asked_at < cast(:now as timestamptz) - make_interval(days => :keep_days)
