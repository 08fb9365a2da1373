-- The ways of a contact beside the queues: self-service, recordings, and attempts to reach somebody; promises of callbacks.
-- Grain: as each table's comment states.
create table warehouse.self_services (
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= started_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer,
    outcome_name text not null check (outcome_name in ('contained', 'passed_on', 'left')),
    source_name text not null,
    visit_id text not null,
    channel_name text not null check (channel_name in ('menu', 'bot', 'page')),
    flow_name text,
    choices_text text,
    topic_name text,
    contact_id text,
    customer_key text,
    primary key (source_name, visit_id)
);
comment on table warehouse.self_services is
'Grain: one row per visit of a customer to a spoken menu (IVR), a bot or a help page. contained: the matter ended there; '
'passed_on: to queue_id, or to an agent; left: neither. choices_text is the way taken, its steps parted by " > ".';
create index self_services_by_time on warehouse.self_services (started_at);
create index self_services_by_contact on warehouse.self_services (contact_id) where contact_id is not null;

create table warehouse.recordings (
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= started_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    agent_id integer,
    source_name text not null,
    recording_id text not null,
    call_id text,
    contact_id text,
    media_name text not null check (media_name in ('voice', 'screen', 'video', 'text')),
    url_text text not null,
    customer_key text,
    primary key (source_name, recording_id)
);
comment on table warehouse.recordings is
'Grain: one row per recording of a contact: where it can be opened; never the recording itself.';
create index recordings_by_call on warehouse.recordings (call_id) where call_id is not null;
create index recordings_by_contact on warehouse.recordings (contact_id) where contact_id is not null;

create table warehouse.attempts (
    attempted_at timestamptz not null check (attempted_at >= '1990-01-01' and attempted_at < '2100-01-01'),
    answered_at timestamptz check (answered_at >= attempted_at and answered_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= attempted_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer,
    agent_id integer,
    talk_seconds integer check (talk_seconds >= 0),
    is_converted boolean,
    sale_amount numeric(14, 2) check (sale_amount <> 'NaN'),
    outcome_name text not null check (
        outcome_name in ('connected', 'no_answer', 'busy', 'machine', 'failed', 'abandoned')
    ),
    source_name text not null,
    attempt_id text not null,
    campaign_name text not null,
    result_name text,
    call_id text,
    contact_id text,
    customer_key text,
    primary key (source_name, attempt_id),
    check (answered_at is null or ended_at is null or ended_at >= answered_at)
);
comment on table warehouse.attempts is
'Grain: one row per attempt of a campaign to reach a customer. connected: spoke with an agent; abandoned: the customer '
'answered and no agent was there; is_converted: the campaign''s aim was met, sale_amount what was sold.';
create index attempts_by_time on warehouse.attempts (attempted_at);

alter table warehouse.queues add column callback_promise_seconds integer
check (callback_promise_seconds between 60 and 2592000);
comment on column warehouse.queues.callback_promise_seconds is
'Within what time a callback that was asked for is promised; null means a day.';
