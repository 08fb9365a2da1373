-- Where was the trail tampered with?
-- Grain: one row per fault, the first line's first; none in a trail that is whole.
with walked as (
    select
        l.*,
        lag(l.line_number) over (order by l.line_number) as before_number,
        lag(l.line_sha256) over (order by l.line_number) as before_sha256
    from ops.audit_lines as l
),

found as (
    select
        w.line_number,
        case
            when w.before_number is not null and w.line_number <> w.before_number + 1 then 'missing'
            when w.before_number is not null and w.previous_sha256 <> w.before_sha256 then 'cut'
            when
                w.before_number is null and not (
                    w.line_number = 1 and w.previous_sha256 = decode(repeat('00', 32), 'hex')
                    or exists (
                        select from ops.audit_lines as f
                        where
                            f.what_name = 'trail.forgotten'
                            and cast(f.told_text as jsonb) ->> 'last_number' = cast(w.line_number - 1 as text)
                            and cast(f.told_text as jsonb) ->> 'last_sha256' = encode(w.previous_sha256, 'hex')
                    )
                )
                then 'beginning'
            when
                w.line_sha256 <> access.audit_sha256(
                    w.previous_sha256, w.line_number, w.noted_at, w.actor_sha256, w.what_name, w.of_name, w.told_text,
                    w.place_text, w.once_text, w.agent_ids
                )
                then 'content'
            when a.actor_sha256 is null then 'actor_gone'
            when
                a.salt_bytes is not null and a.actor_sha256 <> access.audit_actor_sha256(
                    a.kind_name, a.account_id, a.login_name, a.role_name, a.salt_bytes
                )
                then 'actor'
        end as fault_name
    from walked as w
    left join ops.audit_actors as a on w.actor_sha256 = a.actor_sha256
)

select
    line_number,
    fault_name
from found
where fault_name is not null
order by line_number
limit 100
