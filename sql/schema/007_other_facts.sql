-- What else a site may load from files: surveys, quality reviews, shifts, costs, revenues.
-- Grain: as each table's comment states.
create table warehouse.surveys (
    answered_at timestamptz not null check (answered_at >= '1990-01-01' and answered_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer,
    agent_id integer,
    csat_score double precision check (csat_score between 1 and 5),
    nps_score double precision check (nps_score between 0 and 10),
    is_resolved boolean,
    source_name text not null,
    survey_id text not null,
    call_id text,
    contact_id text,
    ticket_id text,
    customer_key text,
    comment_text text,
    primary key (source_name, survey_id)
);
comment on table warehouse.surveys is 'Grain: one row per answer to a survey after a contact.';
create index surveys_by_time on warehouse.surveys (answered_at);

create table warehouse.quality_reviews (
    reviewed_at timestamptz not null check (reviewed_at >= '1990-01-01' and reviewed_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    agent_id integer not null,
    total_score double precision check (total_score between 0 and 100),
    is_failed boolean,
    source_name text not null,
    review_id text not null,
    call_id text,
    ticket_id text,
    reviewer_name text,
    form_name text,
    comment_text text,
    primary key (source_name, review_id)
);
comment on table warehouse.quality_reviews is 'Grain: one row per review of a contact by a listener; total_score is 0 to 100.';
create index quality_reviews_by_agent on warehouse.quality_reviews (agent_id, reviewed_at);

create table warehouse.shifts (
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz not null check (ended_at > started_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    agent_id integer not null,
    is_planned boolean,
    is_paid boolean,
    source_name text not null,
    shift_id text not null,
    activity_name text not null default 'work',
    primary key (source_name, shift_id)
);
comment on table warehouse.shifts is 'Grain: one row per scheduled stretch of an agent: work, break, training, absence.';
create index shifts_by_agent on warehouse.shifts (agent_id, started_at);

create table warehouse.costs (
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz not null check (ended_at > started_at and ended_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer,
    agent_id integer,
    amount numeric(14, 2) not null check (amount <> 'NaN'),
    source_name text not null,
    cost_id text not null,
    cost_name text not null,
    currency_name text,
    site_name text,
    team_name text,
    primary key (source_name, cost_id)
);
comment on table warehouse.costs is 'Grain: one row per cost and the window [started_at, ended_at) that it covers.';
create index costs_by_time on warehouse.costs (started_at);

create table warehouse.revenues (
    earned_at timestamptz not null check (earned_at >= '1990-01-01' and earned_at < '2100-01-01'),
    version_number bigint not null,
    run_id bigint not null,
    queue_id integer,
    agent_id integer,
    amount numeric(14, 2) not null check (amount <> 'NaN'),
    source_name text not null,
    revenue_id text not null,
    currency_name text,
    call_id text,
    contact_id text,
    ticket_id text,
    customer_key text,
    reason_name text,
    primary key (source_name, revenue_id)
);
comment on table warehouse.revenues is 'Grain: one row per amount earned; a refund is negative.';
create index revenues_by_time on warehouse.revenues (earned_at);
