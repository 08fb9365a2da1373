-- Notes whether a source tells of what was written in its tickets; once that has changed: its other tickets.
-- Grain: one row per ticket of the source beside those named, whose promises may be others now; else none.
with told as (
    select exists(
        select 1 from warehouse.ticket_events as e
        where e.source_name = :source_name and e.event_name in ('reply', 'request')
    ) as has_replies
),

changed as (
    insert into warehouse.ticket_sources as s (source_name, has_replies)
    select
        :source_name,
        t.has_replies
    from told as t
    on conflict (source_name) do update set has_replies = excluded.has_replies
    where s.has_replies <> excluded.has_replies
    returning s.source_name
)

select
    t.ticket_id,
    t.resolved_at is null as is_unsolved
from changed as c
inner join warehouse.tickets as t on c.source_name = t.source_name
where
    exists (select 1 from warehouse.ticket_policies as p where p.target_name in ('first_reply', 'next_reply'))
    and not exists (
        select 1 from unnest(cast(:ticket_ids as text [])) as g (ticket_id)
        where g.ticket_id = t.ticket_id
    )
order by t.ticket_id
