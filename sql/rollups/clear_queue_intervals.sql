-- Takes away the window's queue intervals before they are made anew from the facts.
-- Grain: one row per queue and 15 minutes.
delete from warehouse.queue_intervals
where interval_start_at >= :window_start and interval_start_at < :window_end
