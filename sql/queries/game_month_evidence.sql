-- What else does a month tell of each agent: thanks, reviews, satisfaction, awards that wait, and when they were chosen last?
-- Grain: one row per active agent whom the reader sees.
with ends as (
    select
        cast(:month_date as date) as first_date,
        cast(cast(:month_date as date) + interval '1 month' as date) as end_date
)

select
    a.agent_id,
    a.agent_name,
    (
        select count(*) from game.kudos as k
        where k.agent_id = a.agent_id and k.state_name = 'standing' and k.given_date >= e.first_date and k.given_date < e.end_date
    ) as kudos_count,
    (
        select count(distinct coalesce(k.from_agent_id, -k.from_account_id)) from game.kudos as k
        where k.agent_id = a.agent_id and k.state_name = 'standing' and k.given_date >= e.first_date and k.given_date < e.end_date
    ) as kudos_people_count,
    s.review_earned_value,
    s.review_possible_value,
    s.satisfied_value,
    s.answered_value,
    (
        select count(*) from game.holds as h
        where h.agent_id = a.agent_id and h.state_name in ('held', 'refused') and h.effective_date >= e.first_date
        and h.effective_date < e.end_date
    ) as held_count,
    (
        select max(m.month_date) from game.months as m
        where m.agent_id = a.agent_id and m.month_date < e.first_date
    ) as chosen_date
from ends as e
cross join warehouse.agents as a
left join lateral (
    select
        sum((d.sums ->> 'review_earned_points')::double precision) as review_earned_value,
        sum((d.sums ->> 'review_possible_points')::double precision) as review_possible_value,
        sum((d.sums ->> 'csat_satisfied_responses')::double precision) as satisfied_value,
        sum((d.sums ->> 'csat_responses')::double precision) as answered_value
    from game.day_sums as d
    where d.agent_id = a.agent_id and d.effective_date >= e.first_date and d.effective_date < e.end_date
) as s on true
where a.is_active
