-- Says beforehand to whom a key of a source will belong; none where the source has used it already.
-- Grain: one row per key added.
insert into warehouse.queue_keys (source_name, source_key, queue_id)
values (:source_name, :source_key, :queue_id)
on conflict do nothing
