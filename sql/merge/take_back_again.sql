-- Takes back in a restored warehouse what was taken back before: closed accounts, revoked wall displays, withdrawn consents.
-- Grain: one row, how many of them the backup still had.
with told as (select cast(:taken_back_text as jsonb) as kinds),

accounts as (
    update access.accounts as a
    set
        is_active = false,
        -- a revoked wall display frees its name, as when it was revoked
        login_name = case when a.role_name = 'wall' then concat('wall: revoked ', a.account_id) else a.login_name end,
        issuer_text = case when a.role_name = 'wall' then null else a.issuer_text end,
        subject_text = case when a.role_name = 'wall' then null else a.subject_text end
    from told, jsonb_to_recordset(coalesce(nullif(told.kinds -> 'accounts', 'null'), '[]'))
        as t (account_id integer, made_at timestamptz)
    where a.account_id = t.account_id and a.made_at = t.made_at and a.is_active
    returning 1
),

devices as (
    update access.devices as d
    set revoked_at = t.revoked_at
    from told, jsonb_to_recordset(coalesce(nullif(told.kinds -> 'devices', 'null'), '[]'))
        as t (device_id integer, made_at timestamptz, revoked_at timestamptz)
    where d.device_id = t.device_id and d.made_at = t.made_at and d.revoked_at is null
    returning 1
),

consents as (
    update access.consents as c
    set withdrawn_at = t.withdrawn_at, is_withdrawn_by_person = t.is_by_person
    from told, jsonb_to_recordset(coalesce(nullif(told.kinds -> 'consents', 'null'), '[]'))
        as t (agent_id integer, board_name text, given_at timestamptz, withdrawn_at timestamptz, is_by_person boolean)
    where
        c.agent_id = t.agent_id and c.board_name = t.board_name and c.given_at = t.given_at
        and c.withdrawn_at is null
    returning 1
)

select
    (select count(*) from accounts) as accounts_count,
    (select count(*) from devices) as devices_count,
    (select count(*) from consents) as consents_count
