-- What did each team do on each local day of a window, in contacts and in time?
-- Grain: one row per local day and team in which somebody worked (team_id null: agents without a team), and one per day for the
-- whole floor (is_floor). Contacts belong to the day of their offer and to the team of the day of their answer, time to its own day;
-- those of a day whose calls were deleted for their age are not known any more.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

whole as (
    select cast(max(r.whole_from_at) at time zone min(z.time_zone_name) as date) as first_date
    from zone as z
    left join ops.retentions as r on r.kind_name = 'calls'
),

contacts as (
    select
        cast(m.offered_at at time zone z.time_zone_name as date) as day_date,
        s.team_id,
        count(distinct m.agent_id) as handling_agents,
        sum(m.handled_calls) as handled_calls,
        sum(m.transferred_calls) as transferred_calls,
        coalesce(sum(m.talk_seconds), 0) as talk_seconds,
        coalesce(sum(m.hold_seconds), 0) as hold_seconds,
        coalesce(sum(m.wrap_up_seconds), 0) as wrap_up_seconds,
        grouping(s.team_id) = 1 as is_floor
    from zone as z
    cross join lateral warehouse.chosen_calls(
        :window_start, :window_end, null, null, null, null, null, null, null, null, false, null
    ) as m
    left join warehouse.team_spans as s
        on
            m.agent_id = s.agent_id and cast(m.answered_at at time zone z.time_zone_name as date) >= s.started_date
            and (s.ended_date is null or cast(m.answered_at at time zone z.time_zone_name as date) < s.ended_date)
    where m.handled_calls = 1 and m.agent_id is not null
    group by grouping sets (
        (cast(m.offered_at at time zone z.time_zone_name as date), s.team_id),
        (cast(m.offered_at at time zone z.time_zone_name as date))
    )
),

present as (
    select
        cast(i.interval_start_at at time zone z.time_zone_name as date) as day_date,
        s.team_id,
        count(distinct i.agent_id) filter (where i.signed_in_seconds > 0) as working_agents,
        coalesce(sum(i.on_contact_seconds), 0) as on_contact_seconds,
        coalesce(sum(i.wrapping_up_seconds), 0) as wrapping_up_seconds,
        coalesce(sum(i.available_seconds), 0) as available_seconds,
        coalesce(sum(i.paused_seconds), 0) as paused_seconds,
        coalesce(sum(i.signed_in_seconds), 0) as signed_in_seconds,
        grouping(s.team_id) = 1 as is_floor
    from zone as z
    cross join lateral warehouse.agent_sums(:window_start, :window_end) as i
    left join warehouse.team_spans as s
        on
            i.agent_id = s.agent_id and cast(i.interval_start_at at time zone z.time_zone_name as date) >= s.started_date
            and (s.ended_date is null or cast(i.interval_start_at at time zone z.time_zone_name as date) < s.ended_date)
    group by grouping sets (
        (cast(i.interval_start_at at time zone z.time_zone_name as date), s.team_id),
        (cast(i.interval_start_at at time zone z.time_zone_name as date))
    )
),

worked as (
    select
        c.day_date,
        c.team_id,
        c.is_floor
    from contacts as c
    union
    select
        p.day_date,
        p.team_id,
        p.is_floor
    from present as p
)

select
    w.day_date,
    w.is_floor,
    w.team_id,
    t.team_name,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.handling_agents, 0) end as handling_agents,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.handled_calls, 0) end as handled_calls,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.transferred_calls, 0) end as transferred_calls,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.talk_seconds, 0) end as talk_seconds,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.hold_seconds, 0) end as hold_seconds,
    case when d.first_date is null or w.day_date >= d.first_date then coalesce(c.wrap_up_seconds, 0) end as wrap_up_seconds,
    coalesce(p.working_agents, 0) as working_agents,
    coalesce(p.on_contact_seconds, 0) as on_contact_seconds,
    coalesce(p.wrapping_up_seconds, 0) as wrapping_up_seconds,
    coalesce(p.available_seconds, 0) as available_seconds,
    coalesce(p.paused_seconds, 0) as paused_seconds,
    coalesce(p.signed_in_seconds, 0) as signed_in_seconds
from worked as w
cross join whole as d
left join warehouse.teams as t on w.team_id = t.team_id
left join contacts as c on w.day_date = c.day_date and w.team_id is not distinct from c.team_id and w.is_floor = c.is_floor
left join present as p on w.day_date = p.day_date and w.team_id is not distinct from p.team_id and w.is_floor = p.is_floor
order by w.day_date, w.is_floor, t.team_name, w.team_id
