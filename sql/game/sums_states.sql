-- How long were agents signed in, and in which states?
-- Grain: one row per agent and working day, of no kind of work. A quarter of an hour belongs to the day of its beginning, or of the
-- shift that holds any of it. What the policy does not let exist of single agents is not there.
with quarters as (
    select
        k.agent_id,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where
                    x.agent_id = k.agent_id and x.started_at < i.interval_start_at + interval '15 minutes'
                    and x.ended_at > i.interval_start_at
            ),
            game.working_day(i.interval_start_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        i.signed_in_seconds,
        i.available_seconds,
        i.paused_seconds,
        i.on_contact_seconds,
        i.wrapping_up_seconds
    from game_clocks as k
    cross join lateral (
        select n.*
        from warehouse.agent_intervals as n
        where
            n.agent_id = k.agent_id and n.interval_start_at >= k.from_at - interval '15 minutes' and n.interval_start_at < k.until_at
        offset 0
    ) as i
)

insert into game_fresh_sums (agent_id, effective_date, sums)
select
    q.agent_id,
    q.effective_date,
    jsonb_strip_nulls(jsonb_build_object(
        'signed_in_seconds', sum(q.signed_in_seconds),
        'available_seconds', sum(q.available_seconds),
        'paused_seconds', sum(q.paused_seconds),
        'on_contact_seconds', sum(q.on_contact_seconds),
        'wrapping_up_seconds', sum(q.wrapping_up_seconds)
    ))
from quarters as q
where q.effective_date between cast(:first_date as date) and cast(:last_date as date)
group by q.agent_id, q.effective_date
having sum(q.signed_in_seconds) > 0
