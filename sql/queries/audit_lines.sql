-- Who saw, took along or changed what, and when?
-- Grain: one row per line of the trail before :before_number, the newest first, :limit_rows at the most. found_rows: how many
-- there are in all. touched_agents: of how many agents it tells.
with narrowed as (
    select
        l.line_number,
        l.noted_at,
        l.what_name,
        l.of_name,
        l.told_text,
        l.place_text,
        l.agent_ids,
        a.kind_name,
        a.account_id,
        a.login_name,
        a.role_name
    from ops.audit_lines as l
    inner join ops.audit_actors as a on l.actor_sha256 = a.actor_sha256
    where
        l.noted_at >= cast(:window_start as timestamptz) and l.noted_at < cast(:window_end as timestamptz)
        and (cast(:what_names as text []) is null or l.what_name = any(cast(:what_names as text [])))
        and (cast(:person_name as text) is null or a.login_name = :person_name)
        and (cast(:agent_id as integer) is null or l.agent_ids @> array[cast(:agent_id as integer)])
        and (
            cast(:search_text as text) is null
            or strpos(
                lower(concat_ws(' ', l.what_name, l.of_name, l.told_text, l.place_text, a.login_name)),
                lower(cast(:search_text as text))
            ) > 0
        )
),

counted as (
    select count(*) as found_rows from narrowed
),

page as (
    select
        n.*,
        case
            when n.of_name ~ '^account [0-9]{1,9}$' then cast(substr(n.of_name, 9) as integer)
        end as of_account_id
    from narrowed as n
    where cast(:before_number as bigint) is null or n.line_number < cast(:before_number as bigint)
    order by n.line_number desc
    limit cast(:limit_rows as integer)
)

select
    p.line_number,
    p.noted_at,
    p.kind_name,
    p.role_name,
    p.what_name,
    p.of_name,
    p.place_text,
    c.found_rows,
    coalesce(p.login_name, case when p.kind_name = 'account' then '' end) as login_name,
    access.login_name_of(p.of_account_id) as of_login_name,
    p.told_text,
    coalesce(cardinality(p.agent_ids), 0) as touched_agents,
    (
        select string_agg(g.agent_name, ', ' order by g.agent_name)
        from (
            select o.agent_name from warehouse.agents as o
            where o.agent_id = any(p.agent_ids)
            order by o.agent_name
            limit 3
        ) as g
    ) as agents_text
from page as p
cross join counted as c
order by p.line_number desc
