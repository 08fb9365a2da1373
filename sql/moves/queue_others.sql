-- Gives all other facts that one source tells of a queue to another queue.
-- Grain: one row: how many facts were moved.
with members as (
    update warehouse.queue_members as m set queue_id = :to_id
    where m.queue_id = :from_id and m.source_name = :source_name
    returning m.queue_id
),

states as (
    update warehouse.agent_states as s set queue_id = :to_id
    where s.queue_id = :from_id and s.source_name = :source_name
    returning s.queue_id
),

surveys as (
    update warehouse.surveys as s set queue_id = :to_id
    where s.queue_id = :from_id and s.source_name = :source_name
    returning s.queue_id
),

costs as (
    update warehouse.costs as c set queue_id = :to_id
    where c.queue_id = :from_id and c.source_name = :source_name
    returning c.queue_id
),

revenues as (
    update warehouse.revenues as r set queue_id = :to_id
    where r.queue_id = :from_id and r.source_name = :source_name
    returning r.queue_id
),

self_services as (
    update warehouse.self_services as w set queue_id = :to_id
    where w.queue_id = :from_id and w.source_name = :source_name
    returning w.queue_id
),

attempts as (
    update warehouse.attempts as w set queue_id = :to_id
    where w.queue_id = :from_id and w.source_name = :source_name
    returning w.queue_id
)

select
    (select count(*) from members) + (select count(*) from states) + (select count(*) from surveys)
    + (select count(*) from costs) + (select count(*) from revenues)
    + (select count(*) from self_services) + (select count(*) from attempts) as moved_rows
