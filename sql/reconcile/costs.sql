-- The costs that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per cost.
select
    c.started_at,
    c.ended_at,
    c.version_number,
    c.queue_id,
    c.agent_id,
    c.amount,
    c.cost_id,
    c.cost_name,
    c.currency_name,
    c.site_name,
    c.team_name,
    c.run_id
from warehouse.costs as c
where
    c.source_name = :source_name
    and ((c.started_at >= :window_start and c.started_at < :window_end) or c.cost_id = any(:ids))
