-- The tickets in which two keys of one source have become one agent, so that hand-overs between them count no more.
-- Grain: one row per ticket; none where the agent has one key of the source.
select distinct e.ticket_id
from warehouse.ticket_events as e
where
    e.agent_id = :to_id and e.source_name = :source_name
    and (
        select count(*) from warehouse.agent_keys as k
        where k.agent_id = :to_id and k.source_name = :source_name
    ) > 1
order by e.ticket_id
