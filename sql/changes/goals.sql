-- Is this goal the reader's to change: any for whoever sees everybody, else those of a team of theirs?
-- Grain: one row.
select exists(
    select 1 from warehouse.goals as g
    where
        g.goal_id = :goal_id
        and (
            access.sees_everybody()
            -- No team is as large as that: what remains are the reader's own.
            or case when g.scope_kind_name = 'team' then access.sees_team(cast(g.scope_key as integer), 2147483647) end
        )
) as is_found
