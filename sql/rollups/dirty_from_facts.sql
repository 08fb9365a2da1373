-- Notes every interval in which the window's facts or rollups have a row, so that all are rolled up again.
-- Grain: one row per queue or agent and 15 minutes.
with noted as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select distinct
        c.queue_id,
        date_bin('15 minutes', c.offered_at, '2000-01-01 00:00+00')
    from warehouse.calls as c
    where c.offered_at >= :window_start and c.offered_at < :window_end
)

insert into dirty_agent_intervals (agent_id, interval_start_at)
select
    c.agent_id,
    date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00')
from warehouse.calls as c
where
    c.agent_id is not null and c.answered_at >= :window_start and c.answered_at < :window_end
    and c.offered_at < :window_end and c.offered_at >= :window_start - interval '4 hours'
union
-- Who waited longer than that stands in an index of few: of those that lasted long, or of those that are open.
select
    c.agent_id,
    date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00')
from warehouse.calls as c
where
    c.agent_id is not null and c.answered_at >= :window_start and c.answered_at < :window_end
    and c.offered_at < :window_start - interval '4 hours' and c.ended_at - c.offered_at > interval '4 hours'
union
select
    c.agent_id,
    date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00')
from warehouse.calls as c
where
    c.agent_id is not null and c.answered_at >= :window_start and c.answered_at < :window_end
    and c.offered_at < :window_start - interval '4 hours' and c.ended_at is null
union
select
    s.agent_id,
    i.interval_start_at
from warehouse.agent_states as s
cross join lateral generate_series(
    date_bin('15 minutes', greatest(s.started_at, :window_start), '2000-01-01 00:00+00'),
    least(s.ended_at, :window_end, s.started_at + interval '31 days'),
    interval '15 minutes'
) as i (interval_start_at)
where
    s.state_name <> 'signed_out' and s.started_at < :window_end and s.ended_at > :window_start
    and s.started_at >= :window_start - interval '31 days 15 minutes'
    and i.interval_start_at < least(s.ended_at, :window_end)
