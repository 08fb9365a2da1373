-- Lets a page open for a person as it opens for everybody.
-- Grain: one row per view that the page opened with until now.
update ops.saved_views as v set
    is_start = false
where v.viewer_name = :viewer_name and v.page_name = :page_name and v.is_start
