-- Of which working days and kinds of work is one row of evidence made, where it spans several of them, and between when?
-- Grain: one row per working day and kind of work in the agent's sums as they stand now.
with chosen as (
    select e.*
    from game.evidence as e
    where e.agent_id = :agent_id and e.entry_id = cast(:entry_id as bigint) and e.place_number = cast(:place_number as integer)
),

sums as (
    select
        d.agent_id,
        d.effective_date,
        d.queue_id,
        d.channel_name,
        d.direction_name,
        d.topic_name,
        d.hour_band,
        (
            select sum(case when n.name like '-%' then -1 else 1 end * cast(d.sums ->> ltrim(n.name, '-') as double precision))
            from unnest(string_to_array(:above_text, ' ')) as n (name)
        ) as above_value,
        (
            select sum(case when n.name like '-%' then -1 else 1 end * cast(d.sums ->> ltrim(n.name, '-') as double precision))
            from unnest(string_to_array(:below_text, ' ')) as n (name)
        ) as below_value
    from chosen as c
    inner join game.day_sums as d
        on
            c.agent_id = d.agent_id and d.effective_date between cast(:start_date as date) and c.effective_date
            and c.queue_id is not distinct from d.queue_id and c.channel_name is not distinct from d.channel_name
            and (
                (cast(:is_by_month as boolean) and to_char(d.effective_date, 'YYYY-MM') = to_char(c.effective_date, 'YYYY-MM'))
                or (
                    not cast(:is_by_month as boolean)
                    and c.topic_name is not distinct from d.topic_name and c.hour_band is not distinct from d.hour_band
                )
            )
),

rows as (
    select
        s.*,
        row_number() over (order by s.effective_date, s.hour_band, s.topic_name, s.direction_name) as place_number,
        c.time_zone_name,
        (s.effective_date + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name as day_start_at,
        (s.effective_date + 1 + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name as day_end_at
    from sums as s
    inner join game.agent_clocks as c on s.agent_id = c.agent_id
    where coalesce(s.above_value, 0) <> 0 or coalesce(s.below_value, 0) <> 0
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
    r.place_number,
    r.effective_date,
    r.queue_id,
    q.queue_name,
    r.channel_name,
    r.direction_name,
    r.topic_name,
    r.hour_band as band_number,
    r.above_value,
    r.below_value,
    cast(null as double precision) as expected_value,
    case when p.pieces_count = 1 then p.start_at else d.day_start_at end as window_start_at,
    case when p.pieces_count = 1 then p.end_at else d.day_end_at end as window_end_at
from rows as r
inner join days as d on r.effective_date = d.effective_date
left join pieces as p on r.place_number = p.place_number
left join warehouse.queues as q on r.queue_id = q.queue_id
order by r.place_number
