-- From when on can intervals of queues be counted anew?
-- Grain: one row; null while nothing was deleted.
select nullif(ops.whole_from('queue_intervals'), '-infinity') as whole_from_at
