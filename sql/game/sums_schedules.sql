-- What was scheduled, and what of it was worked, kept, missed or taken as leave?
-- Grain: one row per agent and working day, of no kind of work; nobody without shifts. A shift that goes on counts until made_at: what
-- is still to be worked is nobody's time yet.
with span as (
    select
        min(k.from_at) as from_at,
        max(k.until_at) as until_at
    from game_clocks as k
),

pieces as (
    select
        k.agent_id,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= p.started_at and x.ended_at > p.started_at
            ),
            game.working_day(p.started_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        p.kind_name,
        p.scheduled_amount,
        p.adherent_amount,
        p.worked_on_queue_amount,
        p.absent_amount
    from span as s
    cross join lateral (
        select n.*
        from warehouse.schedule_stretches(
            s.from_at, s.until_at - interval '1 microsecond', cast(:made_at as timestamptz), null, null, null
        ) as n
        where exists (select 1 from warehouse.shifts as w where w.started_at > s.from_at - interval '31 days' and w.started_at < s.until_at)
        offset 0
    ) as p
    inner join game_clocks as k on p.agent_id = k.agent_id
    where p.started_at >= k.from_at and p.started_at < k.until_at
)

insert into game_fresh_sums (agent_id, effective_date, sums)
select
    p.agent_id,
    p.effective_date,
    jsonb_build_object(
        'scheduled_seconds', round(sum(p.scheduled_amount)),
        'adherent_seconds', round(sum(p.adherent_amount)),
        'worked_scheduled_seconds', round(sum(p.worked_on_queue_amount)),
        'absent_seconds', round(sum(p.absent_amount)),
        'leave_seconds', round(coalesce(sum(p.scheduled_amount) filter (where p.kind_name = 'planned_absence'), 0))
    )
from pieces as p
where
    p.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and (select warehouse.is_individual('adherence'))
group by p.agent_id, p.effective_date
having sum(p.scheduled_amount) > 0
