-- Gives a person's saved view another name.
-- Grain: one row per view renamed; none where the page has a view of that name already.
update ops.saved_views as v set
    view_name = cast(:view_name as text)
where
    v.view_id = :view_id and v.viewer_name = :viewer_name
    and not exists (
        select 1 from ops.saved_views as o
        where
            o.viewer_name = v.viewer_name and o.page_name = v.page_name and o.view_name = cast(:view_name as text)
            and o.view_id <> v.view_id
    )
