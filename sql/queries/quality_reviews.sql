-- Which reviews stand, those that were written here beside those that sources tell?
-- Grain: one row per review that :of_name counts (null: every one, those for calibration too), the newest first; total_count is
-- how many there are in all.
select
    r.reviewed_at,
    r.agent_id,
    a.agent_name,
    q.queue_name,
    r.source_name,
    r.review_id,
    r.form_name,
    r.version_number,
    r.reviewer_name,
    r.contact_source_name,
    r.contact_id,
    r.total_score,
    r.is_failed,
    r.is_calibration,
    r.comment_text,
    count(*) over () as total_count
from warehouse.standing_reviews as r
inner join warehouse.agents as a on r.agent_id = a.agent_id
left join warehouse.queues as q on r.queue_id = q.queue_id
left join warehouse.team_spans as t
    on
        r.agent_id = t.agent_id
        and t.started_date <= cast(
            r.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date
        )
        and (
            t.ended_date is null
            or t.ended_date > cast(
                r.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date
            )
        )
where
    r.reviewed_at >= :window_start and r.reviewed_at < :window_end
    and (
        cast(:of_name as text) is null
        or (not r.is_calibration and :of_name = 'review_count' and r.total_score is not null)
        or (not r.is_calibration and :of_name = 'failed_review_count' and r.is_failed and r.total_score is not null)
    )
    and (cast(:agent_id as integer) is null or r.agent_id = :agent_id)
    and (cast(:team_id as integer) is null or t.team_id = :team_id)
    and (cast(:queue_id as integer) is null or r.queue_id = :queue_id)
    and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
order by r.reviewed_at desc, r.source_name, r.review_id
limit :limit_rows
