-- Where a batch lands before it is merged; gone with the transaction.
-- Grain: as the facts of the same name, plus new_rows, the source's rows that the batch brought for it, and seq, its row.
create temporary table if not exists stage_calls (
    offered_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    version_number bigint not null,
    new_rows bigint not null,
    seq bigint,
    queue_id integer not null,
    agent_id integer,
    stay_number integer not null,
    wait_seconds integer,
    ring_seconds integer,
    talk_seconds integer,
    hold_seconds integer,
    wrap_up_seconds integer,
    entry_position integer,
    csat_score double precision,
    nps_score double precision,
    revenue_amount double precision,
    is_resolved boolean,
    call_id text not null,
    contact_id text not null,
    channel_name text not null,
    direction_name text not null,
    outcome_name text not null,
    ended_by_name text,
    transfer_kind_name text,
    transferred_to_name text,
    customer_key text,
    topic_name text,
    place_text text
) on commit delete rows;
create temporary table if not exists stage_agent_states (
    started_at timestamptz not null,
    ended_at timestamptz,
    version_number bigint not null,
    new_rows bigint not null,
    seq bigint,
    agent_id integer not null,
    queue_id integer,
    state_name text not null,
    reason_name text
) on commit delete rows;
create temporary table if not exists stage_queue_members (
    started_at timestamptz not null,
    ended_at timestamptz,
    version_number bigint not null,
    queue_id integer not null,
    agent_id integer not null
) on commit delete rows;
create temporary table if not exists stage_rejects (
    place_text text not null,
    file_key text not null,
    reason_text text not null,
    raw_text text not null
) on commit delete rows;
create temporary table if not exists dirty_queue_intervals (
    queue_id integer not null,
    interval_start_at timestamptz not null
) on commit delete rows;
create temporary table if not exists dirty_agent_intervals (
    agent_id integer not null,
    interval_start_at timestamptz not null
) on commit delete rows;
