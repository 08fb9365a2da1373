-- Where tickets and their events land before they are merged; gone with the transaction.
-- Grain: as the facts of the same name, plus seq, the source's row that told of it.
create temporary table if not exists stage_tickets (
    created_at timestamptz not null,
    updated_at timestamptz,
    version_number bigint not null,
    seq bigint,
    is_deleted boolean,
    ticket_id text not null,
    contact_id text,
    call_id text,
    channel_name text,
    customer_key text,
    topic_name text,
    url_text text
) on commit delete rows;
create temporary table if not exists stage_ticket_events (
    occurred_at timestamptz not null,
    version_number bigint not null,
    seq bigint,
    event_number integer not null,
    agent_id integer,
    ticket_id text not null,
    event_name text not null,
    actor_name text,
    value_text text
) on commit delete rows;
