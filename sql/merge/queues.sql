-- Makes the queues that a source names for the first time.
-- Grain: one row per new queue.
insert into warehouse.queues (source_name, queue_name, time_zone_name)
select
    :source_name,
    given.queue_name,
    :time_zone_name
from unnest(cast(:queue_names as text [])) as given (queue_name)
order by given.queue_name
on conflict (source_name, queue_name) do nothing
