-- How are the scores of a window spread?
-- Grain: one row per scale (csat 1 to 5, nps 0 to 10) and whole score, also of those that nobody gave; halves count as the lower.
with chosen as (
    select
        o.csat_score,
        o.nps_score
    from warehouse.chosen_outcomes(
        :window_start, :window_end, :as_of, :repeat_days, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
        :agent_id, :is_business_hours
    ) as o
),

steps as (
    select
        'csat' as scale_name,
        g.step_score
    from generate_series(1, 5) as g (step_score)
    union all
    select
        'nps',
        g.step_score
    from generate_series(0, 10) as g (step_score)
)

select
    s.scale_name,
    cast(s.step_score as double precision) as step_score,
    count(c.given_score) as score_count
from steps as s
left join (
    select
        'csat' as scale_name,
        floor(o.csat_score) as given_score
    from chosen as o
    where o.csat_score is not null
    union all
    select
        'nps',
        floor(o.nps_score)
    from chosen as o
    where o.nps_score is not null
) as c on s.scale_name = c.scale_name and s.step_score = c.given_score
group by s.scale_name, s.step_score
order by s.scale_name, s.step_score
