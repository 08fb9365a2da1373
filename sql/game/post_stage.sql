-- Makes the places in which what the rules say is set against what the ledger holds.
-- Grain: one row per version of a rule that is counted; per entry that is due; per entry that is written.
create temporary table if not exists game_versions (
    rule_name text not null,
    version_number integer not null,
    kind_name text not null,
    title_text text not null,
    revoke_name text not null,
    moment_name text,
    main_account_name text not null,
    published_date date not null,
    primary key (rule_name, version_number)
) on commit delete rows;

create temporary table if not exists game_desired (
    entry_key text not null,
    agent_id integer not null,
    account_name text not null,
    entry_points integer not null,
    tier_name text,
    effective_date date not null,
    period_text text not null,
    workings jsonb not null,
    evidence jsonb not null
) on commit delete rows;

create temporary table if not exists game_moves (
    entry_key text not null,
    sequence_number integer not null,
    agent_id integer not null,
    account_name text not null,
    entry_points integer not null,
    kind_name text not null,
    rule_name text not null,
    version_number integer not null,
    tier_name text,
    effective_date date not null,
    period_text text not null,
    reverses_entry_id bigint,
    corrects_entry_id bigint,
    is_quiet boolean not null,
    reason_text text not null,
    workings jsonb not null,
    primary key (entry_key, sequence_number)
) on commit delete rows;

truncate game_versions, game_desired, game_moves
