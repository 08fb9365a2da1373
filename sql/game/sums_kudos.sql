-- How often was each agent thanked by somebody else?
-- Grain: one row per agent and working day with a thank-you that stands, of no kind of work.
with thanked as (
    select
        k.agent_id,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= t.given_at and x.ended_at > t.given_at
            ),
            game.working_day(t.given_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date
    from game_clocks as k
    inner join game.kudos as t on k.agent_id = t.agent_id and t.given_at >= k.from_at and t.given_at < k.until_at
    where t.state_name = 'standing'
)

insert into game_fresh_sums (agent_id, effective_date, sums)
select
    t.agent_id,
    t.effective_date,
    jsonb_build_object('kudos', count(*))
from thanked as t
where t.effective_date between cast(:first_date as date) and cast(:last_date as date)
group by t.agent_id, t.effective_date
