-- What is read, how, and what came of it in the last 24 hours? How each source stands is told by source_health.
-- Grain: one row per source of the settings, or past one of which something was read.
select
    s.source_name,
    s.kind_name,
    s.settings_text,
    s.is_current,
    s.every_seconds,
    c.newest_event_at,
    c.checked_at,
    case when c.checked_at is not null then greatest(floor(extract(epoch from :as_of - c.checked_at)), 0) end
        as checked_age_seconds,
    case when c.newest_event_at is not null then greatest(floor(extract(epoch from :as_of - c.newest_event_at)), 0) end
        as newest_event_age_seconds,
    coalesce(d.read_rows, 0) as read_rows,
    coalesce(d.loaded_rows, 0) as loaded_rows,
    coalesce(d.unchanged_rows, 0) as unchanged_rows,
    coalesce(d.rejected_rows, 0) as rejected_rows,
    (
        select count(*)
        from ops.rejects as j
        where j.source_name = s.source_name and j.replayed_at is null
    ) as open_reject_rows
from ops.sources as s
left join ops.cursors as c on s.source_name = c.source_name
left join lateral (
    select
        sum(u.read_rows) as read_rows,
        sum(u.loaded_rows) as loaded_rows,
        sum(u.unchanged_rows) as unchanged_rows,
        sum(u.rejected_rows) as rejected_rows
    from ops.runs as u
    where u.source_name = s.source_name and u.ended_at > :as_of - interval '24 hours'
) as d on true
where s.kind_name <> 'upload' and (s.is_current or c.checked_at is not null)
order by s.is_current desc, s.source_name
