-- Which views of a page did a person keep?
-- Grain: one row per saved view.
select
    v.view_id,
    v.view_name,
    v.address_text,
    v.is_start,
    v.saved_at
from ops.saved_views as v
where v.viewer_name = :viewer_name and v.page_name = :page_name
order by lower(v.view_name), v.view_id
