-- Keeps one more state of a coaching note; earlier ones stay.
-- Grain: one row.
insert into warehouse.coaching_notes (
    note_id, save_number, saved_at, due_date, done_date, agent_id, is_removed, source_name, contact_id, viewer_name, comment_text,
    action_text
)
values (
    :note_id, :save_number, :saved_at, :due_date, :done_date, :agent_id, :is_removed, :source_name, :contact_id, :viewer_name,
    :comment_text, :action_text
)
