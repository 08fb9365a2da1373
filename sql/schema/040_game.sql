-- The game: rules with every version of them, the ledger that is only ever added to, its evidence, and what waits for a person.
create schema game;

create table game.settings (
    setting_id integer primary key generated always as identity,
    site_name text unique nulls not distinct references warehouse.sites (site_name) on update cascade on delete cascade,
    day_starts_hour integer not null default 4 check (day_starts_hour between 0 and 12),
    settle_hours integer not null default 4 check (settle_hours between 0 and 240),
    open_days integer not null default 10 check (open_days between 1 and 62)
);
comment on table game.settings is
'Grain: one row per site, and one without a site for all others. A working day begins at day_starts_hour of the local clock, so '
'that a shift over midnight belongs to the day it begins; it is posted settle_hours after its end and closed after open_days.';
insert into game.settings (site_name) values (null);

create table game.rules (
    rule_name text primary key check (rule_name ~ '^[a-z][a-z0-9-]{0,59}$'),
    kind_name text not null check (kind_name in ('points', 'badge', 'streak', 'level')),
    is_shipped boolean not null
);
comment on table game.rules is 'Grain: one row per rule of the game; what it says stands in its versions.';

create table game.rule_versions (
    rule_name text not null references game.rules (rule_name),
    version_number integer not null check (version_number >= 1),
    valid_from_date date not null check (valid_from_date >= '1990-01-01' and valid_from_date < '2100-01-01'),
    is_on boolean not null,
    spec_text text not null check (char_length(spec_text) between 1 and 40000),
    spec_sha256 text not null check (spec_sha256 ~ '^[0-9a-f]{64}$'),
    purpose_text text not null check (char_length(purpose_text) between 1 and 600),
    published_at timestamptz not null check (published_at >= '1990-01-01' and published_at < '2100-01-01'),
    published_by_name text not null,
    why_text text not null default '' check (char_length(why_text) <= 600),
    primary key (rule_name, version_number)
);
comment on table game.rule_versions is
'Grain: one row per published version of a rule: the text it was compiled from, and from which working day on it holds (until the '
'next version''s). A rule is switched off by a version that is not on. A version stays as it was published.';

create table game.runs (
    run_id bigint primary key generated always as identity,
    kind_name text not null check (kind_name in ('reconcile', 'close', 'rescore', 'decision', 'manual', 'store', 'contest', 'kudos')),
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= started_at and ended_at < '2100-01-01'),
    first_date date check (first_date >= '1990-01-01' and first_date < '2100-01-01'),
    last_date date check (last_date >= first_date and last_date >= '1990-01-01' and last_date < '2100-01-01'),
    facts_run_id bigint,
    basis_sha256 text check (basis_sha256 ~ '^[0-9a-f]{64}$'),
    added_entries integer not null default 0 check (added_entries >= 0),
    reversed_entries integer not null default 0 check (reversed_entries >= 0),
    actor_name text not null,
    note_text text not null default ''
);
comment on table game.runs is
'Grain: one row per time that the ledger was written. facts_run_id: the newest load whose facts it knew; null in an empty warehouse. '
'basis_sha256: of all that a reconciliation was made from (days, rules, decisions): where nothing of it differs, nothing is to be done.';

create table game.ledger (
    entry_id bigint primary key generated always as identity,
    entry_key text not null check (char_length(entry_key) between 1 and 300),
    sequence_number integer not null check (sequence_number >= 1),
    agent_id integer not null references warehouse.agents (agent_id),
    account_name text not null check (account_name in ('points', 'coins', 'badges')),
    entry_points integer not null check (entry_points <> 0),
    kind_name text not null check (
        kind_name in ('award', 'reversal', 'adjust', 'manual', 'prize', 'kudos', 'purchase', 'refund', 'expiry', 'write_off')
    ),
    rule_name text,
    version_number integer,
    tier_name text check (tier_name in ('bronze', 'silver', 'gold')),
    effective_date date not null check (effective_date >= '1990-01-01' and effective_date < '2100-01-01'),
    period_text text not null check (char_length(period_text) between 1 and 40),
    recorded_at timestamptz not null default clock_timestamp() check (recorded_at >= '1990-01-01' and recorded_at < '2100-01-01'),
    run_id bigint not null references game.runs (run_id),
    reverses_entry_id bigint unique references game.ledger (entry_id),
    corrects_entry_id bigint references game.ledger (entry_id),
    is_quiet boolean not null default false,
    reason_text text not null check (char_length(reason_text) between 1 and 600),
    actor_name text not null,
    workings jsonb not null default '{}',
    unique (entry_key, sequence_number),
    foreign key (rule_name, version_number) references game.rule_versions (rule_name, version_number),
    check ((kind_name = 'reversal') = (reverses_entry_id is not null)),
    check ((kind_name in ('award', 'adjust')) <= (version_number is not null)),
    check (corrects_entry_id is null or kind_name in ('adjust', 'write_off', 'refund'))
);
comment on table game.ledger is
'Grain: one row per entry; it is only ever added to. entry_key: rule|version|agent|period|occurrence. entry_points: points, coins or '
'badges, as account_name says. effective_date: the working day it is for; recorded_at: when it was written. corrects_entry_id: of an '
'adjustment in an open period, the entry of the closed one that it puts right. is_quiet: nobody is told (history that was counted '
'later). workings: how the amount was made (value, n, expected, hours, curve), from which it can be counted again.';
create index ledger_by_agent on game.ledger (agent_id, account_name, effective_date);
create index ledger_by_date on game.ledger (effective_date, rule_name);
create index ledger_by_run on game.ledger (run_id);

create table game.evidence (
    entry_id bigint not null references game.ledger (entry_id),
    place_number integer not null check (place_number >= 1),
    agent_id integer not null,
    effective_date date not null check (effective_date >= '1990-01-01' and effective_date < '2100-01-01'),
    fact_name text not null,
    queue_id integer,
    channel_name text,
    direction_name text,
    topic_name text,
    hour_band integer,
    above_value double precision not null check (above_value between -1e15 and 1e15),
    below_value double precision check (below_value between -1e15 and 1e15),
    expected_value double precision check (expected_value between -1e15 and 1e15),
    primary key (entry_id, place_number)
);
comment on table game.evidence is
'Grain: one row per entry and kind of work in it (day, queue, channel, direction, topic, three hours of the day): what was counted, '
'of how many, and what everybody''s share of it would have made (null where a rule does not compare). Their sums make the workings.';

create function game.stays() returns trigger
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    forgets text := current_setting('floorboard.game_forgets', true);
    texts text [] := array['reason_text', 'actor_name', 'published_by_name', 'why_text'];
begin
    if tg_op = 'UPDATE' and forgets = access.signature('a person is forgotten') then
        if to_jsonb(new) - texts = to_jsonb(old) - texts then
            return new;
        end if;
    elsif tg_op = 'UPDATE' and tg_table_name = 'ledger' and forgets = access.signature('old workings are forgotten') then
        if to_jsonb(new) - 'workings' = to_jsonb(old) - 'workings' and new.workings = '{}' then
            return new;
        end if;
    elsif tg_op = 'DELETE' and tg_table_name = 'evidence' and forgets = access.signature('old workings are forgotten') then
        return old;
    end if;
    raise exception '%.% is only added to: an entry is put right by another one that says why', tg_table_schema, tg_table_name
        using errcode = '42501';
end
$$;
comment on function game.stays is
'Refuses to change or delete what was written, whoever asks. Only the name of a person who is erased goes out of its texts, and '
'what is older than it is kept loses how it was counted, never its amount.';

create function game.fits_reversed() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    old_entry game.ledger;
begin
    select l.* into old_entry from game.ledger as l where l.entry_id = new.reverses_entry_id;
    if
        old_entry.kind_name = 'reversal' or new.entry_points <> -old_entry.entry_points
        or (new.entry_key, new.agent_id, new.account_name) is distinct from (old_entry.entry_key, old_entry.agent_id, old_entry.account_name)
    then
        raise exception 'a reversal takes back one whole entry: the same key, agent and account, and the opposite amount'
            using errcode = '23514';
    end if;
    return new;
end
$$;
comment on function game.fits_reversed is 'A reversal is of a whole entry, and of none that is a reversal itself.';
create trigger fits before insert on game.ledger
for each row when (new.reverses_entry_id is not null) execute function game.fits_reversed();

create table game.holds (
    hold_id bigint primary key generated always as identity,
    entry_key text not null,
    agent_id integer not null references warehouse.agents (agent_id),
    rule_name text not null,
    version_number integer not null,
    effective_date date not null check (effective_date >= '1990-01-01' and effective_date < '2100-01-01'),
    guard_name text not null check (guard_name ~ '^[a-z][a-z0-9_-]{0,59}$'),
    held_points integer not null,
    found_at timestamptz not null check (found_at >= '1990-01-01' and found_at < '2100-01-01'),
    evidence jsonb not null,
    state_name text not null default 'held' check (state_name in ('held', 'released', 'refused')),
    answer_text text check (char_length(answer_text) between 1 and 2000),
    answered_at timestamptz check (answered_at >= '1990-01-01' and answered_at < '2100-01-01'),
    decided_at timestamptz check (decided_at >= '1990-01-01' and decided_at < '2100-01-01'),
    decided_by_name text,
    note_text text check (char_length(note_text) between 1 and 2000),
    unique (entry_key, guard_name),
    foreign key (rule_name, version_number) references game.rule_versions (rule_name, version_number),
    check (answer_text is null or answered_at is not null),
    check ((state_name = 'held') = (decided_at is null)),
    check ((state_name = 'held') = (decided_by_name is null)),
    check (state_name <> 'refused' or note_text is not null)
);
comment on table game.holds is
'Grain: one row per award and guard that asks a person to look. A held award is not posted; a person releases or refuses it with a '
'note, and the agent may answer before.';
create index holds_by_agent on game.holds (agent_id, effective_date);

create table game.disputes (
    dispute_id bigint primary key generated always as identity,
    agent_id integer not null references warehouse.agents (agent_id),
    entry_id bigint references game.ledger (entry_id),
    hold_id bigint references game.holds (hold_id),
    said_at timestamptz not null check (said_at >= '1990-01-01' and said_at < '2100-01-01'),
    reason_text text not null check (char_length(reason_text) between 1 and 2000),
    state_name text not null default 'open' check (state_name in ('open', 'accepted', 'declined', 'withdrawn')),
    decided_at timestamptz check (decided_at >= '1990-01-01' and decided_at < '2100-01-01'),
    decided_by_name text,
    answer_text text check (char_length(answer_text) between 1 and 2000),
    made_entry_id bigint references game.ledger (entry_id),
    check (num_nonnulls(entry_id, hold_id) = 1),
    check ((state_name = 'open') = (decided_at is null)),
    check ((state_name = 'open') = (decided_by_name is null)),
    check (state_name not in ('accepted', 'declined') or answer_text is not null)
);
comment on table game.disputes is
'Grain: one row per time that an agent disagreed with an entry or a hold. made_entry_id: the entry that put it right.';
create unique index disputes_open_entry on game.disputes (entry_id) where state_name = 'open';
create unique index disputes_open_hold on game.disputes (hold_id) where state_name = 'open';

create table game.seasons (
    season_name text primary key check (char_length(season_name) between 1 and 60),
    start_date date not null check (start_date >= '1990-01-01' and start_date < '2100-01-01'),
    end_date date not null check (end_date < '2100-01-01'),
    state_name text not null default 'open' check (state_name in ('open', 'settling', 'closed')),
    freezes integer not null default 2 check (freezes between 0 and 30),
    closed_at timestamptz check (closed_at >= '1990-01-01' and closed_at < '2100-01-01'),
    closed_by_name text,
    ledger_sha256 text check (ledger_sha256 ~ '^[0-9a-f]{64}$'),
    check (end_date > start_date),
    check ((state_name = 'closed') = (closed_at is not null and closed_by_name is not null and ledger_sha256 is not null)),
    exclude using gist (daterange(start_date, end_date) with &&)
);
comment on table game.seasons is
'Grain: one row per season: the working days from start_date until the day before end_date, no two of them at once. freezes: how many '
'missed days a streak may bridge in it.';

create table game.day_closes (
    day_date date primary key check (day_date >= '1990-01-01' and day_date < '2100-01-01'),
    closed_at timestamptz not null check (closed_at >= '1990-01-01' and closed_at < '2100-01-01'),
    run_id bigint not null references game.runs (run_id),
    entries integer not null check (entries >= 0),
    ledger_sha256 text not null check (ledger_sha256 ~ '^[0-9a-f]{64}$')
);
comment on table game.day_closes is
'Grain: one row per closed working day: what differs later is put right by an adjustment in an open one. ledger_sha256: of the '
'entries that are for the day, after that of the day closed before it.';

create table game.day_sums (
    agent_id integer not null,
    effective_date date not null check (effective_date >= '1990-01-01' and effective_date < '2100-01-01'),
    queue_id integer,
    channel_name text,
    direction_name text,
    topic_name text,
    hour_band integer check (hour_band between 0 and 7),
    sums jsonb not null,
    unique nulls not distinct (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band)
);
comment on table game.day_sums is
'Grain: one row per agent, working day and kind of work (queue, channel, direction, topic, three hours of the day; null where the '
'fact has none): what the rules count, additive, made of the facts and made again whenever they change.';
create index day_sums_by_date on game.day_sums (effective_date);

do $$
begin
    create aggregate game.merged (jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}', parallel = safe);
    comment on aggregate game.merged (jsonb) is 'The objects as one; their keys are apart.';
end
$$;

create function game.working_day(at timestamptz, time_zone_name text, day_starts_hour integer) returns date
language sql stable as $$
    select cast((at at time zone time_zone_name) - make_interval(hours => day_starts_hour) as date)
$$;
comment on function game.working_day is 'The working day of an instant by the local clock alone: it begins at that hour, shift or none.';

create view game.agent_clocks with (security_invoker = true) as
select
    a.agent_id,
    coalesce(a.time_zone_name, s.time_zone_name, warehouse.site_zone_name()) as time_zone_name,
    coalesce(o.day_starts_hour, e.day_starts_hour) as day_starts_hour,
    coalesce(o.settle_hours, e.settle_hours) as settle_hours
from warehouse.agents as a
left join warehouse.sites as s on a.site_name = s.site_name
left join game.settings as o on a.site_name = o.site_name
inner join game.settings as e on e.site_name is null;
comment on view game.agent_clocks is
'Grain: one row per agent: by which clock the own days are counted, at what hour they begin, and how long after their end they are posted.';

create function game.agent_shifts(of_agent_id integer, from_at timestamptz, until_at timestamptz)
returns table (started_at timestamptz, ended_at timestamptz)
language sql stable as $$
    select
        lower(u.shift_range),
        upper(u.shift_range) - interval '2 hours'
    from (
        select range_agg(tstzrange(w.started_at, w.ended_at + interval '2 hours')) as shift_ranges
        from warehouse.shifts as w
        where
            w.agent_id = $1 and w.started_at > $2 - interval '2 days' and w.started_at < $3 + interval '1 day'
            and w.ended_at < w.started_at + interval '1 day'
            and warehouse.activity_kind(w.activity_name, w.is_planned) = 'work'
    ) as s
    cross join lateral unnest(s.shift_ranges) as u (shift_range)
    where upper(u.shift_range) - interval '2 hours' < lower(u.shift_range) + interval '1 day'
$$;
comment on function game.agent_shifts is
'Grain: one row per shift of an agent that touches that time. Stretches of work with no more than two hours between them are one '
'shift: a plan may tell what comes before and after a break apart.';

create function game.agent_day(of_agent_id integer, at timestamptz) returns date
language sql stable as $$
    select coalesce(
        (
            select game.working_day(min(w.started_at), c.time_zone_name, c.day_starts_hour)
            from game.agent_shifts($1, $2, $2) as w
            where w.started_at <= $2 and w.ended_at > $2
        ),
        game.working_day($2, c.time_zone_name, c.day_starts_hour)
    )
    from game.agent_clocks as c
    where c.agent_id = $1
$$;
comment on function game.agent_day is
'The working day of an agent at an instant: that on which the shift began which holds it, else that of the local clock.';

create table game.made_days (
    day_date date primary key check (day_date >= '1990-01-01' and day_date < '2100-01-01'),
    made_at timestamptz not null check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    settled_at timestamptz not null check (settled_at >= '1990-01-01' and settled_at < '2100-01-01'),
    is_changed boolean not null default false,
    sums_sha256 text not null check (sums_sha256 ~ '^[0-9a-f]{64}$')
);
comment on table game.made_days is
'Grain: one row per working day whose sums were made, with the hash of them: a day that was made again and came out the same is no '
'news. is_changed: facts of it changed since. settled_at: whoever could come again within seven days had to do so until then.';

create table game.changed_days (
    change_id bigint primary key generated always as identity,
    kind_name text not null check (kind_name in ('contacts', 'work')),
    day_date date check (day_date >= '1990-01-01' and day_date < '2100-01-01')
);
comment on table game.changed_days is
'Grain: one row per statement, kind and UTC day of facts that it added, changed or deleted since the sums were made; null: any day. '
'contacts: what others did before or after may count otherwise, too. Written by triggers, so that no way around the loader is missed.';

create function game.notes_days() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
-- Arguments: the kind, then the columns with the instants of a row. Days apart from each other by over a month are noted by their ends.
declare
    rows_text text := case tg_op when 'INSERT' then 'select * from new_rows' when 'DELETE' then 'select * from old_rows'
        else 'select * from new_rows union all select * from old_rows' end;
    instants_text text;
begin
    select string_agg(format('r.%I', a.name), ', ' order by a.place) into instants_text
    from unnest(tg_argv[1:]) with ordinality as a (name, place);
    execute format(
        'insert into game.changed_days (kind_name, day_date) '
        || 'select distinct %L, (i.told_at at time zone ''UTC'')::date from (%s) as r '
        || 'cross join lateral unnest(array[%s]) as i (told_at) where i.told_at is not null',
        tg_argv[0], rows_text, instants_text
    );
    return null;
end
$$;
comment on function game.notes_days is
'Notes the days of the facts that a statement touched; its arguments are the kind, and the columns with instants.';

create function game.notes_surveys() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
-- A survey counts for the day of its contact, however late it comes.
declare
    rows_text text := case tg_op when 'INSERT' then 'select * from new_rows' when 'DELETE' then 'select * from old_rows'
        else 'select * from new_rows union all select * from old_rows' end;
begin
    execute format(
        'insert into game.changed_days (kind_name, day_date) '
        || 'select ''contacts'', (r.answered_at at time zone ''UTC'')::date from (%1$s) as r '
        || 'union select ''contacts'', (c.offered_at at time zone ''UTC'')::date from (%1$s) as r '
        || 'inner join warehouse.calls as c on c.call_id = any(array[r.call_id, r.contact_id]) '
        || 'union select ''contacts'', (c.offered_at at time zone ''UTC'')::date from (%1$s) as r '
        || 'inner join warehouse.calls as c on r.contact_id = c.contact_id and c.contact_id <> c.call_id '
        || 'union select ''contacts'', (coalesce(t.last_resolved_at, t.created_at) at time zone ''UTC'')::date from (%1$s) as r '
        || 'inner join warehouse.tickets as t on r.ticket_id = t.ticket_id',
        rows_text
    );
    return null;
end
$$;
comment on function game.notes_surveys is 'Notes the days of surveys, and of the contacts that they are about.';

create function game.notes_reviews() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
-- A review that is saved again may count for another day than before.
declare
    rows_text text := case tg_op when 'INSERT' then 'select * from new_rows' when 'DELETE' then 'select * from old_rows'
        else 'select * from new_rows union all select * from old_rows' end;
begin
    execute format(
        'insert into game.changed_days (kind_name, day_date) '
        || 'select ''work'', (r.reviewed_at at time zone ''UTC'')::date from (%1$s) as r '
        || 'union select ''work'', (w.reviewed_at at time zone ''UTC'')::date from (%1$s) as r '
        || 'inner join warehouse.reviews as w on r.review_id = w.review_id',
        rows_text
    );
    return null;
end
$$;
comment on function game.notes_reviews is 'Notes the days of reviews, as they are and as they were saved before.';

create function game.notes_all() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into game.changed_days (kind_name, day_date) values ('contacts', null), ('work', null);
    return null;
end
$$;
comment on function game.notes_all is 'Notes that every day may count otherwise.';

do $$
declare
    fact record;
    verb record;
begin
    for fact in
        select * from (values
            ('warehouse.calls', 'notes_days', '''contacts'', ''offered_at'', ''answered_at'''),
            ('warehouse.agent_intervals', 'notes_days', '''work'', ''interval_start_at'''),
            ('warehouse.tickets', 'notes_days', '''contacts'', ''created_at'', ''last_resolved_at'''),
            ('warehouse.ticket_events', 'notes_days', '''contacts'', ''occurred_at'''),
            ('warehouse.ticket_targets', 'notes_days', '''contacts'', ''applied_at'', ''met_at'''),
            ('warehouse.told_links', 'notes_days', '''contacts'', ''linked_at'''),
            ('warehouse.kept_callbacks', 'notes_days', '''contacts'', ''linked_at'''),
            ('warehouse.shifts', 'notes_days', '''work'', ''started_at'', ''ended_at'''),
            ('warehouse.attempts', 'notes_days', '''work'', ''attempted_at'''),
            ('warehouse.quality_reviews', 'notes_days', '''work'', ''reviewed_at'''),
            ('warehouse.reviews', 'notes_reviews', ''),
            ('warehouse.surveys', 'notes_surveys', '')
        ) as f (table_name, function_name, arguments_text)
    loop
        for verb in
            select * from (values
                ('insert', 'new table as new_rows'), ('delete', 'old table as old_rows'),
                ('update', 'old table as old_rows new table as new_rows')
            ) as v (verb_name, rows_text)
        loop
            execute format(
                'create trigger game_notes_%s after %s on %s referencing %s for each statement execute function game.%I(%s)',
                verb.verb_name, verb.verb_name, fact.table_name, verb.rows_text, fact.function_name, fact.arguments_text
            );
        end loop;
        execute format(
            'create trigger game_notes_truncate after truncate on %s for each statement execute function game.notes_all()',
            fact.table_name
        );
    end loop;
end
$$;
create trigger game_notes_agents after update on warehouse.agents
for each row when ((old.time_zone_name, old.site_name) is distinct from (new.time_zone_name, new.site_name))
execute function game.notes_all();
create trigger game_notes_sites after update on warehouse.sites
for each row when (old.time_zone_name is distinct from new.time_zone_name) execute function game.notes_all();
create trigger game_notes_rules after insert or update or delete on warehouse.work_rules
for each statement execute function game.notes_all();
create trigger game_notes_policy after insert or update or delete on warehouse.individual_figures
for each statement execute function game.notes_all();
create trigger game_notes_settings after insert or update or delete on game.settings
for each statement execute function game.notes_all();

create table game.today (
    agent_id integer not null references warehouse.agents (agent_id),
    entry_key text not null,
    rule_name text not null,
    version_number integer not null,
    effective_date date not null check (effective_date >= '1990-01-01' and effective_date < '2100-01-01'),
    account_name text not null,
    tier_name text,
    entry_points integer not null,
    is_held boolean not null default false,
    workings jsonb not null,
    made_at timestamptz not null check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    primary key (entry_key)
);
comment on table game.today is
'Grain: one row per award that is not posted yet, as the facts stand at made_at; the whole table is made anew each time.';

create table game.moments (
    moment_id bigint primary key generated always as identity,
    moment_key text not null unique,
    agent_id integer not null references warehouse.agents (agent_id),
    kind_name text not null check (kind_name in ('badge', 'level', 'record', 'streak', 'kudos', 'contest', 'hold', 'dispute', 'reward')),
    name_text text not null check (char_length(name_text) between 1 and 200),
    tier_name text check (tier_name in ('bronze', 'silver', 'gold')),
    entry_id bigint references game.ledger (entry_id),
    happened_at timestamptz not null check (happened_at >= '1990-01-01' and happened_at < '2100-01-01'),
    seen_at timestamptz check (seen_at >= '1990-01-01' and seen_at < '2100-01-01')
);
comment on table game.moments is
'Grain: one row per thing that an agent is told of once: a badge, a level, a record. seen_at: when their page had shown it.';
create index moments_by_agent on game.moments (agent_id, happened_at);
create index moments_by_time on game.moments (happened_at);

create function game.forget_person(of_agent_id integer, told_texts text [], instead_text text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
-- Their amounts stay, under a number that is nobody's name any more; what they wrote goes, and so do moments, which only they see.
declare
    word_pattern text;
    column_row record;
    changed_rows bigint := 0;
    these_rows bigint;
begin
    delete from game.moments as m where m.agent_id = of_agent_id;
    get diagnostics changed_rows = row_count;
    update game.disputes as d set
        reason_text = instead_text,
        answer_text = case when d.answer_text is not null then instead_text end
    where d.agent_id = of_agent_id;
    get diagnostics these_rows = row_count;
    changed_rows := changed_rows + these_rows;
    update game.holds as h set
        answer_text = case when h.answer_text is not null then instead_text end,
        note_text = case when h.note_text is not null then instead_text end
    where h.agent_id = of_agent_id;
    get diagnostics these_rows = row_count;
    changed_rows := changed_rows + these_rows;
    update game.kudos as k set message_text = instead_text where k.from_agent_id = of_agent_id;
    get diagnostics these_rows = row_count;
    changed_rows := changed_rows + these_rows;
    select
        '(?<!\w)('
        || string_agg(regexp_replace(t.told_text, '([][\\.^$*+?(){}|-])', '\\\1', 'g'), '|' order by length(t.told_text) desc)
        || ')(?!\w)'
    into word_pattern
    from unnest(told_texts) as t (told_text);
    if word_pattern is null then
        return changed_rows;
    end if;
    perform set_config('floorboard.game_forgets', access.signature('a person is forgotten'), true);
    -- What people wrote, and whose doing it was, in every table of the game: also in those that later versions bring.
    for column_row in
        select c.oid::regclass as table_name, t.attname as column_name, t.attname like '%\_name' as is_name
        from pg_attribute as t
        inner join pg_class as c on t.attrelid = c.oid
        where
            c.relnamespace = 'game'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
            and t.attgenerated = '' and t.atttypid = 'text'::regtype
            and (
                t.attname in ('reason_text', 'answer_text', 'note_text', 'why_text', 'message_text', 'actor_name')
                or t.attname like '%\_by\_name'
            )
        order by c.relname, t.attnum
    loop
        if column_row.is_name then
            execute format('update %s set %2$I = $1 where %2$I = any($2)', column_row.table_name, column_row.column_name)
            using instead_text, told_texts;
        else
            execute format(
                'update %s set %2$I = regexp_replace(%2$I, $1, $2, ''gi'') where %2$I ~* $1',
                column_row.table_name, column_row.column_name
            )
            using word_pattern, instead_text;
        end if;
        get diagnostics these_rows = row_count;
        changed_rows := changed_rows + these_rows;
    end loop;
    perform set_config('floorboard.game_forgets', '', true);
    return changed_rows;
end
$$;
comment on function game.forget_person is
'Takes the names of somebody who is erased out of the game''s texts, and what they wrote with them; the rows that it changed. The '
'ledger stays under the number of the agent, whose name is gone. of_agent_id null: a customer, or somebody who was no agent.';

create function game.forget_workings(before_date date) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
-- An amount is a number of a person and stays, as a level does that was reached; how somebody worked that day does not.
declare
    gone_rows bigint;
begin
    if before_date > (current_date - interval '1 month')::date then
        raise exception 'how points were made is kept for a month at least; % is too late', before_date using errcode = '22023';
    end if;
    perform set_config('floorboard.game_forgets', access.signature('old workings are forgotten'), true);
    delete from game.evidence as e where e.effective_date < before_date;
    get diagnostics gone_rows = row_count;
    update game.ledger as l set workings = '{}' where l.effective_date < before_date and l.workings <> '{}';
    perform set_config('floorboard.game_forgets', '', true);
    update game.holds as h set evidence = '{}' where h.effective_date < before_date and h.evidence <> '{}';
    return gone_rows;
end
$$;
comment on function game.forget_workings is
'Deletes what entries were made of before a day (evidence, workings) and leaves their amounts; the rows of evidence that went.';

create function game.lock_wallet(of_agent_id integer, out balance_coins bigint, out balance_points bigint)
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtext('game.wallet'), of_agent_id);
    -- A question of its own: it sees what was committed while this one waited.
    select
        coalesce(sum(l.entry_points) filter (where l.account_name = 'coins'), 0),
        coalesce(sum(l.entry_points) filter (where l.account_name = 'points'), 0)
    into balance_coins, balance_points
    from game.ledger as l
    where l.agent_id = of_agent_id;
end
$$;
comment on function game.lock_wallet is
'What an agent has, and until the transaction ends nobody else spends from it: two purchases at once never spend the same coin.';

create view game.wallets with (security_invoker = true) as
select
    l.agent_id,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'points'), 0)::bigint as balance_points,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'coins'), 0)::bigint as balance_coins,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'badges'), 0)::bigint as held_badges
from game.ledger as l
group by l.agent_id;
comment on view game.wallets is 'Grain: one row per agent with an entry: what all entries together make.';

do $$
declare
    table_name text;
begin
    foreach table_name in array array['ledger', 'evidence', 'rule_versions', 'day_closes'] loop
        execute format('create trigger stays before update or delete on game.%I for each row execute function game.stays()', table_name);
        execute format('create trigger stays_whole before truncate on game.%I for each statement execute function game.stays()', table_name);
    end loop;
end
$$;

-- The account of somebody who is erased leaves its name in the game, too: who published, decided, closed, agreed, moved.
create or replace function access.close_of_agent(of_agent_id integer, instead_text text) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
-- What bore the name of the account goes on under the other one, in every table that says who did something: also in
-- those that later versions bring. What such an account kept for itself goes with it.
declare
    account_row record;
    column_row record;
    closed_count integer := 0;
begin
    for account_row in select a.account_id, a.login_name from access.accounts as a where a.agent_id = of_agent_id loop
        closed_count := closed_count + 1;
        delete from access.sessions as s where s.account_id = account_row.account_id;
        update access.accounts as a set is_active = false where a.account_id = account_row.account_id;
        continue when instead_text is null;
        update access.accounts as a set
            login_name = concat(instead_text, ' (', account_row.account_id, ')'),
            issuer_text = null,
            subject_text = null,
            password_hash_text = null
        where a.account_id = account_row.account_id;
        delete from ops.saved_views as v where v.viewer_name = account_row.login_name;
        for column_row in
            select c.oid::regclass as table_name, t.attname as column_name
            from pg_attribute as t
            inner join pg_class as c on t.attrelid = c.oid
            where
                c.relnamespace in (to_regnamespace('ops'), to_regnamespace('warehouse'))
                and c.relkind in ('r', 'p') and not c.relispartition and t.attgenerated = ''
                and t.atttypid = 'text'::regtype and t.attname <> 'ended_by_name'
                and (t.attname in ('viewer_name', 'reviewer_name') or t.attname like '%\_by\_name')
        loop
            execute format('update %s set %2$I = $1 where %2$I = $2', column_row.table_name, column_row.column_name)
            using instead_text, account_row.login_name;
        end loop;
        perform game.forget_person(of_agent_id, array[account_row.login_name], instead_text);
    end loop;
    return closed_count;
end
$$;

-- What is kept about a person for that person holds the game, too.
create or replace function access.own_tables()
returns table (schema_name text, table_name text, about_text text, condition_text text, instant_name text)
language sql stable set search_path = pg_catalog, pg_temp as $$
with columns as (
    select
        t.oid,
        n.nspname::text as schema_name,
        t.relname::text as table_name,
        array_agg(a.attname::text order by a.attnum) as names,
        (
            array_agg(a.attname::text order by not a.attnotnull, a.attnum)
            filter (where a.atttypid in ('timestamptz'::regtype, 'date'::regtype))
        )[1] as instant_name
    from pg_class as t
    inner join pg_namespace as n on t.relnamespace = n.oid
    inner join pg_attribute as a on t.oid = a.attrelid and a.attnum > 0 and not a.attisdropped
    where n.nspname in ('warehouse', 'ops', 'access', 'game') and t.relkind in ('r', 'p') and not t.relispartition
    group by t.oid, n.nspname, t.relname
),
conditions as (
    select
        c.*,
        (
            select string_agg(format('t.%I = $1', u.name), ' or ' order by u.name)
            from unnest(c.names) as u (name)
            where u.name = 'agent_id' or u.name like '%\_agent\_id'
        ) as by_agent,
        case when 'review_id' = any(c.names) and not 'agent_id' = any(c.names) then
            't.review_id in (select r.review_id from warehouse.reviews as r where r.agent_id = $1)'
        end as by_review,
        case when 'account_id' = any(c.names) and c.table_name <> 'accounts' then
            't.account_id in (select o.account_id from access.accounts as o where o.agent_id = $1)'
        end as by_account,
        case when c.table_name = 'saved_views' then
            't.viewer_name in (select o.login_name from access.accounts as o where o.agent_id = $1)'
        end as by_login
    from columns as c
)
select
    c.schema_name,
    c.table_name,
    coalesce(obj_description(c.oid, 'pg_class'), '') as about_text,
    concat_ws(' or ', c.by_agent, c.by_review, c.by_account, c.by_login) as condition_text,
    c.instant_name
from conditions as c
where coalesce(c.by_agent, c.by_review, c.by_account, c.by_login) is not null
order by c.schema_name, c.table_name
$$;

-- Triggers run whoever may call their functions; the rest of these are the loader's, who owns them.
revoke all on function
game.stays(), game.notes_days(), game.notes_surveys(), game.notes_reviews(), game.notes_all(),
game.forget_person(integer, text [], text), game.forget_workings(date) from public;
