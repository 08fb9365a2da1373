-- Which tickets did agents solve, which of those came back within seven days, and which first replies were theirs?
-- Grain: one row per agent, working day, channel, topic and three hours. A solving counts for whoever had the ticket then: nobody is
-- charged with what a colleague solved before; its first reply for whoever gave it, or where that is not told, for whoever had it first.
with span as (
    select
        min(k.from_at) as from_at,
        max(k.until_at) as until_at
    from game_clocks as k
),

solvings as (
    select
        case
            when v.solved_at = t.last_resolved_at then t.agent_id
            else coalesce(
                (
                    select e.agent_id
                    from warehouse.ticket_events as e
                    where
                        e.source_name = t.source_name and e.ticket_id = t.ticket_id and e.event_name = 'agent'
                        and e.occurred_at <= v.solved_at
                    order by e.occurred_at desc, e.event_number desc
                    limit 1
                ),
                t.first_agent_id,
                t.agent_id
            )
        end as agent_id,
        v.solved_at as happened_at,
        t.channel_name,
        t.topic_name,
        1 as solved_tickets,
        coalesce(v.reopened_at <= v.solved_at + interval '7 days', false)::integer as reopened_tickets,
        (coalesce(t.is_one_touch, false) and v.solved_at = t.last_resolved_at)::integer as one_touch_tickets,
        0 as first_replies,
        0 as first_replies_in_target
    from span as s
    cross join lateral (
        select n.* from warehouse.ticket_solvings(s.from_at, s.until_at) as n
        where n.solved_at >= s.from_at and n.solved_at < s.until_at
        offset 0
    ) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
),

replies as (
    select
        coalesce(e.agent_id, t.first_agent_id, t.agent_id) as agent_id,
        t.first_reply_at as happened_at,
        t.channel_name,
        t.topic_name,
        0 as solved_tickets,
        0 as reopened_tickets,
        0 as one_touch_tickets,
        1 as first_replies,
        (
            select count(*)
            from warehouse.ticket_targets as g
            where
                g.source_name = t.source_name and g.ticket_id = t.ticket_id and g.target_name = 'first_reply'
                and g.met_at = t.first_reply_at and g.met_at <= g.due_at
        ) as first_replies_in_target
    from span as s
    inner join warehouse.tickets as t
        on t.first_reply_at >= s.from_at and t.first_reply_at < s.until_at and not t.is_deleted
    left join lateral (
        select v.agent_id
        from warehouse.ticket_events as v
        where
            v.source_name = t.source_name and v.ticket_id = t.ticket_id and v.occurred_at = t.first_reply_at
            and v.event_name = 'reply' and v.agent_id is not null
        order by v.event_number
        limit 1
    ) as e on true
),

told as (
    select
        k.agent_id,
        h.channel_name,
        h.topic_name,
        cast(extract(hour from h.happened_at at time zone k.time_zone_name) as integer) / 3 as hour_band,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= h.happened_at and x.ended_at > h.happened_at
            ),
            game.working_day(h.happened_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        h.solved_tickets,
        h.reopened_tickets,
        h.one_touch_tickets,
        h.first_replies,
        least(h.first_replies_in_target, 1) as first_replies_in_target
    from (
        select s.* from solvings as s
        union all
        select r.* from replies as r
    ) as h
    inner join game_clocks as k on h.agent_id = k.agent_id
    where h.happened_at >= k.from_at and h.happened_at < k.until_at
)

insert into game_fresh_sums (agent_id, effective_date, channel_name, topic_name, hour_band, sums)
select
    t.agent_id,
    t.effective_date,
    t.channel_name,
    t.topic_name,
    t.hour_band,
    jsonb_strip_nulls(jsonb_build_object(
        'solved_tickets', nullif(sum(t.solved_tickets), 0),
        'reopened_tickets', case when sum(t.solved_tickets) > 0 then sum(t.reopened_tickets) end,
        'one_touch_tickets', case when sum(t.solved_tickets) > 0 then sum(t.one_touch_tickets) end,
        'first_replies', nullif(sum(t.first_replies), 0),
        'first_replies_in_target', case when sum(t.first_replies) > 0 then sum(t.first_replies_in_target) end
    ))
from told as t
where
    t.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and (select warehouse.is_individual('tickets'))
group by t.agent_id, t.effective_date, t.channel_name, t.topic_name, t.hour_band
