-- Takes the oldest replay that was asked for; one that a dead loader left behind is taken again.
-- Grain: one row at most.
update ops.replays set taken_at = :taken_at
where replay_id = (
    select r.replay_id
    from ops.replays as r
    where r.done_at is null and (r.taken_at is null or r.taken_at < :left_behind_at)
    order by r.replay_id
    limit 1
    for update skip locked
)
returning replay_id, source_name
