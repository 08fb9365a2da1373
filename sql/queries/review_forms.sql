-- What do the forms of the reviews ask, in each of their versions?
-- Grain: one row per question of a version of a form; is_current for the version of new reviews.
select
    f.form_id,
    f.form_name,
    f.is_active,
    v.version_number,
    v.saved_at,
    v.viewer_name,
    v.version_number = max(v.version_number) over (partition by f.form_id) as is_current,
    q.question_number,
    q.section_name,
    q.question_text,
    q.answer_kind_name,
    q.weight_number,
    q.is_critical,
    q.is_skippable
from warehouse.review_forms as f
inner join warehouse.review_form_versions as v on f.form_id = v.form_id
inner join warehouse.review_questions as q on v.form_id = q.form_id and v.version_number = q.version_number
order by f.form_name, v.version_number, q.question_number
