-- Which questions of the forms were answered how?
-- Grain: one row per question of a form's version that was asked in the window; calibrations count nowhere.
select
    f.form_id,
    f.form_name,
    q.version_number,
    q.question_number,
    q.section_name,
    q.question_text,
    q.answer_kind_name,
    q.weight_number,
    q.is_critical,
    count(a.answer_score) as answer_count,
    count(*) - count(a.answer_score) as skipped_count,
    coalesce(sum(a.answer_score), 0) as answer_score,
    count(*) filter (where q.is_critical and a.answer_score = 0) as failed_count
from warehouse.standing_own_reviews as r
inner join warehouse.review_forms as f on r.form_id = f.form_id
inner join warehouse.agents as g on r.agent_id = g.agent_id
inner join warehouse.review_answers as a on r.review_id = a.review_id and r.save_number = a.save_number
inner join warehouse.review_questions as q
    on r.form_id = q.form_id and r.version_number = q.version_number and a.question_number = q.question_number
where
    r.reviewed_at >= :window_start and r.reviewed_at < :window_end and not r.is_calibration
    and (cast(:agent_id as integer) is null or r.agent_id = :agent_id)
    and (cast(:queue_id as integer) is null or r.queue_id = :queue_id)
    and (cast(:site_name as text) is null or coalesce(g.site_name, '') = :site_name)
    and (
        cast(:team_id as integer) is null
        or exists (
            select 1 from warehouse.team_spans as t
            where
                t.agent_id = r.agent_id and t.team_id = :team_id
                and t.started_date <= cast(
                    r.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date
                )
                and (
                    t.ended_date is null
                    or t.ended_date > cast(
                        r.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date
                    )
                )
        )
    )
group by
    f.form_id, f.form_name, q.version_number, q.question_number, q.section_name, q.question_text, q.answer_kind_name,
    q.weight_number, q.is_critical
order by f.form_name, q.version_number desc, q.question_number
