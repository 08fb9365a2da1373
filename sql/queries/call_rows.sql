-- Which inbound stays are behind a number: an additive column of calls, or a metric over such columns?
-- Grain: one row per stay offered in the window that adds to the number, with what it adds (amount: the metric's denominator;
-- counted: its numerator) and, in every row, how many there are and their sums; one row without a stay where there is none.
-- :parts, :formulas, :columns, :signs are the terms of the number; a formula narrows a term to the queues that count by it.
with weights as (
    select
        t.part_name,
        t.formula_name,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'offered_calls'), 0) as offered_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_calls'), 0) as answered_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_in_threshold_calls'), 0) as answered_in_threshold_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'abandoned_calls'), 0) as abandoned_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'short_abandoned_calls'), 0) as short_abandoned_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'abandoned_in_threshold_calls'), 0) as abandoned_in_threshold_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flowed_out_calls'), 0) as flowed_out_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flowed_out_in_threshold_calls'), 0) as flowed_out_in_threshold_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'callback_calls'), 0) as callback_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'overflowed_calls'), 0) as overflowed_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'timed_out_calls'), 0) as timed_out_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'withdrawn_calls'), 0) as withdrawn_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'interrupted_calls'), 0) as interrupted_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'waiting_calls'), 0) as waiting_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'in_progress_calls'), 0) as in_progress_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'handled_calls'), 0) as handled_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'transferred_calls'), 0) as transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'blind_transferred_calls'), 0) as blind_transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'attended_transferred_calls'), 0) as attended_transferred_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_wait_seconds'), 0) as answered_wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'abandoned_wait_seconds'), 0) as abandoned_wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flowed_out_wait_seconds'), 0) as flowed_out_wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'wait_seconds'), 0) as wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'talk_seconds'), 0) as talk_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'hold_seconds'), 0) as hold_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'wrap_up_seconds'), 0) as wrap_up_seconds
    from unnest(
        cast(:parts as text []), cast(:formulas as text []), cast(:columns as text []), cast(:signs as integer [])
    ) as t (part_name, formula_name, column_name, sign_number)
    group by t.part_name, t.formula_name
),

zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

measured as (
    select
        m.queue_id,
        m.agent_id,
        m.offered_at,
        m.answered_at,
        m.ended_at,
        m.outcome_name,
        m.channel_name,
        m.transfer_kind_name,
        m.topic_name,
        m.wait_seconds,
        m.talk_seconds,
        m.hold_seconds,
        m.wrap_up_seconds,
        m.customer_key,
        m.source_name,
        m.call_id,
        m.stay_number,
        m.contact_id,
        'inbound' as direction_name,
        p.offered_calls * coalesce(m.offered_calls, 0)
        + p.answered_calls * coalesce(m.answered_calls, 0)
        + p.answered_in_threshold_calls * coalesce(m.answered_in_threshold_calls, 0)
        + p.abandoned_calls * coalesce(m.abandoned_calls, 0)
        + p.short_abandoned_calls * coalesce(m.short_abandoned_calls, 0)
        + p.abandoned_in_threshold_calls * coalesce(m.abandoned_in_threshold_calls, 0)
        + p.flowed_out_calls * coalesce(m.flowed_out_calls, 0)
        + p.flowed_out_in_threshold_calls * coalesce(m.flowed_out_in_threshold_calls, 0)
        + p.callback_calls * coalesce(m.callback_calls, 0)
        + p.overflowed_calls * coalesce(m.overflowed_calls, 0)
        + p.timed_out_calls * coalesce(m.timed_out_calls, 0)
        + p.withdrawn_calls * coalesce(m.withdrawn_calls, 0)
        + p.interrupted_calls * coalesce(m.interrupted_calls, 0)
        + p.waiting_calls * coalesce(m.waiting_calls, 0)
        + p.in_progress_calls * coalesce(m.in_progress_calls, 0)
        + p.handled_calls * coalesce(m.handled_calls, 0)
        + p.transferred_calls * coalesce(m.transferred_calls, 0)
        + p.blind_transferred_calls * m.transferred_calls * coalesce(cast(m.transfer_kind_name = 'blind' as integer), 0)
        + p.attended_transferred_calls * m.transferred_calls * coalesce(cast(m.transfer_kind_name = 'attended' as integer), 0)
        + p.answered_wait_seconds * coalesce(m.answered_wait_seconds, 0)
        + p.abandoned_wait_seconds * coalesce(m.abandoned_wait_seconds, 0)
        + p.flowed_out_wait_seconds * coalesce(m.flowed_out_calls * m.wait_seconds, 0)
        + p.wait_seconds * coalesce(m.wait_seconds, 0)
        + p.talk_seconds * coalesce(m.talk_seconds, 0)
        + p.hold_seconds * coalesce(m.hold_seconds, 0)
        + p.wrap_up_seconds * coalesce(m.wrap_up_seconds, 0) as amount_number,
        c.offered_calls * coalesce(m.offered_calls, 0)
        + c.answered_calls * coalesce(m.answered_calls, 0)
        + c.answered_in_threshold_calls * coalesce(m.answered_in_threshold_calls, 0)
        + c.abandoned_calls * coalesce(m.abandoned_calls, 0)
        + c.short_abandoned_calls * coalesce(m.short_abandoned_calls, 0)
        + c.abandoned_in_threshold_calls * coalesce(m.abandoned_in_threshold_calls, 0)
        + c.flowed_out_calls * coalesce(m.flowed_out_calls, 0)
        + c.flowed_out_in_threshold_calls * coalesce(m.flowed_out_in_threshold_calls, 0)
        + c.callback_calls * coalesce(m.callback_calls, 0)
        + c.overflowed_calls * coalesce(m.overflowed_calls, 0)
        + c.timed_out_calls * coalesce(m.timed_out_calls, 0)
        + c.withdrawn_calls * coalesce(m.withdrawn_calls, 0)
        + c.interrupted_calls * coalesce(m.interrupted_calls, 0)
        + c.waiting_calls * coalesce(m.waiting_calls, 0)
        + c.in_progress_calls * coalesce(m.in_progress_calls, 0)
        + c.handled_calls * coalesce(m.handled_calls, 0)
        + c.transferred_calls * coalesce(m.transferred_calls, 0)
        + c.blind_transferred_calls * m.transferred_calls * coalesce(cast(m.transfer_kind_name = 'blind' as integer), 0)
        + c.attended_transferred_calls * m.transferred_calls * coalesce(cast(m.transfer_kind_name = 'attended' as integer), 0)
        + c.answered_wait_seconds * coalesce(m.answered_wait_seconds, 0)
        + c.abandoned_wait_seconds * coalesce(m.abandoned_wait_seconds, 0)
        + c.flowed_out_wait_seconds * coalesce(m.flowed_out_calls * m.wait_seconds, 0)
        + c.wait_seconds * coalesce(m.wait_seconds, 0)
        + c.talk_seconds * coalesce(m.talk_seconds, 0)
        + c.hold_seconds * coalesce(m.hold_seconds, 0)
        + c.wrap_up_seconds * coalesce(m.wrap_up_seconds, 0) as counted_number
    from warehouse.chosen_calls(
        :window_start,
        :window_end,
        :threshold_seconds,
        :queue_id,
        :group_name,
        :channel_name,
        :topic_name,
        :team_id,
        :site_name,
        :agent_id,
        :is_business_hours,
        cast(:known_at as timestamptz)
    ) as m
    inner join warehouse.queues as q on m.queue_id = q.queue_id
    cross join zone as z
    inner join weights as p
        on p.part_name = 'population' and (p.formula_name is null or p.formula_name = q.service_level_formula_name)
    inner join weights as c
        on c.part_name = 'counted' and (c.formula_name is null or c.formula_name = q.service_level_formula_name)
    where
        (cast(:wait_from_seconds as integer) is null or m.wait_seconds >= :wait_from_seconds)
        and (cast(:wait_to_seconds as integer) is null or m.wait_seconds <= :wait_to_seconds)
        and (
            cast(:weekday_number as integer) is null
            or cast(extract(isodow from m.offered_at at time zone z.time_zone_name) as integer) - 1 = :weekday_number
        )
        -- The quarter of an hour of the clock on the wall, in seconds since midnight.
        and (
            cast(:interval_start_seconds as integer) is null
            or floor(extract(epoch from cast(m.offered_at at time zone z.time_zone_name as time)) / 900) * 900
            = :interval_start_seconds
        )
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
