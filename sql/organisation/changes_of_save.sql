-- What one save changed, in its order.
-- Grain: one row per changed row.
select
    c.change_id,
    c.sheet_name,
    c.action_name,
    c.before_text,
    c.after_text,
    exists(select 1 from ops.organisation_changes as u where u.undoes_number = c.save_number) as is_undone
from ops.organisation_changes as c
where c.save_number = :save_number
order by c.change_id
