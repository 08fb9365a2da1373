-- What was counted for one entry of the ledger: of which kind of work, on which working day, how much, of how many, and between when?
-- Grain: one row per working day and kind of work in it, in the order in which they were counted. window_*_at: where its facts lie.
with rows as (
    select
        e.*,
        c.time_zone_name,
        (e.effective_date + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name as day_start_at,
        (e.effective_date + 1 + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name as day_end_at,
        c.day_starts_hour
    from game.evidence as e
    inner join game.agent_clocks as c on e.agent_id = c.agent_id
    where e.agent_id = :agent_id and e.entry_id = cast(:entry_id as bigint)
),

-- A shift over the border of two working days belongs to the one on which it began.
days as (
    select
        r.effective_date,
        coalesce(max(w.ended_at) filter (where w.started_at < r.day_start_at), r.day_start_at) as day_start_at,
        coalesce(max(w.ended_at) filter (where w.started_at >= r.day_start_at), r.day_end_at) as day_end_at
    from (
        select distinct
            o.agent_id,
            o.effective_date,
            o.day_start_at,
            o.day_end_at
        from rows as o
    ) as r
    left join lateral game.agent_shifts(:agent_id, r.day_start_at, r.day_end_at) as w
        on
            (
                (w.started_at < r.day_start_at and w.ended_at > r.day_start_at)
                or (w.started_at >= r.day_start_at and w.started_at < r.day_end_at and w.ended_at > r.day_end_at)
            )
    group by r.effective_date, r.day_start_at, r.day_end_at
),

pieces as (
    select
        r.place_number,
        min(greatest(h.start_at, d.day_start_at)) as start_at,
        min(least(h.end_at, d.day_end_at)) as end_at,
        count(*) as pieces_count
    from rows as r
    inner join days as d on r.effective_date = d.effective_date
    cross join lateral (
        select
            (r.effective_date + n + make_interval(hours => 3 * r.hour_band)) at time zone r.time_zone_name as start_at,
            (r.effective_date + n + make_interval(hours => 3 * r.hour_band + 3)) at time zone r.time_zone_name as end_at
        from generate_series(0, 1) as g (n)
    ) as h
    where r.hour_band is not null and h.start_at < d.day_end_at and h.end_at > d.day_start_at
    group by r.place_number
)

select
    r.agent_id,
    r.entry_id,
    r.place_number,
    r.effective_date,
    r.fact_name,
    r.queue_id,
    q.queue_name,
    r.channel_name,
    r.direction_name,
    r.topic_name,
    r.hour_band as band_number,
    r.above_value,
    r.below_value,
    r.expected_value,
    -- hours that lie at both ends of the day are told by the whole day
    case when p.pieces_count = 1 then p.start_at else d.day_start_at end as window_start_at,
    case when p.pieces_count = 1 then p.end_at else d.day_end_at end as window_end_at
from rows as r
inner join days as d on r.effective_date = d.effective_date
left join pieces as p on r.place_number = p.place_number
left join warehouse.queues as q on r.queue_id = q.queue_id
order by r.place_number
