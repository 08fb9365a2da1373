-- Ends a replay: what was taken, what is still refused, or why it could not be done.
-- Grain: one row.
update ops.replays set
    done_at = :done_at,
    taken_rows = :taken_rows,
    refused_rows = (
        select count(*)
        from ops.rejects as j
        where j.source_name = ops.replays.source_name and j.replayed_at is null
    ),
    error_text = :error_text
where replay_id = :replay_id
