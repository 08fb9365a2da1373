-- Which rings did agents answer, and which not?
-- Grain: one row per agent, working day, queue and three hours of the local day. As on the pages: what follows a ring tells what
-- became of it, and one that ended as its contact gave up is left out.
with rings as (
    select
        k.agent_id,
        s.queue_id,
        cast(extract(hour from s.started_at at time zone k.time_zone_name) as integer) / 3 as hour_band,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= s.started_at and x.ended_at > s.started_at
            ),
            game.working_day(s.started_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        n.state_name = 'on_contact' as is_answered
    from game_clocks as k
    cross join lateral (
        select
            r.queue_id,
            r.source_name,
            r.started_at,
            r.ended_at
        from warehouse.agent_states as r
        where
            r.agent_id = k.agent_id and r.started_at >= k.from_at and r.started_at < k.until_at and r.state_name = 'ringing'
        offset 0
    ) as s
    inner join warehouse.agent_states as n
        on k.agent_id = n.agent_id and s.source_name = n.source_name and s.ended_at = n.started_at
    where
        n.state_name = 'on_contact'
        or (
            select count(*)
            from warehouse.calls as c
            where
                c.queue_id = s.queue_id and c.outcome_name = 'abandoned'
                and c.offered_at <= s.started_at and c.offered_at > s.started_at - interval '4 hours'
                and c.ended_at between s.ended_at - interval '1 second' and s.ended_at + interval '1 second'
        ) = 0
)

insert into game_fresh_sums (agent_id, effective_date, queue_id, hour_band, sums)
select
    r.agent_id,
    r.effective_date,
    r.queue_id,
    r.hour_band,
    jsonb_build_object(
        'answered_rings', count(*) filter (where r.is_answered), 'missed_rings', count(*) filter (where not r.is_answered)
    )
from rings as r
where
    r.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and (select warehouse.is_individual('fair_share'))
group by r.agent_id, r.effective_date, r.queue_id, r.hour_band
