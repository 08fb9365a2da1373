-- Takes down what stands on the walls, or waits to stand there.
-- Grain: one row per message that was taken down.
update ops.wall_messages set
    ended_at = :ended_at,
    ended_by_name = :viewer_name
where ended_at is null and ends_at > :ended_at
