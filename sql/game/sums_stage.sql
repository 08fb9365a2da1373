-- Makes the places in which the sums of working days are made anew, before they are compared with those that are kept.
-- Grain: one row per agent and his clock; per shift that goes on into the next day; per agent, day and kind of work.
create temporary table if not exists game_clocks (
    agent_id integer primary key,
    team_id integer,
    time_zone_name text not null,
    day_starts_hour integer not null,
    from_at timestamptz not null,
    until_at timestamptz not null
) on commit delete rows;

create temporary table if not exists game_crossings (
    agent_id integer not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    day_date date not null
) on commit delete rows;

create temporary table if not exists game_fresh_sums (
    agent_id integer not null,
    effective_date date not null,
    queue_id integer,
    channel_name text,
    direction_name text,
    topic_name text,
    hour_band integer,
    sums jsonb not null
) on commit delete rows;

create temporary table if not exists game_asked_days (
    day_date date primary key
) on commit delete rows;

truncate game_clocks, game_crossings, game_fresh_sums, game_asked_days
