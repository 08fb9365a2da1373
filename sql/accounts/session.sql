-- Who holds this session, and what may they see?
-- Grain: one row, none where it is over or revoked.
select
    a.account_id,
    a.login_name,
    a.role_name,
    a.agent_id,
    (
        select string_agg(cast(t.team_id as text), ',' order by t.team_id)
        from access.account_teams as t where t.account_id = a.account_id
    ) as team_ids_text
from access.sessions as s
inner join access.accounts as a on s.account_id = a.account_id
where s.token_sha256 = :token_sha256 and s.ended_at is null and s.ends_at > :as_of and a.is_active
