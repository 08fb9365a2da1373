-- The questions of one version of a form.
-- Grain: one row per question, in order.
select
    q.question_number,
    q.section_name,
    q.question_text,
    q.answer_kind_name,
    q.weight_number,
    q.is_critical,
    q.is_skippable
from warehouse.review_questions as q
where q.form_id = :form_id and q.version_number = :version_number
order by q.question_number
