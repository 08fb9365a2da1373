-- Which calls are behind a number of agents: handled, passed on, talk, hold and wrap-up, and calls made and calls of the house?
-- Grain: one row per stay that an agent answered in the window (as in the rollup of agents) and that adds to the number, with
-- what it adds and, in every row, how many there are and their sums; one row without a stay where there is none.
with weights as (
    select
        t.part_name,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'handled_calls'), 0) as handled_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'transferred_calls'), 0) as transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'blind_transferred_calls'), 0) as blind_transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'attended_transferred_calls'), 0) as attended_transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'short_handled_calls'), 0) as short_handled_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'outbound_calls'), 0) as outbound_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'internal_calls'), 0) as internal_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'talk_seconds'), 0) as talk_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'hold_seconds'), 0) as hold_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'wrap_up_seconds'), 0) as wrap_up_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'outbound_talk_seconds'), 0) as outbound_talk_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'internal_talk_seconds'), 0) as internal_talk_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'call_seconds'), 0) as call_seconds
    from unnest(
        cast(:parts as text []), cast(:columns as text []), cast(:signs as integer [])
    ) as t (part_name, column_name, sign_number)
    group by t.part_name
),

zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

stretches as materialized (
    -- The chosen queues, and of each the whole window or its business hours; who waited longest was offered before it.
    select
        w.queue_id,
        w.starts_at,
        w.ends_at
    from warehouse.chosen_stretches(
        cast(:window_start as timestamptz) - interval '31 days',
        cast(:window_end as timestamptz),
        cast(:queue_id as integer),
        cast(:group_name as text),
        cast(:is_business_hours as boolean)
    ) as w
),

stays as (
    select
        s.*,
        coalesce(r.short_call_seconds, o.short_call_seconds, 10) as short_call_seconds
    from warehouse.agents as a
    cross join zone as z
    cross join lateral (
        -- offset 0 keeps the planner from joining with all calls: each agent's are a range of an index.
        select b.*
        from warehouse.calls as b
        where b.agent_id = a.agent_id and b.answered_at >= :window_start and b.answered_at < :window_end
        offset 0
    ) as s
    left join warehouse.team_spans as m
        on
            a.agent_id = m.agent_id and m.started_date <= cast(s.answered_at at time zone z.time_zone_name as date)
            and (m.ended_date is null or m.ended_date > cast(s.answered_at at time zone z.time_zone_name as date))
    left join warehouse.work_rules as r on m.team_id = r.team_id
    left join warehouse.work_rules as o on o.team_id is null
    where
        (cast(:agent_id as integer) is null or a.agent_id = :agent_id)
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
        and (cast(:team_id as integer) is null or m.team_id = :team_id)
        and (
            s.direction_name <> 'inbound'
            or (
                (cast(:channel_name as text) is null or s.channel_name = :channel_name)
                and (cast(:topic_name as text) is null or coalesce(s.topic_name, '') = :topic_name)
                and exists (
                    select 1 from stretches as w
                    where w.queue_id = s.queue_id and s.offered_at >= w.starts_at and s.offered_at < w.ends_at
                )
            )
        )
),

counted as (
    select
        s.queue_id,
        s.agent_id,
        s.offered_at,
        s.answered_at,
        s.ended_at,
        s.outcome_name,
        s.channel_name,
        s.transfer_kind_name,
        s.topic_name,
        s.wait_seconds,
        s.talk_seconds,
        s.hold_seconds,
        s.wrap_up_seconds,
        s.customer_key,
        s.source_name,
        s.call_id,
        s.stay_number,
        s.contact_id,
        s.direction_name,
        cast(s.direction_name = 'inbound' and s.outcome_name = 'answered' as integer) as counted_handled_calls,
        cast(
            s.direction_name = 'inbound' and s.outcome_name = 'answered' and s.transfer_kind_name is not null as integer
        ) as counted_transferred_calls,
        cast(
            s.direction_name = 'inbound' and s.outcome_name = 'answered' and s.transfer_kind_name = 'blind' as integer
        ) as counted_blind_transferred_calls,
        cast(
            s.direction_name = 'inbound' and s.outcome_name = 'answered' and s.transfer_kind_name = 'attended' as integer
        ) as counted_attended_transferred_calls,
        cast(
            s.direction_name = 'inbound'
            and s.outcome_name = 'answered'
            and s.talk_seconds < s.short_call_seconds
            as integer
        ) as counted_short_handled_calls,
        cast(s.outcome_name = 'answered' and s.direction_name = 'outbound' as integer) as counted_outbound_calls,
        cast(s.outcome_name = 'answered' and s.direction_name = 'internal' as integer) as counted_internal_calls,
        case
            when
                s.direction_name = 'inbound'
                and s.outcome_name = 'answered'
                then s.talk_seconds
        end as counted_talk_seconds,
        case
            when
                s.direction_name = 'inbound'
                and s.outcome_name = 'answered'
                then s.hold_seconds
        end as counted_hold_seconds,
        case
            when
                s.direction_name = 'inbound'
                and s.outcome_name = 'answered'
                then s.wrap_up_seconds
        end as counted_wrap_up_seconds,
        case
            when
                s.outcome_name = 'answered'
                and s.direction_name = 'outbound'
                then s.talk_seconds
        end as counted_outbound_talk_seconds,
        case
            when
                s.outcome_name = 'answered'
                and s.direction_name = 'internal'
                then s.talk_seconds
        end as counted_internal_talk_seconds,
        case
            when
                s.direction_name = 'inbound'
                then s.talk_seconds + coalesce(s.hold_seconds, 0) + coalesce(s.wrap_up_seconds, 0)
        end as counted_call_seconds
    from stays as s
),

measured as (
    select
        n.queue_id,
        n.agent_id,
        n.offered_at,
        n.answered_at,
        n.ended_at,
        n.outcome_name,
        n.channel_name,
        n.transfer_kind_name,
        n.topic_name,
        n.wait_seconds,
        n.talk_seconds,
        n.hold_seconds,
        n.wrap_up_seconds,
        n.customer_key,
        n.source_name,
        n.call_id,
        n.stay_number,
        n.contact_id,
        n.direction_name,
        p.handled_calls * coalesce(n.counted_handled_calls, 0)
        + p.transferred_calls * coalesce(n.counted_transferred_calls, 0)
        + p.blind_transferred_calls * coalesce(n.counted_blind_transferred_calls, 0)
        + p.attended_transferred_calls * coalesce(n.counted_attended_transferred_calls, 0)
        + p.short_handled_calls * coalesce(n.counted_short_handled_calls, 0)
        + p.outbound_calls * coalesce(n.counted_outbound_calls, 0)
        + p.internal_calls * coalesce(n.counted_internal_calls, 0)
        + p.talk_seconds * coalesce(n.counted_talk_seconds, 0)
        + p.hold_seconds * coalesce(n.counted_hold_seconds, 0)
        + p.wrap_up_seconds * coalesce(n.counted_wrap_up_seconds, 0)
        + p.outbound_talk_seconds * coalesce(n.counted_outbound_talk_seconds, 0)
        + p.internal_talk_seconds * coalesce(n.counted_internal_talk_seconds, 0)
        + p.call_seconds * coalesce(n.counted_call_seconds, 0) as amount_number,
        c.handled_calls * coalesce(n.counted_handled_calls, 0)
        + c.transferred_calls * coalesce(n.counted_transferred_calls, 0)
        + c.blind_transferred_calls * coalesce(n.counted_blind_transferred_calls, 0)
        + c.attended_transferred_calls * coalesce(n.counted_attended_transferred_calls, 0)
        + c.short_handled_calls * coalesce(n.counted_short_handled_calls, 0)
        + c.outbound_calls * coalesce(n.counted_outbound_calls, 0)
        + c.internal_calls * coalesce(n.counted_internal_calls, 0)
        + c.talk_seconds * coalesce(n.counted_talk_seconds, 0)
        + c.hold_seconds * coalesce(n.counted_hold_seconds, 0)
        + c.wrap_up_seconds * coalesce(n.counted_wrap_up_seconds, 0)
        + c.outbound_talk_seconds * coalesce(n.counted_outbound_talk_seconds, 0)
        + c.internal_talk_seconds * coalesce(n.counted_internal_talk_seconds, 0)
        + c.call_seconds * coalesce(n.counted_call_seconds, 0) as counted_number
    from counted as n
    inner join weights as p on p.part_name = 'population'
    inner join weights as c on c.part_name = 'counted'
),

found as materialized (
    select
        m.*,
        concat_ws('|', m.queue_id, m.stay_number, m.source_name, m.call_id) as row_text,
        case :order_name
            when 'amount' then case when m.counted_number <> 0 then m.counted_number else m.amount_number end
            when 'counted' then cast(m.counted_number <> 0 as integer)
            else 0
        end as rank_number
    from measured as m
    where m.amount_number <> 0 or m.counted_number <> 0
),

totals as (
    select
        count(*) as found_rows,
        coalesce(sum(f.amount_number), 0) as total_number,
        coalesce(sum(f.counted_number), 0) as counted_total_number,
        max(f.counted_number) as longest_number
    from found as f
)

select
    t.found_rows,
    t.total_number,
    t.counted_total_number,
    t.longest_number,
    p.position_text as row_text,
    p.offered_at,
    p.answered_at,
    p.ended_at,
    p.queue_id,
    p.queue_name,
    p.agent_id,
    p.agent_name,
    p.channel_name,
    p.direction_name,
    p.outcome_name,
    p.transfer_kind_name,
    p.topic_name,
    p.wait_seconds,
    p.talk_seconds,
    p.hold_seconds,
    p.wrap_up_seconds,
    p.amount_number,
    p.counted_number,
    p.customer_key is not null as has_customer,
    p.source_name,
    p.call_id,
    p.stay_number,
    p.contact_id
from totals as t
left join (
    select
        f.*,
        concat_ws('|', f.rank_number, cast(extract(epoch from f.offered_at) * 1000000 as bigint), f.row_text) as position_text,
        q.queue_name,
        a.agent_name
    from found as f
    inner join warehouse.queues as q on f.queue_id = q.queue_id
    left join warehouse.agents as a on f.agent_id = a.agent_id
    where
        cast(:after_text as text) is null
        or (f.rank_number, f.offered_at, f.row_text)
        < (cast(:after_rank_number as numeric), cast(:after_at as timestamptz), cast(:after_text as text))
    order by f.rank_number desc, f.offered_at desc, f.row_text desc
    limit :limit_rows
) as p on true
order by p.rank_number desc, p.offered_at desc, p.row_text desc
