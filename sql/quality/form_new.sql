-- Makes a form, or finds the one of that name.
-- Grain: one row: its number.
insert into warehouse.review_forms (form_name)
values (:form_name)
on conflict (form_name) do update set is_active = true
returning form_id
