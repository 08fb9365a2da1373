-- Puts a message on every wall.
-- Grain: one row, with its number.
insert into ops.wall_messages (message_text, tone_name, starts_at, ends_at, viewer_name)
values (:message_text, :tone_name, :starts_at, :ends_at, :viewer_name)
returning message_id
