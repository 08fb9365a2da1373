-- Lets go of a person's saved view.
-- Grain: one row per view deleted.
delete from ops.saved_views as v
where v.view_id = :view_id and v.viewer_name = :viewer_name
