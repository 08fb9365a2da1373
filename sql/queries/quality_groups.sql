-- How well were contacts handled in the eyes of those who listened, in all or by agent, team, form, reviewer, day or week?
-- Grain: one row per value of :by_name ("all": one row in all, also without a review); reviews for calibration count nowhere.
with placed as (
    select
        r.total_score,
        r.is_failed,
        case cast(:by_name as text)
            when 'agent' then cast(r.agent_id as text)
            when 'team' then cast(t.team_id as text)
            when 'form' then coalesce(r.form_name, '')
            when 'reviewer' then coalesce(r.reviewer_name, '')
            when 'queue' then cast(r.queue_id as text)
            when 'day' then cast(r.local_date as text)
            when 'week' then cast(r.local_date - (extract(isodow from r.local_date)::integer - 1) as text)
        end as of_key,
        case cast(:by_name as text)
            when 'agent' then a.agent_name
            when 'team' then m.team_name
            when 'form' then r.form_name
            when 'reviewer' then r.reviewer_name
            when 'queue' then q.queue_name
        end as of_name
    from (
        select
            s.*,
            cast(s.reviewed_at at time zone (select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z) as date)
                as local_date
        from warehouse.standing_reviews as s
        where s.reviewed_at >= :window_start and s.reviewed_at < :window_end and not s.is_calibration
    ) as r
    left join warehouse.agents as a on r.agent_id = a.agent_id
    left join warehouse.queues as q on r.queue_id = q.queue_id
    left join warehouse.team_spans as t
        on r.agent_id = t.agent_id and t.started_date <= r.local_date and (t.ended_date is null or t.ended_date > r.local_date)
    left join warehouse.teams as m on t.team_id = m.team_id
    where
        (:by_name <> 'agent' or (select warehouse.is_individual('quality')))
        and (cast(:agent_id as integer) is null or r.agent_id = :agent_id)
        and (cast(:team_id as integer) is null or t.team_id = :team_id)
        and (cast(:queue_id as integer) is null or r.queue_id = :queue_id)
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
)

select
    p.of_key,
    min(p.of_name) as of_name,
    count(p.total_score) as review_count,
    coalesce(sum(p.total_score), 0) as review_total_score,
    count(*) filter (where p.is_failed and p.total_score is not null) as failed_review_count,
    min(p.total_score) as lowest_score,
    max(p.total_score) as highest_score
from placed as p
group by p.of_key
union all
select
    null,
    null,
    0,
    0,
    0,
    null,
    null
where :by_name = 'all' and not exists (select 1 from placed)
order by of_name, of_key
