-- Whether the warehouse holds calls or states of a source from before an instant.
-- Grain: one row.
select
    exists (select 1 from warehouse.calls as c where c.source_name = :source_name and c.offered_at < :first_at)
    or exists (select 1 from warehouse.agent_states as s where s.source_name = :source_name and s.started_at < :first_at)
        as is_known_before
