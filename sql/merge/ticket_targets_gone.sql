-- Removes the promises that the events of these tickets no longer tell of.
-- Grain: one row per promise that is gone.
delete from warehouse.ticket_targets as t
where
    t.source_name = :source_name and t.ticket_id = any(cast(:ticket_ids as text []))
    and not exists (
        select 1 from stage_ticket_targets as s
        where s.ticket_id = t.ticket_id and s.target_name = t.target_name and s.applied_at = t.applied_at
    )
