-- What one stay adds to each additive column: only contacts that came in count as offered to a queue.
-- Grain: one row per inbound stay that was offered in the window.
create or replace function warehouse.call_measures(
    of_queue_id integer, window_start timestamptz, window_end timestamptz, threshold_seconds integer
) returns table (
    queue_id integer,
    agent_id integer,
    interval_start_at timestamptz,
    wait_bin integer,
    offered_calls integer,
    answered_calls integer,
    answered_in_threshold_calls integer,
    abandoned_calls integer,
    short_abandoned_calls integer,
    abandoned_in_threshold_calls integer,
    flowed_out_calls integer,
    flowed_out_in_threshold_calls integer,
    callback_calls integer,
    overflowed_calls integer,
    timed_out_calls integer,
    withdrawn_calls integer,
    interrupted_calls integer,
    waiting_calls integer,
    in_progress_calls integer,
    handled_calls integer,
    transferred_calls integer,
    answered_wait_seconds integer,
    abandoned_wait_seconds integer,
    wait_seconds integer,
    talk_seconds integer,
    hold_seconds integer,
    wrap_up_seconds integer
)
language sql stable as $$
    select
        c.queue_id,
        c.agent_id,
        date_bin('15 minutes', c.offered_at, '2000-01-01 00:00+00'),
        width_bucket(c.wait_seconds, array[1, 6, 11, 16, 21, 26, 31, 46, 61, 91, 121, 181, 241, 301, 601]),
        1,
        (c.answered_at is not null)::integer,
        coalesce(c.answered_at is not null and c.wait_seconds <= coalesce($4, q.service_level_threshold_seconds), false)::integer,
        (c.outcome_name = 'abandoned')::integer,
        coalesce(c.outcome_name = 'abandoned' and c.wait_seconds < q.short_abandon_seconds, false)::integer,
        coalesce(
            c.outcome_name = 'abandoned' and c.wait_seconds <= coalesce($4, q.service_level_threshold_seconds), false
        )::integer,
        (c.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn'))::integer,
        coalesce(
            c.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
            and c.wait_seconds <= coalesce($4, q.service_level_threshold_seconds),
            false
        )::integer,
        (c.outcome_name = 'callback')::integer,
        (c.outcome_name = 'overflowed')::integer,
        (c.outcome_name = 'timed_out')::integer,
        (c.outcome_name = 'withdrawn')::integer,
        (c.outcome_name = 'interrupted' and c.answered_at is null)::integer,
        (c.outcome_name = 'waiting')::integer,
        (c.outcome_name = 'in_progress')::integer,
        (c.outcome_name = 'answered')::integer,
        (c.transfer_kind_name is not null)::integer,
        case when c.answered_at is not null then c.wait_seconds end,
        case when c.outcome_name = 'abandoned' then c.wait_seconds end,
        c.wait_seconds,
        case when c.outcome_name = 'answered' then c.talk_seconds end,
        case when c.outcome_name = 'answered' then c.hold_seconds end,
        case when c.outcome_name = 'answered' then c.wrap_up_seconds end
    from warehouse.calls as c
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    where c.queue_id = $1 and c.offered_at >= $2 and c.offered_at < $3 and c.direction_name = 'inbound'
$$;
comment on function warehouse.call_measures is
'Grain: one row per inbound stay offered in [window_start, window_end) to one queue, with what it adds to each additive column; '
'threshold_seconds null means the queue''s own. wait_bin is null while the stay waits. Handle time is that of handled calls.';

-- A score is kept as it was given, halves and all.
alter table warehouse.calls
alter column csat_score type double precision,
alter column nps_score type double precision,
add constraint calls_csat_score_check check (csat_score between 1 and 5),
add constraint calls_nps_score_check check (nps_score between 0 and 10);

create index tickets_by_call on warehouse.tickets (call_id) where call_id is not null;
create index tickets_by_contact on warehouse.tickets (contact_id) where contact_id is not null;
