-- What did agents handle, kind by kind: contacts that came in, and those that they made themselves?
-- Grain: one row per agent, working day, queue, channel, direction, topic and three hours of the local day. Of the answer.
with policy as materialized (
    select
        warehouse.is_individual('handled_contacts') as has_contacts,
        warehouse.is_individual('handle_time') as has_times
),

handled as (
    select
        k.agent_id,
        c.queue_id,
        c.channel_name,
        c.direction_name,
        c.topic_name,
        cast(extract(hour from c.answered_at at time zone k.time_zone_name) as integer) / 3 as hour_band,
        coalesce(
            (
                select min(x.day_date) from game_crossings as x
                where x.agent_id = k.agent_id and x.started_at <= c.answered_at and x.ended_at > c.answered_at
            ),
            game.working_day(c.answered_at, k.time_zone_name, k.day_starts_hour)
        ) as effective_date,
        c.direction_name = 'inbound' as is_inbound,
        c.talk_seconds + coalesce(c.hold_seconds, 0) + coalesce(c.wrap_up_seconds, 0) as handle_seconds,
        c.hold_seconds,
        c.wrap_up_seconds,
        c.transfer_kind_name,
        c.talk_seconds < coalesce(r.short_call_seconds, o.short_call_seconds, 10) as is_short,
        c.ended_by_name
    from game_clocks as k
    cross join lateral (
        -- offset 0: each agent is a range of an index.
        select
            s.queue_id,
            s.channel_name,
            s.direction_name,
            s.topic_name,
            s.answered_at,
            s.talk_seconds,
            s.hold_seconds,
            s.wrap_up_seconds,
            s.transfer_kind_name,
            s.ended_by_name
        from warehouse.calls as s
        where
            s.agent_id = k.agent_id and s.answered_at >= k.from_at and s.answered_at < k.until_at
            and s.offered_at >= k.from_at - interval '31 days' and s.offered_at < k.until_at and s.outcome_name = 'answered'
        offset 0
    ) as c
    left join warehouse.work_rules as r on k.team_id = r.team_id
    left join warehouse.work_rules as o on o.team_id is null
)

insert into game_fresh_sums (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band, sums)
select
    h.agent_id,
    h.effective_date,
    h.queue_id,
    h.channel_name,
    h.direction_name,
    h.topic_name,
    h.hour_band,
    jsonb_strip_nulls(jsonb_build_object(
        'handled_calls', case when p.has_contacts and h.is_inbound then count(*) end,
        'transferred_calls', case when p.has_contacts and h.is_inbound then count(h.transfer_kind_name) end,
        'short_calls', case when p.has_contacts and h.is_inbound then count(*) filter (where h.is_short) end,
        'short_ended_by_agent_calls', case
            when p.has_contacts and h.is_inbound and count(h.ended_by_name) > 0
                then count(*) filter (where h.is_short and h.ended_by_name = 'agent')
        end,
        'outbound_calls', case when p.has_contacts and h.direction_name = 'outbound' then count(*) end,
        'timed_calls', case when p.has_times and h.is_inbound then count(h.handle_seconds) end,
        'handle_seconds', case when p.has_times and h.is_inbound then sum(h.handle_seconds) end,
        'log_handle_sum', case
            when p.has_times and h.is_inbound then sum(round(ln(greatest(1, h.handle_seconds)::numeric), 6))
        end,
        'log_handle_square_sum', case
            when p.has_times and h.is_inbound then sum(round(power(ln(greatest(1, h.handle_seconds)::numeric), 2), 6))
        end,
        'wrap_up_seconds', case when p.has_times and h.is_inbound then sum(h.wrap_up_seconds) end,
        'hold_seconds', case when p.has_times and h.is_inbound then sum(h.hold_seconds) end
    ))
from handled as h
cross join policy as p
where h.effective_date between cast(:first_date as date) and cast(:last_date as date) and (p.has_contacts or p.has_times)
group by
    h.agent_id, h.effective_date, h.queue_id, h.channel_name, h.direction_name, h.topic_name, h.hour_band, h.is_inbound, p.has_contacts,
    p.has_times
