-- Who asks for reports that tell no work of agents, and since when?
-- Grain: a function; of it one row per account of a supervisor or an executive, for a supervisor's eyes alone.
create or replace function access.sums_askers() returns table (login_name text, since_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
-- What somebody asked for before they lost a role that sees everybody stays what it was.
select
    a.login_name,
    coalesce(
        (
            select max(l.noted_at) from ops.audit_lines as l
            where l.what_name = 'account.changed' and l.of_name = concat('account ', a.account_id)
        ),
        '-infinity'
    ) as since_at
from access.accounts as a
where a.role_name in ('supervisor', 'executive') and (select access.sees_unowned())
$$;
comment on function access.sums_askers is
'Who asks for reports without the work of agents, and since when: what they asked for on the floor, every supervisor may read.';
