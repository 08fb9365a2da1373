-- What became of agents' contacts in the customers' eyes: resolved, come again, rated?
-- Grain: one row per agent, working day, queue, channel, direction, topic and three hours. Of the offer of the last answered leg, a
-- ticket of its last solving. Whether somebody comes again is counted once the seven days in which they may are over at settled_at.
with policy as materialized (
    select
        warehouse.is_individual('resolution') as has_resolution,
        warehouse.is_individual('ratings') as has_ratings
),

span as (
    select
        min(k.from_at) as from_at,
        max(k.until_at) as until_at
    from game_clocks as k
),

contacts as (
    select
        k.agent_id,
        c.queue_id,
        c.channel_name,
        case when c.kind_name = 'call' then 'inbound' end as direction_name,
        c.topic_name,
        cast(extract(hour from c.happened_at at time zone k.time_zone_name) as integer) / 3 as hour_band,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= c.happened_at and x.ended_at > c.happened_at
            ),
            game.working_day(c.happened_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        c.kind_name = 'ticket' as is_ticket,
        c.flagged_contacts,
        c.resolved_first_contacts,
        case when c.happened_at + interval '7 days' <= cast(:settled_at as timestamptz) then c.followed_contacts else 0 end
            as followed_contacts,
        case when c.happened_at + interval '7 days' <= cast(:settled_at as timestamptz) then c.repeated_contacts else 0 end
            as repeated_contacts,
        c.askable_contacts,
        c.csat_count,
        c.csat_satisfied_count,
        c.csat_score,
        c.nps_count,
        c.nps_promoter_count,
        c.nps_detractor_count
    from span as s
    cross join lateral (
        select o.* from warehouse.contact_outcomes(s.from_at, s.until_at, '2100-01-01', 7) as o
        offset 0
    ) as c
    inner join game_clocks as k on c.agent_id = k.agent_id
    where c.happened_at >= k.from_at and c.happened_at < k.until_at
),

counted as (
    select
        c.agent_id,
        c.effective_date,
        c.queue_id,
        c.channel_name,
        c.direction_name,
        c.topic_name,
        c.hour_band,
        jsonb_strip_nulls(jsonb_build_object(
            'flagged_contacts', case when p.has_resolution then nullif(sum(c.flagged_contacts), 0) end,
            'resolved_first_contacts', case
                when p.has_resolution and sum(c.flagged_contacts) > 0 then sum(c.resolved_first_contacts)
            end,
            'followed_contacts', case when p.has_resolution then nullif(sum(c.followed_contacts), 0) end,
            'repeated_contacts', case
                when p.has_resolution and sum(c.followed_contacts) > 0 then sum(c.repeated_contacts)
            end,
            'not_repeated_contacts', case
                when p.has_resolution and sum(c.followed_contacts) > 0 then sum(c.followed_contacts) - sum(c.repeated_contacts)
            end,
            'asked_contacts', case when p.has_ratings then nullif(sum(c.askable_contacts), 0) end,
            case when c.is_ticket then 'ticket_csat_responses' else 'csat_responses' end,
            case when p.has_ratings then nullif(sum(c.csat_count), 0) end,
            case when c.is_ticket then 'ticket_csat_satisfied_responses' else 'csat_satisfied_responses' end,
            case when p.has_ratings and sum(c.csat_count) > 0 then sum(c.csat_satisfied_count) end,
            case when c.is_ticket then 'ticket_csat_score_sum' else 'csat_score_sum' end,
            case when p.has_ratings then sum(c.csat_score::numeric) end,
            'nps_responses', case when p.has_ratings then nullif(sum(c.nps_count), 0) end,
            'nps_promoters', case when p.has_ratings and sum(c.nps_count) > 0 then sum(c.nps_promoter_count) end,
            'nps_detractors', case when p.has_ratings and sum(c.nps_count) > 0 then sum(c.nps_detractor_count) end
        )) as sums
    from contacts as c
    cross join policy as p
    where c.effective_date between cast(:first_date as date) and cast(:last_date as date)
    group by
        c.agent_id, c.effective_date, c.queue_id, c.channel_name, c.direction_name, c.topic_name, c.hour_band, c.is_ticket,
        p.has_resolution, p.has_ratings
)

insert into game_fresh_sums (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band, sums)
select
    c.agent_id,
    c.effective_date,
    c.queue_id,
    c.channel_name,
    c.direction_name,
    c.topic_name,
    c.hour_band,
    c.sums
from counted as c
where c.sums <> '{}'
