-- Which pauses are behind the figures of pauses: when, of whom, for how long and why?
-- Grain: one row per pause that is over and lies in the window, cut at its borders and at local midnights, with the team to which its
-- agent belonged. A pause counts once, on the day on which it began: none that began before the window.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

edge as (
    select
        cast(:window_start as timestamptz) as start_at,
        cast(:last_at as timestamptz) + interval '1 microsecond' as end_at
),

pauses as (
    select
        l.agent_id,
        l.reason_name,
        l.started_at,
        l.ended_at,
        l.started_at > e.start_at or exists (
            select 1 from warehouse.agent_states as s where s.agent_id = l.agent_id and s.started_at = l.started_at
        ) as is_begun,
        z.time_zone_name
    from edge as e
    cross join zone as z
    cross join lateral warehouse.agent_lanes(e.start_at, e.end_at, :as_of, cast(:agent_id as integer)) as l
    inner join warehouse.agents as a on l.agent_id = a.agent_id
    where
        l.state_name = 'paused' and not l.is_open
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
),

cut as (
    select
        p.agent_id,
        p.reason_name,
        greatest(p.started_at, g.day_at at time zone p.time_zone_name) as started_at,
        least(p.ended_at, (g.day_at + interval '1 day') at time zone p.time_zone_name) as ended_at,
        cast(g.day_at as date) as day_date,
        (p.is_begun and g.day_at = date_trunc('day', p.started_at at time zone p.time_zone_name))::integer as begun_count
    from pauses as p
    cross join lateral generate_series(
        date_trunc('day', p.started_at at time zone p.time_zone_name),
        (p.ended_at - interval '1 microsecond') at time zone p.time_zone_name,
        interval '1 day'
    ) as g (day_at)
)

select
    c.agent_id,
    a.agent_name,
    s.team_id,
    c.reason_name,
    c.started_at,
    c.ended_at,
    extract(epoch from c.ended_at - c.started_at) as paused_amount,
    c.begun_count as pause_count,
    concat_ws('|', c.agent_id, cast(extract(epoch from c.started_at) as text)) as row_text
from cut as c
inner join warehouse.agents as a on c.agent_id = a.agent_id
left join warehouse.team_spans as s
    on
        c.agent_id = s.agent_id and c.day_date >= s.started_date
        and c.day_date < coalesce(s.ended_date, cast('2100-01-01' as date))
where
    (select warehouse.is_individual('states'))
    and (cast(:team_id as integer) is null or s.team_id = cast(:team_id as integer))
order by c.started_at desc, c.agent_id
