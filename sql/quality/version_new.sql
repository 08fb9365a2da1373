-- Begins the next version of a form.
-- Grain: one row: its number.
insert into warehouse.review_form_versions (saved_at, form_id, version_number, viewer_name)
select
    :saved_at,
    f.form_id,
    coalesce((select max(v.version_number) from warehouse.review_form_versions as v where v.form_id = f.form_id), 0) + 1,
    :viewer_name
from warehouse.review_forms as f
where f.form_id = :form_id
returning version_number
