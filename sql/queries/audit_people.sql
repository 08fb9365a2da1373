-- Who stands in the trail?
-- Grain: one row per name under which somebody acted, by name.
select distinct a.login_name from ops.audit_actors as a
where a.login_name <> ''
order by a.login_name
