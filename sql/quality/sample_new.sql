-- Notes that a sample was drawn for a week.
-- Grain: one row, none where the week has one already.
insert into warehouse.review_samples (week_date, drawn_at, contacts_per_agent_number, seed_name, viewer_name)
values (:week_date, :drawn_at, :contacts_per_agent_number, :seed_name, :viewer_name)
on conflict (week_date) do nothing
