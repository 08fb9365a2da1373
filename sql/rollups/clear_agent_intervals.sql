-- Takes away the window's agent intervals before they are made anew from the facts; those whose facts were deleted stay.
-- Grain: one row per agent and 15 minutes.
delete from warehouse.agent_intervals
where
    interval_start_at >= greatest(:window_start, (select ops.whole_from('agent_intervals')))
    and interval_start_at < :window_end
