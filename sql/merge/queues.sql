-- Makes the queues that a source names for the first time.
-- Grain: one row per new queue.
with named as (
    select
        given.source_key,
        coalesce(given.display_name, given.source_key) as queue_name
    from unnest(cast(:source_keys as text []), cast(:display_names as text [])) as given (source_key, display_name)
    where not exists (
        select 1 from warehouse.queue_keys as k
        where k.source_name = :source_name and k.source_key = given.source_key
    )
),

numbered as materialized (
    select
        n.source_key,
        n.queue_name,
        nextval(pg_get_serial_sequence('warehouse.queues', 'queue_id'))::integer as queue_id
    from named as n
    order by n.source_key
),

made as (
    insert into warehouse.queues (queue_id, source_name, queue_name, time_zone_name, channel_name)
    select
        n.queue_id,
        :source_name,
        n.queue_name,
        :time_zone_name,
        'call'
    from numbered as n
)

insert into warehouse.queue_keys (source_name, source_key, queue_id)
select
    :source_name,
    n.source_key,
    n.queue_id
from numbered as n
