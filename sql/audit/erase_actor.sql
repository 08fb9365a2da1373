-- Takes the names out of the trail under which a former agent acted; the lines stay, and so does their proof.
-- Grain: one row per name that was taken out.
update ops.audit_actors as a set
    login_name = null,
    salt_bytes = null
where
    a.login_name is not null
    and a.account_id in (select o.account_id from access.accounts as o where o.agent_id = :agent_id)
