-- Which screens hang on which wall, what does each show, and is it open?
-- Grain: one row per wall display, those in use first.
select
    d.device_name,
    d.board_text,
    d.made_by_name,
    d.made_at,
    d.revoked_at,
    s.opened_at,
    s.ends_at,
    case
        when d.revoked_at is not null then 'revoked'
        when s.account_id is not null then 'open'
        else 'waiting'
    end as standing_name
from access.devices as d
left join lateral (
    select
        e.account_id,
        max(e.started_at) as opened_at,
        max(e.ends_at) as ends_at
    from access.sessions as e
    where e.account_id = d.account_id and e.ended_at is null and e.ends_at > :as_of
    group by e.account_id
) as s on true
order by d.revoked_at is not null, lower(d.device_name), d.device_id
