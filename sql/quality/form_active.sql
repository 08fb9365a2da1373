-- Takes a form out of use, or back into it; its reviews stay.
-- Grain: one row.
update warehouse.review_forms set is_active = :is_active
where form_id = :form_id
