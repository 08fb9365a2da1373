-- In which quarters of an hour was an agent busier than is good for long: an hour and more without room to breathe?
-- Grain: one row per agent and 15 minutes of such a stretch: quarters of an hour in a row, at least four, in each of which he was at
-- hand for half of the time or more and his occupancy was above :high_ratio. They belong to the window in which they lie.
with busy as (
    select
        i.agent_id,
        i.interval_start_at,
        i.on_contact_seconds + i.wrapping_up_seconds as busy_seconds,
        i.on_contact_seconds + i.wrapping_up_seconds + i.available_seconds as at_hand_seconds,
        i.interval_start_at - row_number() over (partition by i.agent_id order by i.interval_start_at) * interval '15 minutes'
            as stretch_at
    from warehouse.agent_intervals as i
    inner join warehouse.agents as a on i.agent_id = a.agent_id
    where
        i.interval_start_at >= :window_start and i.interval_start_at <= :last_at
        and i.on_contact_seconds + i.wrapping_up_seconds + i.available_seconds >= 450
        and i.on_contact_seconds + i.wrapping_up_seconds
        > cast(:high_ratio as double precision) * (i.on_contact_seconds + i.wrapping_up_seconds + i.available_seconds)
        and (cast(:agent_id as integer) is null or i.agent_id = cast(:agent_id as integer))
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as t
                where
                    t.agent_id = i.agent_id and t.team_id = cast(:team_id as integer)
                    and t.started_date <= cast(i.interval_start_at at time zone (
                        select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z
                    ) as date)
                    and coalesce(t.ended_date, cast('2100-01-01' as date)) > cast(i.interval_start_at at time zone (
                        select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z
                    ) as date)
            )
        )
),

stretches as (
    select
        b.*,
        count(*) over (partition by b.agent_id, b.stretch_at) as quarter_count
    from busy as b
)

select
    s.agent_id,
    a.agent_name,
    s.interval_start_at,
    s.interval_start_at + interval '15 minutes' as interval_end_at,
    s.stretch_at,
    s.busy_seconds,
    s.at_hand_seconds,
    900 as strained_seconds,
    concat_ws('|', s.agent_id, cast(extract(epoch from s.interval_start_at) as text)) as row_text
from stretches as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
where s.quarter_count >= 4 and (select warehouse.is_individual('states'))
order by a.agent_name, s.agent_id, s.interval_start_at
