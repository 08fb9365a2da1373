-- Says beforehand to whom a key of a source will belong; none where the source has used it already.
-- Grain: one row per key added.
insert into warehouse.agent_keys (source_name, source_key, agent_id)
values (:source_name, :source_key, :agent_id)
on conflict do nothing
