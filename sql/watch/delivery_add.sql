-- Puts a word that is to reach somebody into the outbox, in the transaction of its event.
-- Grain: one row.
insert into ops.alert_deliveries (event_id, due_at, way_name, target_text)
values (:event_id, :due_at, :way_name, :target_text)
on conflict (event_id, way_name, target_text) do nothing
