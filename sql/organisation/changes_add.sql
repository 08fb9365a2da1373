-- Writes down what was changed, by whom, from what and to what.
-- Grain: one row per changed row of the organisation.
insert into ops.organisation_changes (
    saved_at, save_number, undoes_number, viewer_name, sheet_name, action_name, before_text, after_text
)
values (
    :saved_at, :save_number, cast(:undoes_number as bigint), :viewer_name, :sheet_name, :action_name,
    cast(:before_text as text), cast(:after_text as text)
)
