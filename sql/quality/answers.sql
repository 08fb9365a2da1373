-- The answers of one state of a review.
-- Grain: one row per question.
select
    a.question_number,
    a.answer_score,
    a.comment_text
from warehouse.review_answers as a
where a.review_id = :review_id and a.save_number = :save_number
order by a.question_number
