-- Where could a reader of the pages find rows past the policies?
-- Grain: one row per hole; none in a warehouse that is as rights.toml says.
with ours as (
    select n.oid as schema_id, n.nspname as schema_name from pg_namespace as n
    where n.nspname in ('warehouse', 'ops', 'game', 'access', 'released', 'staging', 'public')
),

readers as (
    select r.oid as role_id, r.rolname as role_name from pg_roles as r
    where r.rolname in ('floorboard_reader', 'floorboard_wall', 'floorboard_pages')
),

relations as (
    select
        c.oid,
        c.relkind,
        c.relispartition as is_partition,
        c.relrowsecurity as is_guarded,
        format('%I.%I', o.schema_name, c.relname) as relation_name,
        coalesce('security_invoker=true' = any(c.reloptions), false) as is_read_as_reader,
        exists(
            select 1 from pg_attribute as a
            where
                a.attrelid = c.oid and not a.attisdropped
                and (
                    a.attname in ('customer_key', 'agent_name', 'alias_name', 'viewer_name', 'reviewer_name', 'login_name')
                    or a.attname like '%agent\_id' or a.attname like '%\_by\_name'
                )
        ) as has_persons
    from pg_class as c
    inner join ours as o on c.relnamespace = o.schema_id
    where
        c.relkind in ('r', 'p', 'v', 'm', 'f')
        and exists (select 1 from readers as r where has_any_column_privilege(r.role_id, c.oid, 'select, insert, update'))
),

functions as (
    select
        p.oid,
        p.proowner,
        p.proconfig,
        replace(cast(cast(p.oid as regprocedure) as text), ',', ', ') as function_name,
        cast(cast(p.pronamespace as regnamespace) as text) as schema_name
    from pg_proc as p
    where
        p.prosecdef
        and exists (
            select 1 from readers as r
            where
                has_function_privilege(r.role_id, p.oid, 'execute')
                and not (r.role_name = 'floorboard_pages' and p.oid = to_regprocedure('access.enter(text)'))
        )
),

memberships as (
    select
        cast(cast(m.roleid as regrole) as text) as role_name,
        cast(cast(m.member as regrole) as text) as member_name,
        m.member as member_id
    from pg_auth_members as m
)

select relation_name || ' is read without row-level security' as hole_text from relations
where relkind in ('r', 'p') and has_persons and not is_guarded
union all
select relation_name || ' is read, though sql/rights.toml does not name it' from relations
where relkind in ('r', 'p') and relation_name <> all(cast(:table_names as text []))
union all
select relation_name || ' is a foreign table, which no policy guards' from relations
where relkind = 'f'
union all
select relation_name || ' is a view that reads as its owner' from relations
where relkind = 'v' and not is_read_as_reader
union all
select relation_name || ' is a materialized view' from relations
where relkind = 'm'
union all
select r.relation_name || ' is changed by ' || g.role_name from relations as r
cross join readers as g
where r.relkind in ('r', 'p', 'v', 'f') and has_any_column_privilege(g.role_id, r.oid, 'insert, update')
union all
select r.relation_name || ' is read by floorboard_pages before anybody has entered' from relations as r
where has_any_column_privilege('floorboard_pages', r.oid, 'select')
union all
select r.relation_name || ' is granted to everybody' from relations as r
inner join pg_class as c on r.oid = c.oid
where exists (select 1 from aclexplode(c.relacl) as g where g.grantee = 0)
union all
select format('%I.%I', p.schemaname, p.tablename) || ' has the policy ' || p.policyname || ', which is not ours'
from pg_policies as p
where
    p.schemaname in ('warehouse', 'ops', 'game', 'access') and p.permissive = 'PERMISSIVE'
    and p.roles && cast(array['public', 'floorboard_reader', 'floorboard_wall', 'floorboard_pages'] as name [])
    and (p.policyname not in ('reader', 'others') or p.qual = 'true')
union all
select function_name || ' reads as its owner' from functions
where
    not exists (select 1 from pg_class as c where c.oid = to_regclass('access.keys') and c.relowner = proowner)
    or case
        when schema_name = 'released' then split_part(split_part(function_name, '(', 1), '.', 2) <> all(cast(:question_names as text []))
        else function_name <> all(cast(:function_names as text []))
    end
union all
select function_name || ' finds what a reader made before what is meant: its search_path does not end with pg_temp'
from functions
where not coalesce(array_to_string(proconfig, ';') ~ 'search_path=[^;]*, ?pg_temp(;|$)', false)
union all
select 'the role ' || r.rolname || ' is above the policies' from pg_roles as r
where
    r.rolname in ('floorboard_reader', 'floorboard_wall', 'floorboard_pages')
    and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolreplication)
union all
select role_name || ' is a member of ' || m.member_of from (
    select member_name as role_name, role_name as member_of from memberships
    where
        member_name in ('floorboard_reader', 'floorboard_wall', 'floorboard_pages')
        and not (member_name = 'floorboard_pages' and role_name in ('floorboard_reader', 'floorboard_wall'))
) as m
union all
select m.member_name || ' is a member of ' || m.role_name || ' and reads every row as itself' from memberships as m
where
    m.role_name in ('floorboard_reader', 'floorboard_wall') and m.member_name <> 'floorboard_pages'
    and not exists (select 1 from pg_database as d where d.datdba = m.member_id)
    and not exists (select 1 from pg_class as c where c.oid = to_regclass('access.keys') and c.relowner = m.member_id)
    and not exists (select 1 from pg_roles as r where r.oid = m.member_id and (r.rolsuper or r.rolcreaterole))
union all
select 'what ' || cast(cast(d.defaclrole as regrole) as text) || ' makes later is granted to '
    || case when g.grantee = 0 then 'everybody' else cast(cast(g.grantee as regrole) as text) end
from pg_default_acl as d
cross join lateral aclexplode(d.defaclacl) as g
where
    d.defaclobjtype in ('r', 'S', 'n')
    and (d.defaclnamespace = 0 or d.defaclnamespace in (select o.schema_id from ours as o))
    and (g.grantee = 0 or g.grantee in (select r.role_id from readers as r))
union all
select 'the sequence ' || format('%I.%I', o.schema_name, c.relname) || ' is used by ' || r.role_name
from pg_class as c
inner join ours as o on c.relnamespace = o.schema_id
cross join readers as r
where c.relkind = 'S' and has_sequence_privilege(r.role_id, c.oid, 'select, usage, update')
union all
select r.role_name || ' makes things of its own in the schema ' || o.schema_name from ours as o
cross join readers as r
where has_schema_privilege(r.role_id, o.schema_id, 'create')
