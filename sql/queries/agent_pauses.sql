-- For how long, how often and why did each agent pause?
-- Grain: one row per agent, team to which he belonged, and reason (null: none was told) of the pauses that are over and lie in the
-- window, cut at its borders and at local midnights. A pause counts once, on the day on which it began: none that began before the window.
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
        cast(g.day_at as date) as day_date,
        (p.is_begun and g.day_at = date_trunc('day', p.started_at at time zone p.time_zone_name))::integer as begun_count,
        least(p.ended_at, (g.day_at + interval '1 day') at time zone p.time_zone_name)
        - greatest(p.started_at, g.day_at at time zone p.time_zone_name) as part
    from pauses as p
    cross join lateral generate_series(
        date_trunc('day', p.started_at at time zone p.time_zone_name),
        (p.ended_at - interval '1 microsecond') at time zone p.time_zone_name,
        interval '1 day'
    ) as g (day_at)
)

select
    c.agent_id,
    s.team_id,
    c.reason_name,
    round(extract(epoch from sum(c.part))) as paused_seconds,
    sum(c.begun_count) as pause_count
from cut as c
left join warehouse.team_spans as s
    on
        c.agent_id = s.agent_id and c.day_date >= s.started_date
        and c.day_date < coalesce(s.ended_date, cast('2100-01-01' as date))
where cast(:team_id as integer) is null or s.team_id = cast(:team_id as integer)
group by c.agent_id, s.team_id, c.reason_name
order by c.agent_id, s.team_id, paused_seconds desc, c.reason_name
