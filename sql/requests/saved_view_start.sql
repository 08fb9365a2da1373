-- Lets a page open with a person's saved view.
-- Grain: one row per view that the page opens with from now on.
update ops.saved_views as v set
    is_start = true
where v.view_id = :view_id and v.viewer_name = :viewer_name
