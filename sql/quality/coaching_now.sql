-- A coaching note as it was saved last.
-- Grain: one row, none where there is no such note.
select
    n.save_number,
    n.due_date,
    n.done_date,
    n.agent_id,
    n.is_removed,
    n.source_name,
    n.contact_id,
    n.comment_text,
    n.action_text
from warehouse.coaching_notes as n
where n.note_id = :note_id
order by n.save_number desc
limit 1
