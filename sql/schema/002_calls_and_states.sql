-- The facts: stays of contacts in queues, and states of agents.
-- Grain: one row per stay; one row per state. Partitioned by month; the distribution column is in every key.
create table warehouse.calls (
    offered_at timestamptz not null check (offered_at >= '1990-01-01' and offered_at < '2100-01-01'),
    answered_at timestamptz check (answered_at >= offered_at and answered_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= offered_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer not null,
    agent_id integer,
    stay_number integer not null check (stay_number >= 1),
    wait_seconds integer check (wait_seconds >= 0),
    ring_seconds integer check (ring_seconds >= 0),
    talk_seconds integer check (talk_seconds >= 0),
    hold_seconds integer check (hold_seconds >= 0),
    wrap_up_seconds integer check (wrap_up_seconds >= 0),
    entry_position integer,
    csat_score smallint,
    nps_score smallint,
    is_resolved boolean,
    source_name text not null,
    call_id text not null,
    contact_id text not null,
    channel_name text not null,
    direction_name text not null,
    outcome_name text not null check (
        outcome_name in (
            'waiting',
            'in_progress',
            'answered',
            'abandoned',
            'timed_out',
            'overflowed',
            'callback',
            'withdrawn',
            'interrupted'
        )
    ),
    ended_by_name text,
    transfer_kind_name text check (transfer_kind_name in ('blind', 'attended')),
    transferred_to_name text,
    customer_key text,
    topic_name text,
    revenue_amount numeric(14, 2) check (revenue_amount <> 'NaN'),
    primary key (queue_id, offered_at, source_name, call_id, stay_number),
    check (answered_at is null or ended_at is null or ended_at >= answered_at),
    check ((outcome_name in ('waiting', 'in_progress')) = (ended_at is null))
) partition by range (offered_at);
comment on table warehouse.calls is
'Grain: one row per stay of a contact in a queue, keyed by the source''s call id and the n-th entry into the queue. '
'ended_at is null while it waits or is in progress; hold_seconds is null where the source counts hold as talk.';
comment on column warehouse.calls.wait_seconds is
'Entry to answer, or entry to leaving unanswered, as the source counts it (it may differ by a second from the instants); '
'null while waiting.';
comment on column warehouse.calls.version_number is
'Grows with what the source has told of this stay; an older version never replaces a newer one.';

create index calls_by_agent on warehouse.calls (agent_id, answered_at) where agent_id is not null;
create index calls_open on warehouse.calls (queue_id, offered_at) where ended_at is null;
create index calls_long on warehouse.calls (queue_id, offered_at) where ended_at - offered_at > interval '4 hours';

create table warehouse.agent_states (
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz check (ended_at > started_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    agent_id integer not null,
    queue_id integer,
    source_name text not null,
    state_name text not null check (
        state_name in ('available', 'ringing', 'on_contact', 'wrap_up', 'paused', 'signed_out')
    ),
    reason_name text,
    primary key (agent_id, started_at, source_name)
) partition by range (started_at);
comment on table warehouse.agent_states is
'Grain: one row per state of an agent; the states of an agent follow each other without a gap, ended_at is null while a state lasts.';

create table warehouse.queue_intervals (
    interval_start_at timestamptz not null,
    queue_id integer not null,
    offered_calls integer not null,
    answered_calls integer not null,
    answered_in_threshold_calls integer not null,
    abandoned_calls integer not null,
    short_abandoned_calls integer not null,
    abandoned_in_threshold_calls integer not null,
    flowed_out_calls integer not null,
    flowed_out_in_threshold_calls integer not null,
    callback_calls integer not null,
    overflowed_calls integer not null,
    timed_out_calls integer not null,
    withdrawn_calls integer not null,
    interrupted_calls integer not null,
    waiting_calls integer not null,
    in_progress_calls integer not null,
    handled_calls integer not null,
    transferred_calls integer not null,
    answered_wait_seconds integer not null,
    abandoned_wait_seconds integer not null,
    longest_wait_seconds integer,
    talk_seconds integer not null,
    hold_seconds integer not null,
    wrap_up_seconds integer not null,
    answered_wait_histogram_calls integer [] not null,
    abandoned_wait_histogram_calls integer [] not null,
    flowed_out_wait_histogram_calls integer [] not null,
    primary key (queue_id, interval_start_at)
) partition by range (interval_start_at);
comment on table warehouse.queue_intervals is
'Grain: one row per queue and 15 minutes in which contacts were offered; additive columns only (longest_wait_seconds by max). '
'The histograms count waits up to 0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600 seconds and above.';

create table warehouse.agent_intervals (
    interval_start_at timestamptz not null,
    agent_id integer not null,
    handled_calls integer not null,
    transferred_calls integer not null,
    talk_seconds integer not null,
    hold_seconds integer not null,
    wrap_up_seconds integer not null,
    on_contact_seconds integer not null,
    wrapping_up_seconds integer not null,
    available_seconds integer not null,
    paused_seconds integer not null,
    signed_in_seconds integer not null,
    primary key (agent_id, interval_start_at)
) partition by range (interval_start_at);
comment on table warehouse.agent_intervals is
'Grain: one row per agent and 15 minutes. handled, talk, hold and wrap_up belong to the interval of the answer; '
'on_contact, wrapping_up, available, paused and signed_in are wall-clock seconds of ended states, split at the borders.';

create function warehouse.create_months(months date []) returns void
language plpgsql as $$
-- Makes the monthly partitions of the given months (any day of each). Attaching takes a weaker lock than creating
-- in place, so readers go on; the advisory lock keeps two loaders from making the same month.
declare
    month_start timestamptz;
    month_end timestamptz;
    parent_name text;
    partition_name text;
    key_name text;
begin
    for month_start in
        select distinct date_trunc('month', given.day_date::timestamp) at time zone 'UTC'
        from unnest(months) as given (day_date)
        order by 1
    loop
        month_end := (month_start at time zone 'UTC' + interval '1 month') at time zone 'UTC';
        foreach parent_name in array array['calls', 'agent_states', 'queue_intervals', 'agent_intervals'] loop
            partition_name := parent_name || '_' || to_char(month_start at time zone 'UTC', 'YYYY_MM');
            continue when to_regclass('warehouse.' || partition_name) is not null;
            perform pg_advisory_xact_lock(hashtext('warehouse.' || partition_name));
            continue when to_regclass('warehouse.' || partition_name) is not null;
            key_name := case parent_name
                when 'calls' then 'offered_at' when 'agent_states' then 'started_at' else 'interval_start_at'
            end;
            execute format(
                'create table warehouse.%I (like warehouse.%I including all, '
                || 'constraint month_bounds check (%I >= %L and %I < %L))',
                partition_name, parent_name, key_name, month_start, key_name, month_end
            );
            execute format(
                'alter table warehouse.%I attach partition warehouse.%I for values from (%L) to (%L)',
                parent_name, partition_name, month_start, month_end
            );
            execute format('alter table warehouse.%I drop constraint month_bounds', partition_name);
        end loop;
    end loop;
end
$$;
comment on function warehouse.create_months is 'Makes the monthly partitions of the given months.';
