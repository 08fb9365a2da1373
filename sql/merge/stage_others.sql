-- Where facts other than calls, states and tickets land before they are merged; gone with the transaction.
-- Grain: as the facts of the same name, plus seq, the source's row that told of it.
create temporary table if not exists stage_surveys (
    answered_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    queue_id integer,
    agent_id integer,
    csat_score double precision,
    nps_score double precision,
    is_resolved boolean,
    survey_id text not null,
    call_id text,
    contact_id text,
    ticket_id text,
    customer_key text,
    comment_text text
) on commit delete rows;
create temporary table if not exists stage_quality_reviews (
    reviewed_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    agent_id integer,
    total_score double precision,
    is_failed boolean,
    review_id text not null,
    call_id text,
    ticket_id text,
    reviewer_name text,
    form_name text,
    comment_text text
) on commit delete rows;
create temporary table if not exists stage_shifts (
    started_at timestamptz not null,
    ended_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    agent_id integer not null,
    is_planned boolean,
    is_paid boolean,
    shift_id text not null,
    activity_name text not null
) on commit delete rows;
create temporary table if not exists stage_costs (
    started_at timestamptz not null,
    ended_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    queue_id integer,
    agent_id integer,
    amount double precision not null,
    cost_id text not null,
    cost_name text not null,
    currency_name text,
    site_name text,
    team_name text
) on commit delete rows;
create temporary table if not exists stage_revenues (
    earned_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    queue_id integer,
    agent_id integer,
    amount double precision not null,
    revenue_id text not null,
    currency_name text,
    call_id text,
    contact_id text,
    ticket_id text,
    customer_key text,
    reason_name text
) on commit delete rows;
create temporary table if not exists stage_contact_links (
    linked_at timestamptz not null,
    seq bigint,
    source_name text,
    contact_id text not null,
    linked_source_name text not null,
    linked_contact_id text not null,
    link_name text not null
) on commit delete rows;
create temporary table if not exists stage_self_services (
    started_at timestamptz not null,
    ended_at timestamptz,
    version_number bigint not null,
    seq bigint,
    queue_id integer,
    outcome_name text not null,
    visit_id text not null,
    channel_name text not null,
    flow_name text,
    choices_text text,
    topic_name text,
    contact_id text,
    customer_key text
) on commit delete rows;
create temporary table if not exists stage_recordings (
    started_at timestamptz not null,
    ended_at timestamptz,
    version_number bigint not null,
    seq bigint,
    agent_id integer,
    recording_id text not null,
    call_id text,
    contact_id text,
    media_name text not null,
    url_text text not null,
    customer_key text
) on commit delete rows;
create temporary table if not exists stage_attempts (
    attempted_at timestamptz not null,
    answered_at timestamptz,
    ended_at timestamptz,
    version_number bigint not null,
    seq bigint,
    queue_id integer,
    agent_id integer,
    talk_seconds integer,
    is_converted boolean,
    sale_amount double precision,
    outcome_name text not null,
    attempt_id text not null,
    campaign_name text not null,
    result_name text,
    call_id text,
    contact_id text,
    customer_key text
) on commit delete rows;
