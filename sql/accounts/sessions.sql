-- Which sessions are open now, and whose?
-- Grain: one row per open session.
select
    a.login_name,
    a.role_name,
    s.started_at,
    s.ends_at
from access.sessions as s
inner join access.accounts as a on s.account_id = a.account_id
where
    s.ended_at is null and s.ends_at > :as_of and a.is_active
    and (cast(:account_id as integer) is null or a.account_id = :account_id)
order by a.login_name, s.started_at
