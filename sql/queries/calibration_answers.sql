-- How did several reviewers answer about the same contact?
-- Grain: one row per question and review of a contact that at least two reviewers have reviewed by the same version of a form.
select
    r.source_name,
    r.contact_id,
    r.form_id,
    f.form_name,
    r.version_number,
    r.review_id,
    r.reviewer_name,
    r.reviewed_at,
    a.agent_name,
    case
        when r.is_failed then 0
        when r.possible_points > 0 then 100.0 * r.earned_points / r.possible_points
    end as total_score,
    q.question_number,
    q.section_name,
    q.question_text,
    q.answer_kind_name,
    w.answer_score
from (
    select
        o.*,
        count(*) over (partition by o.source_name, o.contact_id, o.form_id, o.version_number) as reviews_count
    from warehouse.standing_own_reviews as o
) as r
inner join warehouse.review_forms as f on r.form_id = f.form_id
inner join warehouse.agents as a on r.agent_id = a.agent_id
inner join warehouse.review_answers as w on r.review_id = w.review_id and r.save_number = w.save_number
inner join warehouse.review_questions as q
    on r.form_id = q.form_id and r.version_number = q.version_number and w.question_number = q.question_number
where r.reviews_count >= 2 and r.reviewed_at >= :window_start and r.reviewed_at < :window_end
order by f.form_name, r.version_number, r.source_name, r.contact_id, q.question_number, r.reviewer_name, r.review_id
