-- From when on does the warehouse know of contacts?
-- Grain: one row; null where it knows of none.
select min(f.interval_start_at) as known_since_at
from warehouse.queues as q
cross join lateral (
    select i.interval_start_at
    from warehouse.queue_intervals as i
    where i.queue_id = q.queue_id
    order by i.interval_start_at
    limit 1
) as f
