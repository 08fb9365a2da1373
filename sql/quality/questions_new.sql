-- Writes the questions of a new version of a form.
-- Grain: one row per question.
insert into warehouse.review_questions (
    form_id, version_number, question_number, section_name, question_text, answer_kind_name, weight_number, is_critical,
    is_skippable
)
select
    :form_id,
    :version_number,
    g.question_number,
    g.section_name,
    g.question_text,
    g.answer_kind_name,
    g.weight_number,
    g.is_critical,
    g.is_skippable
from unnest(
    cast(:question_numbers as integer []), cast(:section_names as text []), cast(:question_texts as text []),
    cast(:answer_kind_names as text []), cast(:weight_numbers as integer []), cast(:are_critical as boolean []),
    cast(:are_skippable as boolean [])
) as g (question_number, section_name, question_text, answer_kind_name, weight_number, is_critical, is_skippable)
