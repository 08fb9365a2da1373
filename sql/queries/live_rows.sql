-- Which stays are behind a number of this instant: who waits, what is in progress, what the day has brought until then?
-- Grain: one row per inbound stay as it stood at :as_of that adds to the number, with what it adds and, in every row, how many
-- there are and their sums; one row without a stay where there is none. With :is_decided the stays that were decided for the
-- service level (answered, left, or past the threshold while waiting) today or in the last :last_seconds.
with weights as (
    select
        t.part_name,
        t.formula_name,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'waiting_calls'), 0) as waiting_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'in_progress_calls'), 0) as in_progress_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'offered_calls'), 0) as offered_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_calls'), 0) as answered_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'abandoned_calls'), 0) as abandoned_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'short_abandoned_calls'), 0) as short_abandoned_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flowed_out_calls'), 0) as flowed_out_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'callback_calls'), 0) as callback_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'handled_calls'), 0) as handled_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_wait_seconds'), 0) as answered_wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'talk_seconds'), 0) as talk_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'hold_seconds'), 0) as hold_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'wrap_up_seconds'), 0) as wrap_up_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'wait_seconds'), 0) as wait_seconds,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'answered_in_threshold_calls'), 0) as answered_in_threshold_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'abandoned_in_threshold_calls'), 0) as abandoned_in_threshold_calls,
        coalesce(sum(t.sign_number) filter (where t.column_name = 'flowed_out_in_threshold_calls'), 0) as flowed_out_in_threshold_calls
    from unnest(
        cast(:parts as text []), cast(:formulas as text []), cast(:columns as text []), cast(:signs as integer [])
    ) as t (part_name, formula_name, column_name, sign_number)
    group by t.part_name, t.formula_name
),

stays as materialized (
    select
        s.*,
        q.service_level_formula_name,
        least(s.answered_at, s.ended_at, s.offered_at + make_interval(secs => s.service_level_threshold_seconds + 1)) as decided_at
    from warehouse.live_stays(:as_of) as s
    inner join warehouse.queues as q on s.queue_id = q.queue_id
    where
        (cast(:queue_id as integer) is null or s.queue_id = :queue_id)
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
),

counted as (
    select
        s.*,
        cast(s.answered_at is null and s.ended_at is null as integer) as counted_waiting_calls,
        cast(s.answered_at is not null and s.ended_at is null as integer) as counted_in_progress_calls,
        cast(s.offered_at >= s.day_start_at as integer) as counted_offered_calls,
        cast(s.answered_at >= s.day_start_at as integer) as counted_answered_calls,
        cast(s.outcome_name = 'abandoned' and s.ended_at >= s.day_start_at as integer) as counted_abandoned_calls,
        cast(
            s.outcome_name = 'abandoned'
            and s.ended_at >= s.day_start_at
            and s.wait_seconds < s.short_abandon_seconds
            as integer
        ) as counted_short_abandoned_calls,
        cast(
            s.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
            and s.ended_at >= s.day_start_at
            as integer
        ) as counted_flowed_out_calls,
        cast(s.outcome_name = 'callback' and s.ended_at >= s.day_start_at as integer) as counted_callback_calls,
        cast(s.outcome_name = 'answered' and s.ended_at >= s.day_start_at as integer) as counted_handled_calls,
        case when s.answered_at >= s.day_start_at then s.wait_seconds end as counted_answered_wait_seconds,
        case
            when
                s.outcome_name = 'answered'
                and s.ended_at >= s.day_start_at
                then s.talk_seconds
        end as counted_talk_seconds,
        case
            when
                s.outcome_name = 'answered'
                and s.ended_at >= s.day_start_at
                then s.hold_seconds
        end as counted_hold_seconds,
        case
            when
                s.outcome_name = 'answered'
                and s.ended_at >= s.day_start_at
                and s.ended_at + make_interval(secs => s.wrap_up_seconds) <= :as_of
                then s.wrap_up_seconds
        end as counted_wrap_up_seconds,
        case
            when
                s.answered_at is null
                and s.ended_at is null
                then cast(floor(extract(epoch from :as_of - s.offered_at)) as integer) else s.wait_seconds
        end as counted_wait_seconds,
        null as counted_answered_in_threshold_calls,
        null as counted_abandoned_in_threshold_calls,
        null as counted_flowed_out_in_threshold_calls
    from stays as s
    where not cast(:is_decided as boolean)
    union all
    select
        s.*,
        null as counted_waiting_calls,
        null as counted_in_progress_calls,
        1 as counted_offered_calls,
        cast(s.answered_at is not null as integer) as counted_answered_calls,
        cast(s.outcome_name = 'abandoned' as integer) as counted_abandoned_calls,
        cast(s.outcome_name = 'abandoned' and s.wait_seconds < s.short_abandon_seconds as integer) as counted_short_abandoned_calls,
        cast(s.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn') as integer) as counted_flowed_out_calls,
        null as counted_callback_calls,
        null as counted_handled_calls,
        null as counted_answered_wait_seconds,
        null as counted_talk_seconds,
        null as counted_hold_seconds,
        null as counted_wrap_up_seconds,
        null as counted_wait_seconds,
        cast(
            s.answered_at is not null
            and s.wait_seconds <= s.service_level_threshold_seconds
            as integer
        ) as counted_answered_in_threshold_calls,
        cast(
            s.outcome_name = 'abandoned'
            and s.wait_seconds <= s.service_level_threshold_seconds
            as integer
        ) as counted_abandoned_in_threshold_calls,
        cast(
            s.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
            and s.wait_seconds <= s.service_level_threshold_seconds
            as integer
        ) as counted_flowed_out_in_threshold_calls
    from stays as s
    where
        cast(:is_decided as boolean) and s.offered_at >= s.day_start_at - interval '4 hours' and s.decided_at <= :as_of
        and case
            when cast(:last_seconds as integer) is null then s.decided_at >= s.day_start_at
            else s.decided_at > :as_of - make_interval(secs => :last_seconds)
        end
),

measured as (
    select
        n.queue_id,
        case when n.answered_at is not null then n.agent_id end as agent_id,
        n.offered_at,
        n.answered_at,
        n.ended_at,
        n.channel_name,
        case when n.ended_at is not null then n.transfer_kind_name end as transfer_kind_name,
        n.topic_name,
        case when n.ended_at is not null then n.talk_seconds end as talk_seconds,
        case when n.ended_at is not null then n.hold_seconds end as hold_seconds,
        case when n.ended_at is not null then n.wrap_up_seconds end as wrap_up_seconds,
        n.customer_key,
        n.source_name,
        n.call_id,
        n.stay_number,
        n.contact_id,
        'inbound' as direction_name,
        coalesce(n.outcome_name, case when n.answered_at is null then 'waiting' else 'in_progress' end) as outcome_name,
        case
            when n.answered_at is null and n.ended_at is null
                then cast(floor(extract(epoch from :as_of - n.offered_at)) as integer)
            else n.wait_seconds
        end as wait_seconds,
        p.waiting_calls * coalesce(n.counted_waiting_calls, 0)
        + p.in_progress_calls * coalesce(n.counted_in_progress_calls, 0)
        + p.offered_calls * coalesce(n.counted_offered_calls, 0)
        + p.answered_calls * coalesce(n.counted_answered_calls, 0)
        + p.abandoned_calls * coalesce(n.counted_abandoned_calls, 0)
        + p.short_abandoned_calls * coalesce(n.counted_short_abandoned_calls, 0)
        + p.flowed_out_calls * coalesce(n.counted_flowed_out_calls, 0)
        + p.callback_calls * coalesce(n.counted_callback_calls, 0)
        + p.handled_calls * coalesce(n.counted_handled_calls, 0)
        + p.answered_wait_seconds * coalesce(n.counted_answered_wait_seconds, 0)
        + p.talk_seconds * coalesce(n.counted_talk_seconds, 0)
        + p.hold_seconds * coalesce(n.counted_hold_seconds, 0)
        + p.wrap_up_seconds * coalesce(n.counted_wrap_up_seconds, 0)
        + p.wait_seconds * coalesce(n.counted_wait_seconds, 0)
        + p.answered_in_threshold_calls * coalesce(n.counted_answered_in_threshold_calls, 0)
        + p.abandoned_in_threshold_calls * coalesce(n.counted_abandoned_in_threshold_calls, 0)
        + p.flowed_out_in_threshold_calls * coalesce(n.counted_flowed_out_in_threshold_calls, 0) as amount_number,
        c.waiting_calls * coalesce(n.counted_waiting_calls, 0)
        + c.in_progress_calls * coalesce(n.counted_in_progress_calls, 0)
        + c.offered_calls * coalesce(n.counted_offered_calls, 0)
        + c.answered_calls * coalesce(n.counted_answered_calls, 0)
        + c.abandoned_calls * coalesce(n.counted_abandoned_calls, 0)
        + c.short_abandoned_calls * coalesce(n.counted_short_abandoned_calls, 0)
        + c.flowed_out_calls * coalesce(n.counted_flowed_out_calls, 0)
        + c.callback_calls * coalesce(n.counted_callback_calls, 0)
        + c.handled_calls * coalesce(n.counted_handled_calls, 0)
        + c.answered_wait_seconds * coalesce(n.counted_answered_wait_seconds, 0)
        + c.talk_seconds * coalesce(n.counted_talk_seconds, 0)
        + c.hold_seconds * coalesce(n.counted_hold_seconds, 0)
        + c.wrap_up_seconds * coalesce(n.counted_wrap_up_seconds, 0)
        + c.wait_seconds * coalesce(n.counted_wait_seconds, 0)
        + c.answered_in_threshold_calls * coalesce(n.counted_answered_in_threshold_calls, 0)
        + c.abandoned_in_threshold_calls * coalesce(n.counted_abandoned_in_threshold_calls, 0)
        + c.flowed_out_in_threshold_calls * coalesce(n.counted_flowed_out_in_threshold_calls, 0) as counted_number
    from counted as n
    inner join weights as p
        on p.part_name = 'population' and (p.formula_name is null or p.formula_name = n.service_level_formula_name)
    inner join weights as c
        on c.part_name = 'counted' and (c.formula_name is null or c.formula_name = n.service_level_formula_name)
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
