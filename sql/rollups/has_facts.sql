-- Whether any call was offered or any state began in the window.
-- Grain: one row.
select
    exists (select 1 from warehouse.calls as c where c.offered_at >= :window_start and c.offered_at < :window_end)
    or exists (select 1 from warehouse.agent_states as s where s.started_at >= :window_start and s.started_at < :window_end)
        as has_facts
