-- Makes the tickets of which only events are known so far; what their source says of them later wins.
-- Grain: one row per ticket that was made or turned out to be older.
insert into warehouse.tickets as t (created_at, version_number, run_id, source_name, ticket_id)
select
    min(s.occurred_at) as created_at,
    -1 as version_number,
    :run_id,
    :source_name,
    s.ticket_id
from stage_ticket_events as s
group by s.ticket_id
order by s.ticket_id
on conflict (source_name, ticket_id) do update set created_at = excluded.created_at
where t.version_number = -1 and t.created_at > excluded.created_at
