-- Takes away the window's queue intervals before they are made anew from the facts; those whose facts were deleted stay.
-- Grain: one row per queue and 15 minutes.
delete from warehouse.queue_intervals
where
    interval_start_at >= greatest(:window_start, (select ops.whole_from('queue_intervals')))
    and interval_start_at < :window_end
