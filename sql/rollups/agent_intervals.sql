-- Rolls up again the agent intervals that are noted as dirty, from the facts; states are split at the borders.
-- Grain: one row per agent and 15 minutes. Dirty intervals less than two hours apart are read as one stretch. An agent of whom
-- several sources tell is in one state at a time: on contact before wrap-up, ringing, paused, available.
with marked as (
    select
        d.agent_id,
        d.interval_start_at,
        case
            when
                d.interval_start_at
                - lag(d.interval_start_at) over (partition by d.agent_id order by d.interval_start_at)
                <= interval '2 hours'
                then 0
            else 1
        end as begins_stretch
    from dirty_agent_intervals as d
),

numbered as (
    select
        m.agent_id,
        m.interval_start_at,
        sum(m.begins_stretch) over (partition by m.agent_id order by m.interval_start_at) as stretch
    from marked as m
),

shared as materialized (
    select v.agent_id
    from warehouse.agent_state_sources as v
    where v.agent_id in (select d.agent_id from dirty_agent_intervals as d)
    group by v.agent_id
    having count(*) > 1
),

stretches as materialized (
    select
        n.agent_id,
        min(n.interval_start_at) as stretch_start_at,
        max(n.interval_start_at) + interval '15 minutes' as stretch_end_at,
        n.agent_id in (select s.agent_id from shared as s) as is_shared
    from numbered as n
    group by n.agent_id, n.stretch
),

-- Of agents with several sources: what each source tells, cut at the borders of the intervals.
told as (
    select
        t.agent_id,
        i.interval_start_at,
        a.state_name,
        tstzrange(
            greatest(a.started_at, i.interval_start_at),
            least(a.ended_at, i.interval_start_at + interval '15 minutes')
        ) as told_range
    from stretches as t
    cross join lateral (
        select
            s.state_name,
            s.started_at,
            s.ended_at
        from warehouse.agent_states as s
        where
            s.agent_id = t.agent_id and s.started_at >= t.stretch_start_at and s.started_at < t.stretch_end_at
            and s.ended_at is not null
        union all
        select
            b.state_name,
            b.started_at,
            b.ended_at
        from warehouse.agent_state_sources as v
        cross join lateral (
            select
                s.state_name,
                s.started_at,
                s.ended_at
            from warehouse.agent_states as s
            where
                s.agent_id = t.agent_id and s.source_name = v.source_name and s.started_at < t.stretch_start_at
                and s.started_at > t.stretch_start_at - interval '31 days'
            order by s.started_at desc
            limit 1
        ) as b
        where v.agent_id = t.agent_id and b.ended_at > t.stretch_start_at
    ) as a
    cross join lateral generate_series(
        greatest(date_bin('15 minutes', a.started_at, '2000-01-01 00:00+00'), t.stretch_start_at),
        least(a.ended_at, t.stretch_end_at, a.started_at + interval '31 days') - interval '1 microsecond',
        interval '15 minutes'
    ) as i (interval_start_at)
    where t.is_shared and a.state_name <> 'signed_out'
),

layers as (
    select
        t.agent_id,
        t.interval_start_at,
        coalesce(range_agg(t.told_range) filter (where t.state_name = 'on_contact'), '{}') as on_contact,
        coalesce(range_agg(t.told_range) filter (where t.state_name = 'wrap_up'), '{}') as wrap_up,
        coalesce(range_agg(t.told_range) filter (where t.state_name = 'ringing'), '{}') as ringing,
        coalesce(range_agg(t.told_range) filter (where t.state_name = 'paused'), '{}') as paused,
        coalesce(range_agg(t.told_range) filter (where t.state_name = 'available'), '{}') as available
    from told as t
    group by t.agent_id, t.interval_start_at
),

pieces as (
    select
        t.agent_id,
        date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00') as interval_start_at,
        (c.is_inbound and c.outcome_name = 'answered')::integer as handled_calls,
        case when c.is_inbound and c.outcome_name = 'answered' then c.transfer_kind_name end as transfer_kind_name,
        case when c.is_inbound and c.outcome_name = 'answered' then c.talk_seconds end as talk_seconds,
        case when c.is_inbound and c.outcome_name = 'answered' then c.hold_seconds end as hold_seconds,
        case when c.is_inbound and c.outcome_name = 'answered' then c.wrap_up_seconds end as wrap_up_seconds,
        case when c.outcome_name = 'answered' and not c.is_inbound then c.direction_name end as direction_name,
        c.talk_seconds as directed_talk_seconds,
        null::text as state_name,
        null::interval as state_time
    from stretches as t
    cross join lateral (
        -- offset 0 keeps the planner from joining the stretches with all calls: each stretch is a range of an index.
        select
            a.answered_at,
            a.outcome_name,
            a.direction_name,
            a.direction_name = 'inbound' as is_inbound,
            a.transfer_kind_name,
            a.talk_seconds,
            a.hold_seconds,
            a.wrap_up_seconds
        from warehouse.calls as a
        where a.agent_id = t.agent_id and a.answered_at >= t.stretch_start_at and a.answered_at < t.stretch_end_at
        offset 0
    ) as c
    union all
    select
        t.agent_id,
        i.interval_start_at,
        0,
        null,
        null,
        null,
        null,
        null,
        null,
        a.state_name,
        least(a.ended_at, i.interval_start_at + interval '15 minutes') - greatest(a.started_at, i.interval_start_at)
    from stretches as t
    cross join lateral (
        select
            s.state_name,
            s.started_at,
            s.ended_at
        from warehouse.agent_states as s
        where
            s.agent_id = t.agent_id and s.started_at >= t.stretch_start_at and s.started_at < t.stretch_end_at
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
            where s.agent_id = t.agent_id and s.started_at < t.stretch_start_at
            order by s.started_at desc
            limit 1
        ) as b
        where b.ended_at > t.stretch_start_at
    ) as a
    cross join lateral generate_series(
        greatest(date_bin('15 minutes', a.started_at, '2000-01-01 00:00+00'), t.stretch_start_at),
        least(a.ended_at, t.stretch_end_at, a.started_at + interval '31 days') - interval '1 microsecond',
        interval '15 minutes'
    ) as i (interval_start_at)
    where a.state_name <> 'signed_out' and not t.is_shared
    union all
    select
        l.agent_id,
        l.interval_start_at,
        0,
        null,
        null,
        null,
        null,
        null,
        null,
        n.state_name,
        upper(r.spent_range) - lower(r.spent_range)
    from layers as l
    cross join lateral (
        values
        ('on_contact', l.on_contact),
        ('wrap_up', l.wrap_up - l.on_contact),
        ('ringing', l.ringing - l.on_contact - l.wrap_up),
        ('paused', l.paused - l.on_contact - l.wrap_up - l.ringing),
        ('available', l.available - l.on_contact - l.wrap_up - l.ringing - l.paused)
    ) as n (state_name, spent)
    cross join lateral unnest(n.spent) as r (spent_range)
),

fresh as (
    select
        p.agent_id,
        p.interval_start_at,
        sum(p.handled_calls) as handled_calls,
        count(p.transfer_kind_name) as transferred_calls,
        count(*) filter (where p.transfer_kind_name = 'blind') as blind_transferred_calls,
        count(*) filter (where p.transfer_kind_name = 'attended') as attended_transferred_calls,
        count(*) filter (where p.direction_name = 'outbound') as outbound_calls,
        coalesce(sum(p.directed_talk_seconds) filter (where p.direction_name = 'outbound'), 0) as outbound_talk_seconds,
        count(*) filter (where p.direction_name = 'internal') as internal_calls,
        coalesce(sum(p.directed_talk_seconds) filter (where p.direction_name = 'internal'), 0) as internal_talk_seconds,
        coalesce(sum(p.talk_seconds), 0) as talk_seconds,
        coalesce(sum(p.hold_seconds), 0) as hold_seconds,
        coalesce(sum(p.wrap_up_seconds), 0) as wrap_up_seconds,
        coalesce(extract(epoch from sum(p.state_time) filter (where p.state_name = 'on_contact')), 0)
            as on_contact_seconds,
        coalesce(extract(epoch from sum(p.state_time) filter (where p.state_name = 'wrap_up')), 0)
            as wrapping_up_seconds,
        coalesce(extract(epoch from sum(p.state_time) filter (where p.state_name in ('available', 'ringing'))), 0)
            as available_seconds,
        coalesce(extract(epoch from sum(p.state_time) filter (where p.state_name = 'ringing')), 0) as ringing_seconds,
        coalesce(extract(epoch from sum(p.state_time) filter (where p.state_name = 'paused')), 0) as paused_seconds,
        coalesce(extract(epoch from sum(p.state_time)), 0) as signed_in_seconds
    from pieces as p
    group by p.agent_id, p.interval_start_at
),

-- A family of figures that the policy does not let exist for single agents is not kept, nor an interval that would only say
-- that somebody was there.
policy as materialized (
    select
        warehouse.is_individual('handled_contacts') as has_contacts,
        warehouse.is_individual('handle_time') as has_times,
        warehouse.is_individual('states') as has_states
),

kept as (
    select
        f.interval_start_at,
        f.agent_id,
        case when p.has_contacts then f.handled_calls end as handled_calls,
        case when p.has_contacts then f.transferred_calls end as transferred_calls,
        case when p.has_contacts then f.blind_transferred_calls end as blind_transferred_calls,
        case when p.has_contacts then f.attended_transferred_calls end as attended_transferred_calls,
        case when p.has_contacts then f.outbound_calls end as outbound_calls,
        case when p.has_contacts then f.internal_calls end as internal_calls,
        case when p.has_times then f.talk_seconds end as talk_seconds,
        case when p.has_times then f.hold_seconds end as hold_seconds,
        case when p.has_times then f.wrap_up_seconds end as wrap_up_seconds,
        case when p.has_times then f.outbound_talk_seconds end as outbound_talk_seconds,
        case when p.has_times then f.internal_talk_seconds end as internal_talk_seconds,
        case when p.has_states then f.on_contact_seconds end as on_contact_seconds,
        case when p.has_states then f.wrapping_up_seconds end as wrapping_up_seconds,
        case when p.has_states then f.available_seconds end as available_seconds,
        case when p.has_states then f.ringing_seconds end as ringing_seconds,
        case when p.has_states then f.paused_seconds end as paused_seconds,
        case when p.has_states then f.signed_in_seconds end as signed_in_seconds
    from fresh as f
    cross join policy as p
    where
        p.has_states
        or (
            (p.has_contacts or p.has_times)
            and f.handled_calls + f.outbound_calls + f.internal_calls > 0
        )
),

emptied as (
    delete from warehouse.agent_intervals as i
    using stretches as t
    where
        i.agent_id = t.agent_id and i.interval_start_at >= t.stretch_start_at
        and i.interval_start_at < t.stretch_end_at
        and not exists (
            select 1 from kept as f
            where f.agent_id = i.agent_id and f.interval_start_at = i.interval_start_at
        )
)

insert into warehouse.agent_intervals as i (
    interval_start_at,
    agent_id,
    handled_calls,
    transferred_calls,
    talk_seconds,
    hold_seconds,
    wrap_up_seconds,
    on_contact_seconds,
    wrapping_up_seconds,
    available_seconds,
    paused_seconds,
    signed_in_seconds,
    blind_transferred_calls,
    attended_transferred_calls,
    outbound_calls,
    outbound_talk_seconds,
    internal_calls,
    internal_talk_seconds,
    ringing_seconds
)
select
    f.interval_start_at,
    f.agent_id,
    f.handled_calls,
    f.transferred_calls,
    f.talk_seconds,
    f.hold_seconds,
    f.wrap_up_seconds,
    f.on_contact_seconds,
    f.wrapping_up_seconds,
    f.available_seconds,
    f.paused_seconds,
    f.signed_in_seconds,
    f.blind_transferred_calls,
    f.attended_transferred_calls,
    f.outbound_calls,
    f.outbound_talk_seconds,
    f.internal_calls,
    f.internal_talk_seconds,
    f.ringing_seconds
from kept as f
order by f.agent_id, f.interval_start_at
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
    signed_in_seconds = excluded.signed_in_seconds,
    blind_transferred_calls = excluded.blind_transferred_calls,
    attended_transferred_calls = excluded.attended_transferred_calls,
    outbound_calls = excluded.outbound_calls,
    outbound_talk_seconds = excluded.outbound_talk_seconds,
    internal_calls = excluded.internal_calls,
    internal_talk_seconds = excluded.internal_talk_seconds,
    ringing_seconds = excluded.ringing_seconds
where (
    i.handled_calls,
    i.transferred_calls,
    i.talk_seconds,
    i.hold_seconds,
    i.wrap_up_seconds,
    i.on_contact_seconds,
    i.wrapping_up_seconds,
    i.available_seconds,
    i.paused_seconds,
    i.signed_in_seconds,
    i.blind_transferred_calls,
    i.attended_transferred_calls,
    i.outbound_calls,
    i.outbound_talk_seconds,
    i.internal_calls,
    i.internal_talk_seconds,
    i.ringing_seconds
) is distinct from (
    excluded.handled_calls,
    excluded.transferred_calls,
    excluded.talk_seconds,
    excluded.hold_seconds,
    excluded.wrap_up_seconds,
    excluded.on_contact_seconds,
    excluded.wrapping_up_seconds,
    excluded.available_seconds,
    excluded.paused_seconds,
    excluded.signed_in_seconds,
    excluded.blind_transferred_calls,
    excluded.attended_transferred_calls,
    excluded.outbound_calls,
    excluded.outbound_talk_seconds,
    excluded.internal_calls,
    excluded.internal_talk_seconds,
    excluded.ringing_seconds
)
