-- How often has somebody thanked in this working week, how often the same colleague, and how often may they?
-- Grain: one row.
select
    s.kudos_week_count as week_limit_count,
    s.kudos_colleague_count as colleague_limit_count,
    s.kudos_points,
    game.site_date(cast(:at as timestamptz)) as given_date,
    count(k.kudos_id) as week_count,
    count(k.kudos_id) filter (where k.agent_id = cast(:agent_id as integer)) as colleague_count
from game.social_settings as s
left join game.kudos as k
    on
        k.state_name <> 'taken_back'
        and date_trunc('week', k.given_date) = date_trunc('week', game.site_date(cast(:at as timestamptz)))
        and (
            k.from_agent_id = cast(:from_agent_id as integer)
            or (cast(:from_agent_id as integer) is null and k.from_agent_id is null
                and k.from_account_id is not distinct from cast(:from_account_id as integer))
        )
group by s.kudos_week_count, s.kudos_colleague_count, s.kudos_points
