-- Keeps a view of a page under a name; one of the same name is replaced, and no person keeps more than so many of a page.
-- Grain: one row per view saved; none where there are too many already.
insert into ops.saved_views (viewer_name, page_name, view_name, address_text, is_start, saved_at)
select
    :viewer_name,
    :page_name,
    cast(:view_name as text),
    :address_text,
    :is_start and not exists (
        select 1 from ops.saved_views as v
        where v.viewer_name = :viewer_name and v.page_name = :page_name and v.is_start
    ),
    :saved_at
where
    :most_rows > (
        select count(*) from ops.saved_views as v
        where v.viewer_name = :viewer_name and v.page_name = :page_name and v.view_name <> :view_name
    )
on conflict (viewer_name, page_name, view_name) do update set
    address_text = excluded.address_text,
    saved_at = excluded.saved_at
