-- Which kinds of events were read that no fact uses?
-- Grain: one row per source and kind of event.
select
    u.source_name,
    u.event_name,
    bool_and(u.is_known) as is_known,
    sum(u.read_rows) as read_rows
from ops.unused_events as u
inner join ops.runs as r on u.run_id = r.run_id
where r.started_at <= :as_of
group by u.source_name, u.event_name
order by read_rows desc, u.source_name, u.event_name
