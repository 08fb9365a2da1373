-- How fresh is each source, when is it read, what became of its rows in the last 24 hours, and does it hold what its origin tells?
-- Grain: one row per source that is read; files that were uploaded once, and sources of the past, are none.
-- is_stale: no event within the source's own limit; is_unread: nobody looked for three of its intervals and two minutes.
-- error_text: the failure that lasts. A later load that found nothing new leaves no row in the ledger, but its job tells of it.
select
    c.source_name,
    k.kind_name,
    k.every_seconds,
    c.newest_event_at,
    case when c.newest_event_at is not null then greatest(floor(extract(epoch from :as_of - c.newest_event_at)), 0) end
        as newest_event_age_seconds,
    c.checked_at,
    case when c.checked_at is not null then greatest(floor(extract(epoch from :as_of - c.checked_at)), 0) end
        as checked_age_seconds,
    c.stale_after_seconds,
    coalesce(c.newest_event_at < :as_of - make_interval(secs => c.stale_after_seconds), true) as is_stale,
    c.checked_at < :as_of - make_interval(secs => 120 + 3 * coalesce(k.every_seconds, 60)) as is_unread,
    greatest(g.ended_at, case when j.outcome_name = 'succeeded' then j.last_ended_at end) as last_succeeded_at,
    f.ended_at as last_failed_at,
    f.error_text as last_error_text,
    case when k.is_current then coalesce(j.next_run_at, c.checked_at + make_interval(secs => k.every_seconds)) end
        as next_run_at,
    exists(select 1 from warehouse.queue_keys as q where q.source_name = c.source_name) as has_calls,
    (
        select t.ticket_id from warehouse.tickets as t
        where t.source_name = c.source_name
        order by t.source_name, t.ticket_id
        limit 1
    ) is not null as has_tickets,
    coalesce(r.read_rows, 0) as read_rows,
    coalesce(r.loaded_rows, 0) as loaded_rows,
    coalesce(r.unchanged_rows, 0) as unchanged_rows,
    coalesce(r.rejected_rows, 0) as rejected_rows,
    (
        select count(*)
        from ops.rejects as o
        where o.source_name = c.source_name and o.replayed_at is null
    ) as open_reject_rows,
    n.day_date as reconciled_date,
    n.checked_at as reconciled_at,
    n.outcome_name as reconciliation_name,
    n.missing_rows as reconciled_missing_rows,
    n.unmended_rows as reconciled_unmended_rows,
    n.reason_text as reconciliation_text,
    case
        when
            f.ended_at > coalesce(g.ended_at, '-infinity')
            and f.ended_at >= c.checked_at - interval '1 hour'
            and not coalesce(j.outcome_name = 'succeeded' and j.last_ended_at > f.ended_at, false)
            then f.error_text
    end as error_text
from ops.cursors as c
left join ops.sources as k on c.source_name = k.source_name
left join ops.jobs as j on c.source_name = j.job_name and j.last_ended_at <= :as_of
left join lateral (
    select s.ended_at
    from ops.runs as s
    where s.source_name = c.source_name and s.outcome_name = 'succeeded' and s.ended_at <= :as_of
    order by s.ended_at desc
    limit 1
) as g on true
left join lateral (
    select
        e.ended_at,
        e.error_text
    from ops.runs as e
    where e.source_name = c.source_name and e.outcome_name = 'failed' and e.ended_at <= :as_of
    order by e.ended_at desc, e.run_id desc
    limit 1
) as f on true
left join lateral (
    select
        d.day_date,
        d.checked_at,
        d.outcome_name,
        d.reason_text,
        d.missing_rows,
        greatest(d.missing_rows + d.differing_rows - d.mended_rows, 0) as unmended_rows
    from ops.reconciliations as d
    where d.source_name = c.source_name and d.checked_at <= :as_of
    order by d.day_date desc, d.outcome_name = 'failed', d.checked_at desc
    limit 1
) as n on true
left join lateral (
    select
        sum(u.read_rows) as read_rows,
        sum(u.loaded_rows) as loaded_rows,
        sum(u.unchanged_rows) as unchanged_rows,
        sum(u.rejected_rows) as rejected_rows
    from ops.runs as u
    where u.source_name = c.source_name and u.ended_at > :as_of - interval '24 hours'
) as r on true
where k.source_name is null or (k.kind_name <> 'upload' and k.is_current)
order by c.source_name
