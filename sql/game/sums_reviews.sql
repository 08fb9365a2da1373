-- What did reviewers find: how many of the points that could be had?
-- Grain: one row per agent, working day and queue. Each review weighs the same: 100 points; one that failed a critical question has
-- none of them. Reviews for calibration count for nobody.
with reviewed as (
    select
        k.agent_id,
        v.queue_id,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= v.reviewed_at and x.ended_at > v.reviewed_at
            ),
            game.working_day(v.reviewed_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        v.total_score,
        v.is_failed
    from game_clocks as k
    inner join warehouse.standing_reviews as v
        on k.agent_id = v.agent_id and v.reviewed_at >= k.from_at and v.reviewed_at < k.until_at
    where not v.is_calibration and v.total_score is not null
)

insert into game_fresh_sums (agent_id, effective_date, queue_id, sums)
select
    r.agent_id,
    r.effective_date,
    r.queue_id,
    jsonb_build_object(
        'review_earned_points', sum(round(r.total_score::numeric, 4)),
        'review_possible_points', 100 * count(*),
        'reviews', count(*),
        'failed_reviews', count(*) filter (where r.is_failed)
    )
from reviewed as r
where
    r.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and (select warehouse.is_individual('quality'))
group by r.agent_id, r.effective_date, r.queue_id
