-- Keeps the answers of a state of a review.
-- Grain: one row per question.
insert into warehouse.review_answers (review_id, save_number, question_number, answer_score, comment_text)
select
    :review_id,
    :save_number,
    g.question_number,
    g.answer_score,
    nullif(g.comment_text, '')
from unnest(
    cast(:question_numbers as integer []), cast(:answer_scores as double precision []), cast(:comment_texts as text [])
) as g (question_number, answer_score, comment_text)
