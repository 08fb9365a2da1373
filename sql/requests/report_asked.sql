-- What was asked for in a report that is not made yet?
-- Grain: one row, none where it was made, given up, or never asked for.
select
    r.report_id,
    r.first_date,
    r.last_date,
    r.kind_name,
    r.report_name,
    r.address_text,
    -- A report is made as the warehouse's owner: whether its asker may be told of the work of all whom it covers.
    coalesce(
        (
            select
                a.role_name in ('manager', 'administrator')
                or exists (
                    select 1 from access.account_teams as m
                    where m.account_id = a.account_id and r.address_text ~ concat('(^|&)team=', m.team_id, '(&|$)')
                )
            from access.accounts as a
            where a.login_name = r.viewer_name
        ),
        true
    ) as is_work_told,
    access.fewest_agents() as fewest_agents
from ops.reports as r
where r.report_id = :report_id and r.state_name in ('asked', 'making')
