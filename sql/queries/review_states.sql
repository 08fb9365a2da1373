-- How was a review answered, as it stands and as it stood before?
-- Grain: one row per saved state of the review and question, the last state first.
select
    r.review_id,
    r.save_number,
    r.saved_at,
    r.reviewed_at,
    r.viewer_name,
    r.reviewer_name,
    r.form_id,
    f.form_name,
    r.version_number,
    r.agent_id,
    g.agent_name,
    r.source_name,
    r.contact_id,
    r.earned_points,
    r.possible_points,
    r.is_failed,
    r.is_calibration,
    r.is_removed,
    r.comment_text as review_text,
    r.recording_url_text,
    q.question_number,
    q.section_name,
    q.question_text,
    q.answer_kind_name,
    q.weight_number,
    q.is_critical,
    a.answer_score,
    a.comment_text
from warehouse.reviews as r
inner join warehouse.review_forms as f on r.form_id = f.form_id
inner join warehouse.agents as g on r.agent_id = g.agent_id
inner join warehouse.review_answers as a on r.review_id = a.review_id and r.save_number = a.save_number
inner join warehouse.review_questions as q
    on r.form_id = q.form_id and r.version_number = q.version_number and a.question_number = q.question_number
where r.review_id = :review_id
order by r.save_number desc, q.question_number
