-- Is this report the reader's to have made: of one team only where its agents are theirs, of one site by who sees all?
-- Grain: one row.
select exists(
    select 1 from ops.reports as r
    where
        r.report_id = :report_id
        and (
            access.sees_everybody()
            or case
                -- What is no plain narrowing of the floor, or names two teams, is nobody's but whose who sees everybody.
                when r.address_text !~ '^((queue|group|channel|topic|hours|team)=[^&]*(&|$))*$' then false
                when r.address_text ~ '(^|&)team=.*&team=' then false
                -- However large another team is: the floor less that team may be a few.
                when r.address_text ~ '(^|&)team=' then
                    cast(substring(r.address_text from '(?:^|&)team=([0-9]{1,9})(?:&|$)') as integer)
                    = any(access.own_team_ids())
                else true
            end
        )
) as is_found
