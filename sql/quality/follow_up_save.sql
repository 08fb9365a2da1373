-- Marks a low score as followed up, or takes that back; earlier marks stay.
-- Grain: one row, none where the mark says that already.
insert into warehouse.follow_ups (saved_at, save_number, is_done, kind_name, source_name, contact_id, viewer_name, comment_text)
select
    :saved_at,
    coalesce(max(f.save_number), 0) + 1,
    :is_done,
    :kind_name,
    :source_name,
    :contact_id,
    :viewer_name,
    :comment_text
from warehouse.follow_ups as f
where f.kind_name = :kind_name and f.source_name = :source_name and f.contact_id = :contact_id
having coalesce((array_agg(f.is_done order by f.save_number desc))[1], false) <> :is_done
