-- Who may sign in, as what, and when did each last do so?
-- Grain: one row per account.
select
    a.account_id,
    a.login_name,
    a.role_name,
    g.agent_name,
    (
        select string_agg(t.team_name, ', ' order by t.team_name)
        from access.account_teams as m
        inner join warehouse.teams as t on m.team_id = t.team_id
        where m.account_id = a.account_id
    ) as team_names_text,
    a.is_active,
    a.password_hash_text is not null as has_password,
    a.issuer_text is not null as is_of_provider,
    a.made_at,
    (select max(s.started_at) from access.sessions as s where s.account_id = a.account_id) as signed_in_at,
    (
        select count(*) from access.sessions as o
        where o.account_id = a.account_id and o.ended_at is null and o.ends_at > :as_of
    ) as open_sessions_count
from access.accounts as a
left join warehouse.agents as g on a.agent_id = g.agent_id
order by a.login_name
