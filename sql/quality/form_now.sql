-- The version of a form by which new reviews are written.
-- Grain: one row, none where the form has no version.
select max(v.version_number) as version_number
from warehouse.review_form_versions as v
where v.form_id = :form_id
having max(v.version_number) is not null
