-- Is this contest the reader's to change: any for whoever sees everybody, else one for a team of theirs?
-- Grain: one row.
select exists(
    select 1 from game.contests as c
    where
        c.contest_id = cast(:contest_id as integer)
        and (access.sees_everybody() or coalesce(c.team_id = any(access.own_team_ids()), false))
) as is_found
