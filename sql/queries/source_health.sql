-- How fresh is each source, and what became of its rows in the last 24 hours?
-- Grain: one row per source that is read; files that were uploaded once, and sources of the past, are none.
select
    c.source_name,
    c.newest_event_at,
    case when c.newest_event_at is not null then greatest(floor(extract(epoch from :as_of - c.newest_event_at)), 0) end
        as newest_event_age_seconds,
    c.checked_at,
    case when c.checked_at is not null then greatest(floor(extract(epoch from :as_of - c.checked_at)), 0) end
        as checked_age_seconds,
    c.stale_after_seconds,
    coalesce(c.newest_event_at < :as_of - make_interval(secs => c.stale_after_seconds), true) as is_stale,
    exists(select 1 from warehouse.queue_keys as q where q.source_name = c.source_name) as has_calls,
    exists(select 1 from warehouse.tickets as t where t.source_name = c.source_name) as has_tickets,
    coalesce(r.read_rows, 0) as read_rows,
    coalesce(r.loaded_rows, 0) as loaded_rows,
    coalesce(r.unchanged_rows, 0) as unchanged_rows,
    coalesce(r.rejected_rows, 0) as rejected_rows,
    (
        select count(*)
        from ops.rejects as j
        where j.source_name = c.source_name and j.replayed_at is null
    ) as open_reject_rows,
    (
        select f.error_text
        from ops.runs as f
        where
            f.source_name = c.source_name and f.outcome_name = 'failed'
            and f.ended_at > coalesce(
                (
                    select max(g.ended_at)
                    from ops.runs as g
                    where g.source_name = c.source_name and g.outcome_name = 'succeeded'
                ),
                '-infinity'
            )
            and f.ended_at >= c.checked_at - interval '1 hour'
        order by f.ended_at desc, f.run_id desc
        limit 1
    ) as error_text
from ops.cursors as c
left join lateral (
    select
        sum(u.read_rows) as read_rows,
        sum(u.loaded_rows) as loaded_rows,
        sum(u.unchanged_rows) as unchanged_rows,
        sum(u.rejected_rows) as rejected_rows
    from ops.runs as u
    where u.source_name = c.source_name and u.ended_at > :as_of - interval '24 hours'
) as r on true
where not exists (
    select 1 from ops.sources as k
    where k.source_name = c.source_name and (k.kind_name = 'upload' or not k.is_current)
)
order by c.source_name
