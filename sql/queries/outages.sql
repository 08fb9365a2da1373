-- When did each source deliver, and when was it silent, failing, not read, or catching up?
-- Grain: one row per source, or the loader itself (is_loader), and stretch of one state between window_start and as_of.
-- Made of the ledger of runs and of the loader's heartbeats. A run's events count as delivered in time until the source's
-- own limit of silence has passed. Where states overlap the graver one holds: failing, not_read, catching_up, delivering.
with asked_sources as (
    select
        c.source_name,
        make_interval(secs => c.stale_after_seconds) as limit_interval,
        make_interval(secs => 2 * greatest(coalesce(s.every_seconds, 60), 60)) as retry_interval,
        make_interval(secs => greatest(2 * coalesce(s.every_seconds, 60), 30)) as soon_interval,
        tstzmultirange(tstzrange(f.ended_at, :as_of)) * tstzmultirange(tstzrange(:window_start, :as_of)) as known_times
    from ops.cursors as c
    left join ops.sources as s on c.source_name = s.source_name
    inner join lateral (
        select min(r.ended_at) as ended_at
        from ops.runs as r
        where r.source_name = c.source_name
    ) as f on f.ended_at < :as_of
    where s.source_name is null or (s.is_current and s.kind_name <> 'upload')
),

silences as (
    select
        q.silent_from_at,
        q.silent_until_at
    from ops.silences as q
    where q.process_name = 'etl' and q.silent_until_at > :window_start and q.silent_from_at < :as_of
    union all
    select
        b.beat_at as silent_from_at,
        :as_of as silent_until_at
    from ops.heartbeats as b
    where b.process_name = 'etl' and b.beat_at < :as_of and b.noted_at < clock_timestamp() - interval '20 seconds'
),

stopped as (
    select coalesce(range_agg(tstzrange(q.silent_from_at, q.silent_until_at)), '{}') as stopped_times
    from silences as q
),

delivered as (
    select
        k.source_name,
        range_agg(tstzrange(r.ended_at, least(r.newest_event_at, r.ended_at) + k.limit_interval))
        filter (where r.newest_event_at + k.limit_interval > r.ended_at) as delivered_times,
        range_agg(tstzrange(r.started_at, r.ended_at + interval '1 minute'))
        filter (where r.newest_event_at + k.limit_interval <= r.ended_at and r.loaded_rows > 0) as late_times
    from asked_sources as k
    inner join ops.runs as r
        on
            k.source_name = r.source_name
            and r.ended_at > :window_start - k.limit_interval
            and r.ended_at <= :as_of
            and r.outcome_name = 'succeeded'
    group by k.source_name
),

failed as (
    select
        k.source_name,
        range_agg(
            tstzrange(
                r.started_at,
                greatest(least(coalesce(g.started_at, :as_of), r.ended_at + k.retry_interval), r.started_at),
                '[]'
            )
        ) as failed_times
    from asked_sources as k
    inner join ops.runs as r
        on
            k.source_name = r.source_name
            and r.ended_at > :window_start - k.retry_interval
            and r.ended_at <= :as_of
            and r.outcome_name = 'failed'
    left join lateral (
        select n.started_at
        from ops.runs as n
        where n.source_name = r.source_name and n.ended_at >= r.ended_at and n.outcome_name = 'succeeded'
        order by n.ended_at
        limit 1
    ) as g on true
    group by k.source_name
),

unread as (
    select
        k.source_name,
        range_agg(tstzrange(q.silent_from_at, q.silent_until_at)) as unread_times
    from asked_sources as k
    cross join silences as q
    where not exists (
        select 1 from ops.runs as r
        where
            r.source_name = k.source_name and r.outcome_name = 'succeeded'
            and r.ended_at > q.silent_from_at + interval '30 seconds'
            and r.ended_at < q.silent_until_at - interval '30 seconds'
    )
    group by k.source_name
),

judged as (
    select
        k.source_name,
        k.known_times,
        k.soon_interval,
        coalesce(f.failed_times, '{}') as failed_times,
        coalesce(u.unread_times, '{}') - coalesce(f.failed_times, '{}') as unread_times,
        coalesce(d.delivered_times, '{}') as delivered_times,
        coalesce(d.late_times, '{}') as late_times
    from asked_sources as k
    left join delivered as d on k.source_name = d.source_name
    left join failed as f on k.source_name = f.source_name
    left join unread as u on k.source_name = u.source_name
),

caught_up as (
    select
        j.source_name,
        range_agg(tstzrange(upper(t.down_range), r.ended_at, '[]')) as caught_up_times
    from judged as j
    cross join lateral unnest(j.failed_times + j.unread_times) as t (down_range)
    cross join lateral (
        select
            n.started_at,
            n.ended_at,
            n.loaded_rows
        from ops.runs as n
        where
            n.source_name = j.source_name and n.outcome_name = 'succeeded' and n.ended_at >= upper(t.down_range)
            and n.ended_at <= :as_of
        order by n.ended_at
        limit 1
    ) as r
    -- a run that comes later found nothing of the outage: one that finds nothing at all leaves no row
    where r.loaded_rows > 0 and r.started_at < upper(t.down_range) + j.soon_interval
    group by j.source_name
),

settled as (
    select
        j.*,
        coalesce(c.caught_up_times, '{}') + (j.late_times - j.delivered_times) - j.failed_times - j.unread_times
            as catching_up_times
    from judged as j
    left join caught_up as c on j.source_name = c.source_name
),

stretches as (
    select
        s.source_name,
        p.state_name,
        unnest(s.known_times * p.state_times) as stretch
    from settled as s
    cross join lateral (
        values
        ('failing', s.failed_times),
        ('not_read', s.unread_times),
        ('catching_up', s.catching_up_times),
        ('delivering', s.delivered_times - s.failed_times - s.unread_times - s.catching_up_times),
        (
            'silent',
            s.known_times - s.failed_times - s.unread_times - s.catching_up_times - s.delivered_times
        )
    ) as p (state_name, state_times)
),

loader_stretches as (
    select
        p.state_name,
        unnest(p.state_times) as stretch
    from stopped as s
    cross join lateral (
        select tstzmultirange(tstzrange(greatest(min(r.ended_at), :window_start), :as_of)) as known_times
        from ops.runs as r
        having min(r.ended_at) < :as_of
    ) as k
    cross join lateral (
        values
        ('not_read', k.known_times * s.stopped_times),
        ('delivering', k.known_times - s.stopped_times)
    ) as p (state_name, state_times)
    where exists (select 1 from ops.heartbeats as b where b.process_name = 'etl')
)

select
    true as is_loader,
    null as source_name,
    l.state_name,
    lower(l.stretch) as started_at,
    upper(l.stretch) as ended_at,
    floor(extract(epoch from upper(l.stretch) - lower(l.stretch))) as duration_seconds,
    null as loaded_rows,
    null as error_text
from loader_stretches as l
union all
select
    false as is_loader,
    s.source_name,
    s.state_name,
    lower(s.stretch) as started_at,
    upper(s.stretch) as ended_at,
    floor(extract(epoch from upper(s.stretch) - lower(s.stretch))) as duration_seconds,
    (
        select sum(r.loaded_rows)
        from ops.runs as r
        where
            s.state_name = 'catching_up' and r.source_name = s.source_name and r.outcome_name = 'succeeded'
            and r.ended_at >= lower(s.stretch) and r.ended_at <= upper(s.stretch)
    ) as loaded_rows,
    (
        select r.error_text
        from ops.runs as r
        where
            s.state_name = 'failing' and r.source_name = s.source_name and r.outcome_name = 'failed'
            and r.ended_at >= lower(s.stretch) and r.ended_at <= upper(s.stretch)
        order by r.ended_at desc, r.run_id desc
        limit 1
    ) as error_text
from stretches as s
where not isempty(s.stretch)
order by is_loader desc, source_name, started_at, ended_at
