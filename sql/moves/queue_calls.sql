-- Gives the stays that one source tells of a queue to another queue, and notes the intervals of both.
-- Grain: one row: how many stays were moved.
with moved as (
    update warehouse.calls as c set queue_id = :to_id
    where c.queue_id = :from_id and c.source_name = :source_name
    returning c.offered_at
),

noted as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select distinct
        i.queue_id,
        date_bin('15 minutes', m.offered_at, '2000-01-01 00:00+00')
    from moved as m
    cross join (values (cast(:from_id as integer)), (cast(:to_id as integer))) as i (queue_id)
)

select count(*) as moved_rows from moved
