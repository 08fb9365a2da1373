-- Rolls up again the agent intervals that are noted as dirty, from the facts; states are split at the borders.
-- Grain: one row per agent and 15 minutes.
with dirty as (
    select distinct
        d.agent_id,
        d.interval_start_at,
        d.interval_start_at + interval '15 minutes' as interval_end_at
    from dirty_agent_intervals as d
),

handled as (
    select
        d.agent_id,
        d.interval_start_at,
        count(c.ended_at) as handled_calls,
        count(c.transfer_kind_name) as transferred_calls,
        coalesce(sum(c.talk_seconds), 0) as talk_seconds,
        coalesce(sum(c.hold_seconds), 0) as hold_seconds,
        coalesce(sum(c.wrap_up_seconds), 0) as wrap_up_seconds
    from dirty as d
    left join warehouse.calls as c
        on d.agent_id = c.agent_id and d.interval_start_at <= c.answered_at and d.interval_end_at > c.answered_at
    group by d.agent_id, d.interval_start_at
),

states as (
    select
        d.agent_id,
        d.interval_start_at,
        a.state_name,
        extract(epoch from sum(least(a.ended_at, d.interval_end_at) - greatest(a.started_at, d.interval_start_at)))
            as state_seconds
    from dirty as d
    cross join lateral (
        select
            s.state_name,
            s.started_at,
            s.ended_at
        from warehouse.agent_states as s
        where
            s.agent_id = d.agent_id and s.started_at >= d.interval_start_at and s.started_at < d.interval_end_at
            and s.ended_at is not null
        union all
        select
            b.state_name,
            b.started_at,
            b.ended_at
        from (
            select
                s.state_name,
                s.started_at,
                s.ended_at
            from warehouse.agent_states as s
            where s.agent_id = d.agent_id and s.started_at < d.interval_start_at
            order by s.started_at desc
            limit 1
        ) as b
        where b.ended_at > d.interval_start_at
    ) as a
    group by d.agent_id, d.interval_start_at, a.state_name
),

spent as (
    select
        s.agent_id,
        s.interval_start_at,
        coalesce(sum(s.state_seconds) filter (where s.state_name = 'on_contact'), 0) as on_contact_seconds,
        coalesce(sum(s.state_seconds) filter (where s.state_name = 'wrap_up'), 0) as wrapping_up_seconds,
        coalesce(sum(s.state_seconds) filter (where s.state_name in ('available', 'ringing')), 0) as available_seconds,
        coalesce(sum(s.state_seconds) filter (where s.state_name = 'paused'), 0) as paused_seconds,
        coalesce(sum(s.state_seconds) filter (where s.state_name <> 'signed_out'), 0) as signed_in_seconds
    from states as s
    group by s.agent_id, s.interval_start_at
)

insert into warehouse.agent_intervals as i (
    interval_start_at, agent_id, handled_calls, transferred_calls, talk_seconds, hold_seconds, wrap_up_seconds,
    on_contact_seconds, wrapping_up_seconds, available_seconds, paused_seconds, signed_in_seconds
)
select
    h.interval_start_at,
    h.agent_id,
    h.handled_calls,
    h.transferred_calls,
    h.talk_seconds,
    h.hold_seconds,
    h.wrap_up_seconds,
    coalesce(s.on_contact_seconds, 0),
    coalesce(s.wrapping_up_seconds, 0),
    coalesce(s.available_seconds, 0),
    coalesce(s.paused_seconds, 0),
    coalesce(s.signed_in_seconds, 0)
from handled as h
left join spent as s on h.agent_id = s.agent_id and h.interval_start_at = s.interval_start_at
order by h.agent_id, h.interval_start_at
on conflict (agent_id, interval_start_at) do update set
    handled_calls = excluded.handled_calls,
    transferred_calls = excluded.transferred_calls,
    talk_seconds = excluded.talk_seconds,
    hold_seconds = excluded.hold_seconds,
    wrap_up_seconds = excluded.wrap_up_seconds,
    on_contact_seconds = excluded.on_contact_seconds,
    wrapping_up_seconds = excluded.wrapping_up_seconds,
    available_seconds = excluded.available_seconds,
    paused_seconds = excluded.paused_seconds,
    signed_in_seconds = excluded.signed_in_seconds
