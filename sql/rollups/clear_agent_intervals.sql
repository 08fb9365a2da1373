-- Takes away the window's agent intervals before they are made anew from the facts.
-- Grain: one row per agent and 15 minutes.
delete from warehouse.agent_intervals
where interval_start_at >= :window_start and interval_start_at < :window_end
