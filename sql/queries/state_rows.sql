-- Which states of agents are behind a sum of seconds: on contact, in wrap-up, available, paused, signed in?
-- Grain: one row per state, with its seconds inside the window and, in every row, how many there are and their sums; one row
-- without a state where there is none. An agent of several sources is in one state at a time, as in the rollup; only ended
-- states count, and each state's seconds are rounded so that those of 15 minutes add up to the rollup's.
with terms as (
    select
        t.part_name,
        t.column_name,
        t.sign_number
    from unnest(cast(:parts as text []), cast(:columns as text []), cast(:signs as integer []))
        as t (part_name, column_name, sign_number)
),

wanted as materialized (
    select
        t.part_name,
        t.column_name,
        t.sign_number,
        s.state_name
    from terms as t
    inner join (
        values
        ('on_contact_seconds', 'on_contact'),
        ('wrapping_up_seconds', 'wrap_up'),
        ('available_seconds', 'available'),
        ('available_seconds', 'ringing'),
        ('free_seconds', 'available'),
        ('paused_seconds', 'paused'),
        ('ringing_seconds', 'ringing'),
        ('signed_in_seconds', 'on_contact'),
        ('signed_in_seconds', 'wrap_up'),
        ('signed_in_seconds', 'available'),
        ('signed_in_seconds', 'ringing'),
        ('signed_in_seconds', 'paused')
    ) as s (column_name, state_name) on t.column_name = s.column_name
),

zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

chosen as materialized (
    select
        a.agent_id,
        (select count(*) from warehouse.agent_state_sources as v where v.agent_id = a.agent_id) > 1 as is_shared
    from warehouse.agents as a
    where
        (cast(:agent_id as integer) is null or a.agent_id = :agent_id)
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as m
                where m.agent_id = a.agent_id and m.team_id = :team_id
            )
        )
),

told as (
    select
        c.agent_id,
        c.is_shared,
        s.started_at,
        s.ended_at,
        s.source_name,
        s.state_name,
        s.reason_name,
        greatest(s.started_at, :window_start) as from_at,
        least(s.ended_at, :window_end, s.started_at + interval '31 days') as until_at
    from chosen as c
    cross join lateral (
        select b.*
        from warehouse.agent_states as b
        where
            b.agent_id = c.agent_id and b.started_at >= :window_start and b.started_at < :window_end
            and b.ended_at is not null
        union all
        select o.*
        from (
            select b.*
            from warehouse.agent_states as b
            where
                not c.is_shared and b.agent_id = c.agent_id and b.started_at < :window_start
                and b.started_at > :window_start - interval '31 days'
            order by b.started_at desc
            limit 1
        ) as o
        where o.ended_at > :window_start
        union all
        select o.*
        from warehouse.agent_state_sources as v
        cross join lateral (
            select b.*
            from warehouse.agent_states as b
            where
                c.is_shared and b.agent_id = c.agent_id and b.source_name = v.source_name
                and b.started_at < :window_start and b.started_at > :window_start - interval '31 days'
            order by b.started_at desc
            limit 1
        ) as o
        where v.agent_id = c.agent_id and o.ended_at > :window_start
    ) as s
    where s.state_name <> 'signed_out'
),

cuts as materialized (
    select
        t.agent_id,
        t.is_shared,
        t.started_at,
        t.source_name,
        t.state_name,
        i.interval_start_at,
        greatest(t.from_at, i.interval_start_at) as from_at,
        least(t.until_at, i.interval_start_at + interval '15 minutes') as until_at
    from told as t
    cross join lateral generate_series(
        date_bin('15 minutes', t.from_at, '2000-01-01 00:00+00'), t.until_at - interval '1 microsecond',
        interval '15 minutes'
    ) as i (interval_start_at)
    where t.until_at > t.from_at
),

-- Where several sources tell of one agent: between two borders he is in the weightiest of the states told.
borders as (
    select
        b.agent_id,
        b.interval_start_at,
        b.border_at as from_at,
        lead(b.border_at) over (partition by b.agent_id, b.interval_start_at order by b.border_at) as until_at
    from (
        select
            c.agent_id,
            c.interval_start_at,
            c.from_at as border_at
        from cuts as c
        where c.is_shared
        union
        select
            c.agent_id,
            c.interval_start_at,
            c.until_at as border_at
        from cuts as c
        where c.is_shared
    ) as b
),

pieces as (
    select
        c.agent_id,
        c.interval_start_at,
        c.started_at,
        c.source_name,
        c.state_name,
        c.from_at,
        c.until_at
    from cuts as c
    where not c.is_shared
    union all
    select
        b.agent_id,
        b.interval_start_at,
        w.started_at,
        w.source_name,
        w.state_name,
        b.from_at,
        b.until_at
    from borders as b
    cross join lateral (
        select
            c.started_at,
            c.source_name,
            c.state_name
        from cuts as c
        where
            c.agent_id = b.agent_id and c.interval_start_at = b.interval_start_at and c.from_at <= b.from_at
            and c.until_at >= b.until_at
        order by
            case c.state_name
                when 'on_contact' then 1 when 'wrap_up' then 2 when 'ringing' then 3 when 'paused' then 4 else 5
            end,
            c.started_at,
            c.source_name
        limit 1
    ) as w
    where b.until_at is not null
),

counted as (
    select
        p.agent_id,
        p.started_at,
        p.source_name,
        p.from_at,
        p.until_at,
        w.part_name,
        w.sign_number * (
            round(sum(extract(epoch from p.until_at - p.from_at)) over so_far)
            - round(
                sum(extract(epoch from p.until_at - p.from_at)) over so_far - extract(epoch from p.until_at - p.from_at)
            )
        ) as piece_seconds
    from pieces as p
    inner join wanted as w on p.state_name = w.state_name
    cross join zone as z
    -- Seconds belong to the team of their own day.
    where
        cast(:team_id as integer) is null
        or exists (
            select 1 from warehouse.team_spans as m
            where
                m.agent_id = p.agent_id and m.team_id = :team_id
                and m.started_date <= cast(p.interval_start_at at time zone z.time_zone_name as date)
                and (m.ended_date is null or m.ended_date > cast(p.interval_start_at at time zone z.time_zone_name as date))
        )
    window so_far as (
        partition by p.agent_id, p.interval_start_at, w.part_name, w.column_name order by p.from_at
        rows between unbounded preceding and current row
    )
),

found as materialized (
    select
        t.agent_id,
        t.started_at,
        t.ended_at,
        t.source_name,
        t.state_name,
        t.reason_name,
        c.from_at,
        c.until_at,
        c.amount_number,
        c.counted_number,
        concat_ws('|', t.agent_id, cast(extract(epoch from t.started_at) as text), t.source_name) as row_text,
        case :order_name
            when 'amount' then case when c.counted_number <> 0 then c.counted_number else c.amount_number end
            when 'counted' then cast(c.counted_number <> 0 as integer)
            else 0
        end as rank_number
    from told as t
    inner join (
        select
            n.agent_id,
            n.started_at,
            n.source_name,
            min(n.from_at) as from_at,
            max(n.until_at) as until_at,
            coalesce(sum(n.piece_seconds) filter (where n.part_name = 'population'), 0) as amount_number,
            coalesce(sum(n.piece_seconds) filter (where n.part_name = 'counted'), 0) as counted_number
        from counted as n
        group by n.agent_id, n.started_at, n.source_name
    ) as c on t.agent_id = c.agent_id and t.started_at = c.started_at and t.source_name = c.source_name
    where
        (c.amount_number <> 0 or c.counted_number <> 0)
        and (cast(:reason_name as text) is null or coalesce(t.reason_name, '') = :reason_name)
),

totals as (
    select
        count(*) as found_rows,
        coalesce(sum(f.amount_number), 0) as total_number,
        coalesce(sum(f.counted_number), 0) as counted_total_number
    from found as f
)

select
    t.found_rows,
    t.total_number,
    t.counted_total_number,
    p.position_text as row_text,
    p.started_at,
    p.ended_at,
    p.from_at as counted_from_at,
    p.until_at as counted_until_at,
    p.amount_number,
    p.counted_number,
    p.agent_id,
    p.agent_name,
    p.state_name,
    p.reason_name,
    p.source_name
from totals as t
left join (
    select
        f.*,
        concat_ws('|', f.rank_number, cast(extract(epoch from f.started_at) * 1000000 as bigint), f.row_text) as position_text,
        a.agent_name
    from found as f
    inner join warehouse.agents as a on f.agent_id = a.agent_id
    where
        (select warehouse.is_individual('states'))
        and (
            cast(:after_text as text) is null
            or (f.rank_number, f.started_at, f.row_text)
            < (cast(:after_rank_number as numeric), cast(:after_at as timestamptz), cast(:after_text as text))
        )
    order by f.rank_number desc, f.started_at desc, f.row_text desc
    limit :limit_rows
) as p on true
order by p.rank_number desc, p.started_at desc, p.row_text desc
