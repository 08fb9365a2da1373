-- The newest saves of the organisation: who changed how much in what, and whether it was taken back.
-- Grain: one row per save.
select
    c.save_number,
    min(c.saved_at) as saved_at,
    min(c.viewer_name) as viewer_name,
    min(c.undoes_number) as undoes_number,
    count(*) as change_count,
    count(*) filter (where c.action_name = 'add') as add_count,
    count(*) filter (where c.action_name = 'remove') as remove_count,
    string_agg(distinct c.sheet_name, ',' order by c.sheet_name) as sheets_text,
    bool_or(exists (select 1 from ops.organisation_changes as u where u.undoes_number = c.save_number)) as is_undone
from ops.organisation_changes as c
group by c.save_number
order by c.save_number desc
limit 50
