-- Moves a source's cursor to where the batch ends, in the batch's own transaction.
-- Grain: one row.
update ops.cursors set
    position_text = :position_text,
    carry_text = :carry_text,
    newest_event_at = greatest(newest_event_at, :newest_event_at),
    checked_at = greatest(checked_at, :checked_at)
where source_name = :source_name
