-- Who holds these sessions, and what may they see?
-- Grain: one row per session of those named, none for one that is over or revoked.
select
    s.token_sha256,
    a.account_id,
    a.login_name,
    a.role_name,
    a.agent_id,
    (
        select string_agg(cast(t.team_id as text), ',' order by t.team_id)
        from access.account_teams as t where t.account_id = a.account_id
    ) as team_ids_text,
    case when a.role_name = 'supervisor' then (
        select md5(string_agg(distinct cast(m.agent_id as text), ',' order by cast(m.agent_id as text)))
        from warehouse.team_spans as m
        inner join access.account_teams as o on m.team_id = o.team_id
        where o.account_id = a.account_id and access.is_current(m.started_date, m.ended_date)
    ) end as agents_hash_text,
    coalesce(a.issuer_text = 'demo', false) as is_persona,
    (
        select d.board_text
        from access.devices as d where d.account_id = a.account_id and d.revoked_at is null
    ) as board_text
from access.sessions as s
inner join access.accounts as a on s.account_id = a.account_id
where s.token_sha256 = any(cast(:tokens_sha256 as bytea [])) and s.ended_at is null and s.ends_at > :as_of and a.is_active
