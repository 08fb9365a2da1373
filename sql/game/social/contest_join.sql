-- Lets an agent take part in a contest, for the team that they belong to now.
-- Grain: one row; none where it cannot be joined now, is for another team, or a person disqualified them.
with found as (
    select
        c.contest_id,
        c.team_id as for_team_id,
        c.kind_name,
        (
            select m.team_id from warehouse.team_spans as m
            where
                m.agent_id = cast(:agent_id as integer)
                and m.started_date <= game.site_date(cast(:at as timestamptz))
                and (m.ended_date is null or m.ended_date > game.site_date(cast(:at as timestamptz)))
        ) as team_id
    from game.contests as c
    where c.contest_id = cast(:contest_id as integer) and c.state_name in ('announced', 'running')
)

insert into game.contest_participants (contest_id, agent_id, team_id, joined_at)
select
    f.contest_id,
    cast(:agent_id as integer),
    f.team_id,
    cast(:at as timestamptz)
from found as f
where (f.for_team_id is null or f.for_team_id = f.team_id) and (f.kind_name <> 'team' or f.team_id is not null)
on conflict (contest_id, agent_id) do update set left_at = null
where contest_participants.disqualified_at is null
returning contest_id
