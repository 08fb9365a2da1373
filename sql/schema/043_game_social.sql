-- What people give each other and win: thanks, contests, a store for coins, the employee of the month.

create table game.social_settings (
    setting_id integer primary key default 1 check (setting_id = 1),
    kudos_week_count integer not null default 5 check (kudos_week_count between 1 and 100),
    kudos_colleague_count integer not null default 2 check (kudos_colleague_count between 1 and 100),
    kudos_points integer not null default 0 check (kudos_points between 0 and 5),
    coin_life_days integer check (coin_life_days between 30 and 3660),
    cool_down_months integer not null default 6 check (cool_down_months between 0 and 36),
    month_fewest_hours integer not null default 40 check (month_fewest_hours between 1 and 200)
);
comment on table game.social_settings is
'Grain: one row per site; there is one. kudos_week_count: how many thanks a person may give in a week, to one colleague at most '
'kudos_colleague_count; '
'kudos_points: what a thank-you is worth to whoever is thanked. coin_life_days: after how many days coins that were not spent '
'expire; null for never. cool_down_months: for how long nobody becomes employee of the month again.';
insert into game.social_settings default values;

create table game.coin_rates (
    valid_from_date date primary key check (valid_from_date >= '1990-01-01' and valid_from_date < '2100-01-01'),
    coin_points integer not null check (coin_points between 1 and 10000),
    counted_kinds text [] not null default '{award,adjust}' check (counted_kinds <@ array['award', 'adjust', 'manual', 'kudos', 'prize'])
);
comment on table game.coin_rates is
'Grain: one row per rate at which points make coins, and the working day from which on it holds. counted_kinds: of which kinds of '
'entries; what takes such an entry back counts with it. A working day''s points of a person make coins once, rounded half up.';
insert into game.coin_rates (valid_from_date, coin_points) values ('1990-01-01', 10);

-- Coins that points earned are entries of a kind of their own: they belong to no single rule.
alter table game.ledger drop constraint ledger_kind_name_check;
alter table game.ledger add constraint ledger_kind_name_check check (
    kind_name in (
        'award', 'reversal', 'adjust', 'manual', 'prize', 'kudos', 'purchase', 'refund', 'expiry', 'write_off', 'earning'
    )
);

create table game.kudos (
    kudos_id bigint primary key generated always as identity,
    agent_id integer not null references warehouse.agents (agent_id),
    from_agent_id integer references warehouse.agents (agent_id),
    from_account_id integer references access.accounts (account_id) on delete set null,
    category_name text not null check (category_name in ('help', 'customer', 'teaching', 'idea', 'calm', 'welcome')),
    message_text text not null check (char_length(message_text) between 3 and 800),
    source_name text,
    contact_id text check (char_length(contact_id) between 1 and 200),
    given_at timestamptz not null check (given_at >= '1990-01-01' and given_at < '2100-01-01'),
    given_date date not null check (given_date >= '1990-01-01' and given_date < '2100-01-01'),
    state_name text not null default 'standing' check (state_name in ('standing', 'taken_back', 'hidden')),
    ended_at timestamptz check (ended_at >= '1990-01-01' and ended_at < '2100-01-01'),
    note_text text check (char_length(note_text) between 1 and 600),
    entry_id bigint references game.ledger (entry_id),
    check (agent_id <> from_agent_id),
    check ((state_name = 'standing') = (ended_at is null)),
    check (state_name <> 'hidden' or note_text is not null),
    check ((source_name is null) = (contact_id is null))
);
comment on table game.kudos is
'Grain: one row per time that somebody thanked an agent (agent_id). from_agent_id: the colleague who did, null for whoever is no '
'agent (from_account_id then). given_date: the site''s working day, whose week the limits count in. source_name, contact_id: the '
'contact that it was for. hidden: taken out of the feed by a person, with a note; neither it nor what was taken back counts.';
create index kudos_by_agent on game.kudos (agent_id, given_date);
create index kudos_by_giver on game.kudos (from_agent_id, given_date);
create index kudos_by_time on game.kudos (given_at);

create table game.contests (
    contest_id integer primary key generated always as identity,
    contest_name text not null check (char_length(contest_name) between 1 and 80),
    about_text text not null default '' check (char_length(about_text) <= 600),
    kind_name text not null check (kind_name in ('individual', 'team', 'own_best', 'same_day')),
    team_id integer references warehouse.teams (team_id),
    rule_name text references game.rules (rule_name),
    above_name text check (above_name ~ '^[a-z][a-z_]{1,59}$'),
    below_name text check (below_name ~ '^[a-z][a-z_]{1,59}$'),
    is_less_better boolean not null default false,
    first_date date not null check (first_date >= '1990-01-01' and first_date < '2100-01-01'),
    last_date date not null check (last_date < '2100-01-01'),
    minimum_count integer not null default 0 check (minimum_count >= 0),
    minimum_hours integer not null default 0 check (minimum_hours >= 0),
    minimum_agents integer not null default 3 check (minimum_agents between 1 and 1000),
    minimum_qualified_agents integer not null default 2 check (minimum_qualified_agents between 1 and 1000),
    tie_name text not null default 'share' check (tie_name in ('share', 'more_work')),
    is_anonymous boolean not null default false,
    is_prorated boolean not null default true,
    account_name text not null default 'coins' check (account_name in ('points', 'coins')),
    state_name text not null default 'draft' check (
        state_name in ('draft', 'announced', 'running', 'pending', 'finalised', 'cancelled')
    ),
    check (last_date >= first_date and last_date - first_date <= 366),
    check (kind_name <> 'same_day' or last_date = first_date),
    check (kind_name <> 'team' or team_id is null),
    check (num_nonnulls(rule_name, above_name) = 1),
    check (below_name is null or above_name is not null)
);
comment on table game.contests is
'Grain: one row per contest or challenge over the working days first_date to last_date. team_id: whose members alone may join; null '
'for everybody. Measured by the points of one rule, or by above_name of game.day_sums over below_name (over the hours worked where '
'is_prorated and below_name is null). own_best: each against their own eight weeks before. What was announced stays as it was.';

create table game.contest_tiers (
    contest_id integer not null references game.contests (contest_id) on delete cascade,
    tier_name text not null check (tier_name in ('gold', 'silver', 'bronze')),
    last_position integer not null check (last_position between 1 and 1000),
    prize_points integer not null check (prize_points between 0 and 100000),
    prize_text text not null default '' check (char_length(prize_text) <= 200),
    primary key (contest_id, tier_name)
);
comment on table game.contest_tiers is
'Grain: one row per contest and tier of prizes: down to which place it goes, and what each one in it gets, in the contest''s account.';

create table game.contest_participants (
    contest_id integer not null references game.contests (contest_id) on delete cascade,
    agent_id integer not null references warehouse.agents (agent_id),
    team_id integer references warehouse.teams (team_id),
    joined_at timestamptz not null check (joined_at >= '1990-01-01' and joined_at < '2100-01-01'),
    left_at timestamptz check (left_at >= joined_at and left_at < '2100-01-01'),
    disqualified_at timestamptz check (disqualified_at >= joined_at and disqualified_at < '2100-01-01'),
    note_text text check (char_length(note_text) between 1 and 600),
    place_number integer check (place_number >= 1),
    result_value double precision check (result_value between -1e15 and 1e15),
    tier_name text check (tier_name in ('gold', 'silver', 'bronze')),
    entry_id bigint references game.ledger (entry_id),
    primary key (contest_id, agent_id),
    check (note_text is null or disqualified_at is not null),
    check (disqualified_at is null or (place_number is null and tier_name is null and entry_id is null))
);
comment on table game.contest_participants is
'Grain: one row per contest and agent who joined it of their own will. team_id: whose part they are, as it was when they joined. '
'left_at: they want no part any more. note_text: why somebody was disqualified. place_number, result_value, tier_name, entry_id: '
'as a person finalised it; null before, and for whoever did not qualify.';
create index contest_participants_by_agent on game.contest_participants (agent_id);

create table game.contest_moves (
    move_id bigint primary key generated always as identity,
    contest_id integer not null references game.contests (contest_id) on delete cascade,
    moved_at timestamptz not null check (moved_at >= '1990-01-01' and moved_at < '2100-01-01'),
    from_name text,
    to_name text not null,
    actor_name text not null,
    note_text text not null default '' check (char_length(note_text) <= 600)
);
comment on table game.contest_moves is 'Grain: one row per step of a contest from one state to the next, and who took it, why.';

create table game.store_items (
    item_id integer primary key generated always as identity,
    item_name text not null check (char_length(item_name) between 1 and 80),
    about_text text not null default '' check (char_length(about_text) <= 600),
    price_coins integer not null check (price_coins between 1 and 1000000),
    stock_count integer check (stock_count >= 0),
    person_limit_count integer check (person_limit_count >= 1),
    approver_name text not null default 'supervisor' check (approver_name in ('supervisor', 'manager')),
    season_name text references game.seasons (season_name) on update cascade,
    tax_text text not null default '' check (char_length(tax_text) <= 300),
    is_on boolean not null default true
);
comment on table game.store_items is
'Grain: one row per thing that coins can be spent on. stock_count: how many there are in all, ordered ones included; null without '
'end. person_limit_count: how many one person may have, null without limit. approver_name: who has to agree, at least. tax_text: '
'what payroll has to know.';

create table game.store_budgets (
    team_id integer primary key references warehouse.teams (team_id) on delete cascade,
    month_coins integer not null check (month_coins >= 0)
);
comment on table game.store_budgets is 'Grain: one row per team whose members together may spend at most so many coins in a month.';

create table game.store_orders (
    order_id bigint primary key generated always as identity,
    item_id integer not null references game.store_items (item_id),
    agent_id integer not null references warehouse.agents (agent_id),
    team_id integer references warehouse.teams (team_id),
    price_coins integer not null check (price_coins >= 1),
    month_date date not null check (extract(day from month_date) = 1 and month_date >= '1990-01-01' and month_date < '2100-01-01'),
    state_name text not null default 'requested' check (state_name in ('requested', 'approved', 'fulfilled', 'rejected', 'cancelled')),
    requested_at timestamptz not null check (requested_at >= '1990-01-01' and requested_at < '2100-01-01'),
    changed_at timestamptz not null check (changed_at >= '1990-01-01' and changed_at < '2100-01-01'),
    approved_by_name text,
    note_text text check (char_length(note_text) between 1 and 600),
    purchase_entry_id bigint not null unique references game.ledger (entry_id),
    refund_entry_id bigint unique references game.ledger (entry_id),
    check ((state_name in ('rejected', 'cancelled')) = (refund_entry_id is not null)),
    check (state_name <> 'rejected' or note_text is not null),
    check (state_name not in ('approved', 'fulfilled') or approved_by_name is not null)
);
comment on table game.store_orders is
'Grain: one row per order of one thing. Its coins are spent when it is requested (purchase_entry_id), and given back whole when it '
'is rejected or cancelled. team_id, month_date: whose budget of which month it is taken from.';
create index store_orders_by_agent on game.store_orders (agent_id, item_id);
create index store_orders_by_item on game.store_orders (item_id) where state_name not in ('rejected', 'cancelled');

create table game.months (
    month_date date primary key check (extract(day from month_date) = 1 and month_date >= '1990-01-01' and month_date < '2100-01-01'),
    state_name text not null default 'proposed' check (state_name in ('proposed', 'decided', 'nobody', 'named', 'unnamed')),
    agent_id integer references warehouse.agents (agent_id),
    proposed_at timestamptz not null check (proposed_at >= '1990-01-01' and proposed_at < '2100-01-01'),
    decided_at timestamptz check (decided_at >= '1990-01-01' and decided_at < '2100-01-01'),
    decided_by_name text,
    reason_text text check (char_length(reason_text) between 3 and 600),
    answered_at timestamptz check (answered_at >= '1990-01-01' and answered_at < '2100-01-01'),
    check ((state_name in ('decided', 'named', 'unnamed')) = (agent_id is not null)),
    check ((state_name = 'proposed') = (decided_at is null)),
    check ((state_name = 'proposed') = (decided_by_name is null)),
    check ((state_name = 'proposed') = (reason_text is null)),
    check (state_name in ('named', 'unnamed') or answered_at is null)
);
comment on table game.months is
'Grain: one row per month for which an employee of the month was looked for. A person decides among the proposed, or for nobody; the '
'name is shown to others from when that employee said so (named) until they take it back (unnamed).';

create table game.month_proposals (
    month_date date not null check (month_date >= '1990-01-01' and month_date < '2100-01-01')
    references game.months (month_date) on delete cascade,
    agent_id integer not null references warehouse.agents (agent_id),
    place_number integer not null check (place_number between 1 and 3),
    lowest_position integer not null check (lowest_position >= 1),
    highest_position integer not null check (highest_position >= lowest_position),
    people_count integer not null check (people_count >= highest_position),
    evidence_text text not null check (char_length(evidence_text) between 2 and 4000),
    primary key (month_date, agent_id),
    unique (month_date, place_number)
);
comment on table game.month_proposals is
'Grain: one row per month and agent whom the rule proposed. lowest_position, highest_position: where they stand among people_count with '
'nine chances in ten. evidence_text: what that rests on, as it was known then (JSON).';

-- No way round a state: what a row may become is checked below every page.
create function game.keeps_way() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    ways constant jsonb := '{
        "contests": {
            "draft": ["announced", "cancelled"], "announced": ["running", "cancelled"], "running": ["pending", "cancelled"],
            "pending": ["finalised", "cancelled"]
        },
        "store_orders": {"requested": ["approved", "rejected", "cancelled"], "approved": ["fulfilled", "rejected"]},
        "months": {
            "proposed": ["decided", "nobody"], "decided": ["proposed", "named", "unnamed"], "nobody": ["proposed"],
            "named": ["unnamed"], "unnamed": ["named"]
        },
        "kudos": {"standing": ["taken_back", "hidden"], "hidden": ["standing"]}
    }';
begin
    if new.state_name <> old.state_name and not coalesce(ways -> tg_table_name -> old.state_name ? new.state_name, false) then
        raise exception 'in % nothing goes from % to %', tg_table_name, old.state_name, new.state_name using errcode = '23514';
    end if;
    if
        tg_table_name = 'contests' and old.state_name <> 'draft'
        and to_jsonb(new) - 'state_name' is distinct from to_jsonb(old) - 'state_name'
    then
        raise exception 'what was announced of a contest stays as it was' using errcode = '23514';
    end if;
    return new;
end
$$;
comment on function game.keeps_way is 'Refuses a step that the way of a contest, an order, a month or a thank-you does not have.';

create function game.keeps_tiers() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if exists (
        select 1 from game.contests as c where c.contest_id = coalesce(new.contest_id, old.contest_id) and c.state_name <> 'draft'
    ) then
        raise exception 'what was announced of a contest stays as it was' using errcode = '23514';
    end if;
    return coalesce(new, old);
end
$$;
comment on function game.keeps_tiers is 'Refuses to change the prizes of a contest that was announced.';
create trigger keeps before insert or update or delete on game.contest_tiers for each row execute function game.keeps_tiers();

do $$
declare
    table_name text;
begin
    foreach table_name in array array['contests', 'store_orders', 'months', 'kudos'] loop
        execute format('create trigger keeps_way before update on game.%I for each row execute function game.keeps_way()', table_name);
    end loop;
end
$$;

-- A thank-you counts for the day on which it was given, also where it is hidden or taken back later.
do $$
declare
    verb record;
begin
    for verb in
        select * from (values
            ('insert', 'new table as new_rows'), ('delete', 'old table as old_rows'),
            ('update', 'old table as old_rows new table as new_rows')
        ) as v (verb_name, rows_text)
    loop
        execute format(
            'create trigger game_notes_%s after %s on game.kudos referencing %s for each statement '
            'execute function game.notes_days(''work'', ''given_at'')',
            verb.verb_name, verb.verb_name, verb.rows_text
        );
    end loop;
end
$$;
create trigger game_notes_truncate after truncate on game.kudos for each statement execute function game.notes_all();

create function game.site_date(as_of timestamptz) returns date
language sql stable as $$
select (
    as_of at time zone warehouse.site_zone_name()
    - make_interval(hours => (select s.day_starts_hour from game.settings as s where s.site_name is null))
)::date
$$;
comment on function game.site_date is 'The site''s working day at that instant: it begins at day_starts_hour of the local clock.';

create function game.day_begins_at(of_date date) returns timestamptz
language sql stable as $$
select (
    of_date + make_interval(hours => (select s.day_starts_hour from game.settings as s where s.site_name is null))
) at time zone warehouse.site_zone_name()
$$;
comment on function game.day_begins_at is 'The instant at which a working day of the site begins.';

create function game.contest_sums(of_contest_id integer)
returns table (
    agent_id integer,
    team_id integer,
    joined_at timestamptz,
    disqualified_at timestamptz,
    note_text text,
    above_value double precision,
    below_value double precision,
    exposure_seconds double precision,
    counted_count bigint,
    baseline_above_value double precision,
    baseline_below_value double precision,
    baseline_exposure_seconds double precision,
    place_number integer,
    result_value double precision,
    tier_name text
)
language sql stable as $$
with contest as (
    select
        c.*,
        case when c.kind_name = 'own_best' then c.first_date - 56 else c.first_date end as earliest_date
    from game.contests as c where c.contest_id = of_contest_id
),

members as (
    select p.* from game.contest_participants as p
    where p.contest_id = of_contest_id and p.left_at is null
),

worked as (
    select
        d.agent_id,
        d.effective_date >= c.first_date as is_now,
        sum((d.sums ->> c.above_name)::double precision) as above_value,
        sum((d.sums ->> c.below_name)::double precision) as below_value,
        -- the hours stand in the rows of what is no contact's
        sum(game.worked_hours(d.sums) * 3600) filter (
            where d.queue_id is null and d.channel_name is null and d.hour_band is null
        ) as exposure_seconds
    from contest as c
    inner join game.day_sums as d on d.effective_date between c.earliest_date and c.last_date
    inner join members as m on d.agent_id = m.agent_id
    group by d.agent_id, d.effective_date >= c.first_date
),

entries as (
    select
        l.agent_id,
        l.effective_date,
        l.entry_points
    from contest as c
    inner join game.ledger as l
        on c.rule_name = l.rule_name and l.account_name = 'points' and l.effective_date between c.earliest_date and c.last_date
    union all
    select
        n.agent_id,
        n.effective_date,
        n.entry_points
    from contest as c
    inner join game.today as n
        on
            c.rule_name = n.rule_name and n.account_name = 'points' and not n.is_held
            and n.effective_date between c.earliest_date and c.last_date
),

pointed as (
    select
        e.agent_id,
        e.effective_date >= c.first_date as is_now,
        sum(e.entry_points)::double precision as above_value,
        count(distinct e.effective_date) as day_count
    from contest as c
    cross join entries as e
    inner join members as m on e.agent_id = m.agent_id
    group by e.agent_id, e.effective_date >= c.first_date
)

select
    m.agent_id,
    m.team_id,
    m.joined_at,
    m.disqualified_at,
    m.note_text,
    case when c.rule_name is null then w.above_value else coalesce(p.above_value, 0) end,
    w.below_value,
    w.exposure_seconds,
    case
        when c.rule_name is not null then coalesce(p.day_count, 0)
        else coalesce(round(case when c.below_name is null then w.above_value else w.below_value end), 0)::bigint
    end,
    case when c.rule_name is null then b.above_value else coalesce(q.above_value, 0) end,
    b.below_value,
    b.exposure_seconds,
    m.place_number,
    m.result_value,
    m.tier_name
from contest as c
cross join members as m
left join worked as w on m.agent_id = w.agent_id and w.is_now
left join worked as b on m.agent_id = b.agent_id and not b.is_now
left join pointed as p on m.agent_id = p.agent_id and p.is_now
left join pointed as q on m.agent_id = q.agent_id and not q.is_now
$$;
comment on function game.contest_sums is
'Grain: one row per agent who takes part: what the contest counts, of how many, in which hours, and the same of the eight weeks '
'before where it is against one''s own best. Made of the facts as they are known now; null where nothing was measured.';

create function game.coins_due(from_date date, to_date date)
returns table (
    agent_id integer, effective_date date, day_points bigint, due_coins integer, standing_entry_id bigint, standing_coins integer
)
language sql stable as $$
with counted as (
    select
        l.agent_id,
        coalesce(b.effective_date, l.effective_date) as effective_date,
        l.entry_points,
        coalesce(b.kind_name, l.kind_name) as kind_name
    from game.ledger as l
    left join game.ledger as b on l.reverses_entry_id = b.entry_id
    where
        l.account_name = 'points' and l.effective_date between from_date and to_date
),

due as (
    select
        c.agent_id,
        c.effective_date,
        sum(c.entry_points) as day_points,
        -- rounded half up, once a day
        greatest(0, floor(sum(c.entry_points)::numeric / r.coin_points + 0.5))::integer as due_coins
    from counted as c
    cross join lateral (
        select
            o.coin_points,
            o.counted_kinds
        from game.coin_rates as o where o.valid_from_date <= c.effective_date
        order by o.valid_from_date desc limit 1
    ) as r
    where c.kind_name = any(r.counted_kinds)
    group by c.agent_id, c.effective_date, r.coin_points
),

standing as (
    select
        l.agent_id,
        l.effective_date,
        l.entry_id,
        l.entry_points
    from game.ledger as l
    where
        l.account_name = 'coins' and l.kind_name = 'earning' and l.effective_date between from_date and to_date
        and not exists (select 1 from game.ledger as b where b.reverses_entry_id = l.entry_id)
)

select
    coalesce(d.agent_id, s.agent_id),
    coalesce(d.effective_date, s.effective_date),
    coalesce(d.day_points, 0)::bigint,
    coalesce(d.due_coins, 0),
    s.entry_id,
    s.entry_points
from due as d
full join standing as s on d.agent_id = s.agent_id and d.effective_date = s.effective_date
where coalesce(d.due_coins, 0) <> coalesce(s.entry_points, 0)
$$;
comment on function game.coins_due is
'Grain: one row per agent and working day whose coins are not what its points make: what they make, and the entry that stands.';

create function game.coins_expiring(as_of_date date)
returns table (agent_id integer, expiring_coins bigint)
language sql stable as $$
with life as (
    select as_of_date - s.coin_life_days as last_date from game.social_settings as s where s.coin_life_days is not null
),

sums as (
    -- the oldest are spent first: what was got before the day, less all that was ever spent
    select
        l.agent_id,
        sum(l.entry_points) as balance_coins,
        sum(l.entry_points) filter (
            where coalesce(b.kind_name, l.kind_name) not in ('purchase', 'refund', 'expiry')
            and coalesce(b.effective_date, l.effective_date) < f.last_date
        ) as got_coins,
        -coalesce(sum(l.entry_points) filter (
            where coalesce(b.kind_name, l.kind_name) in ('purchase', 'refund', 'expiry')
        ), 0) as spent_coins
    from life as f
    inner join game.ledger as l on l.account_name = 'coins'
    left join game.ledger as b on l.reverses_entry_id = b.entry_id
    group by l.agent_id
)

select
    s.agent_id,
    least(s.balance_coins, s.got_coins - s.spent_coins)::bigint
from sums as s
where least(s.balance_coins, s.got_coins - s.spent_coins) > 0
$$;
comment on function game.coins_expiring is
'Grain: one row per agent with coins older than coins live: how many expire, the oldest having been spent first.';

-- What colleagues see of each other: names with consent, never another's rows.
create function access.colleague_names()
returns table (agent_id integer, agent_name text, team_id integer, team_name text, is_same_team boolean, is_named boolean, is_seen boolean)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
with own_teams as (
    select m.team_id from warehouse.team_spans as m
    where m.agent_id = access.agent_id() and access.is_current(m.started_date, m.ended_date)
),

people as (
    select
        a.agent_id,
        a.agent_name,
        m.team_id,
        e.team_name,
        coalesce(m.team_id in (select o.team_id from own_teams as o), false) as is_same_team,
        game.reads_all() or coalesce(a.agent_id = any(access.seen_agent_ids()), false) as is_seen
    from warehouse.agents as a
    left join warehouse.team_spans as m on a.agent_id = m.agent_id and access.is_current(m.started_date, m.ended_date)
    left join warehouse.teams as e on m.team_id = e.team_id
    where a.is_active
)

select
    p.agent_id,
    p.agent_name,
    p.team_id,
    p.team_name,
    p.is_same_team,
    p.is_seen or p.agent_id = access.agent_id() or exists (
        select 1 from access.consents as c
        where
            c.agent_id = p.agent_id and c.withdrawn_at is null
            and (c.board_name = 'leaderboard' or (c.board_name = 'team_board' and p.is_same_team))
    ) as is_named,
    p.is_seen
from people as p
where game.reads_all() or access.claim() is not null
$$;
comment on function access.colleague_names is
'Grain: one row per active agent: whether the reader may read the name on a board (is_named: their own, with consent, or because '
'they answer for the agent). Asked by functions of the owner only.';

create function access.kudos_colleagues() returns table (agent_id integer, agent_name text, team_name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    n.agent_id,
    n.agent_name,
    n.team_name
from access.colleague_names() as n
where (n.is_named or n.is_same_team) and n.agent_id is distinct from access.agent_id()
order by n.agent_name, n.agent_id
$$;
comment on function access.kudos_colleagues is
'Grain: one row per agent whom the reader can thank: those of their own teams, and all whose names they may read anyway.';

create function access.kudos_feed(from_at timestamptz, to_at timestamptz)
returns table (
    kudos_id bigint,
    given_at timestamptz,
    category_name text,
    message_text text,
    agent_id integer,
    agent_name text,
    team_name text,
    from_name text,
    from_role_name text,
    is_given_by_me boolean,
    is_for_me boolean,
    is_mine_to_hide boolean,
    state_name text,
    note_text text,
    source_name text,
    contact_id text
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    k.kudos_id,
    k.given_at,
    k.category_name,
    k.message_text,
    case when n.is_seen or k.agent_id = access.agent_id() then k.agent_id end,
    n.agent_name,
    n.team_name,
    case
        when k.from_agent_id is null then coalesce(o.login_name, '')
        when g.is_named or k.agent_id = access.agent_id() then a.agent_name
    end,
    case when k.from_agent_id is null then coalesce(o.role_name, '') else 'agent' end,
    coalesce(k.from_agent_id = access.agent_id() or k.from_account_id = access.account_id(), false),
    coalesce(k.agent_id = access.agent_id(), false),
    n.is_seen and access.agent_id() is distinct from k.agent_id
    and (game.reads_all() or access.sees_unowned()),
    k.state_name,
    k.note_text,
    case when n.is_seen or access.agent_id() in (k.agent_id, k.from_agent_id) then k.source_name end,
    case when n.is_seen or access.agent_id() in (k.agent_id, k.from_agent_id) then k.contact_id end
from game.kudos as k
inner join access.colleague_names() as n on k.agent_id = n.agent_id
left join access.colleague_names() as g on k.from_agent_id = g.agent_id
left join warehouse.agents as a on k.from_agent_id = a.agent_id
left join access.accounts as o on k.from_account_id = o.account_id
where
    k.given_at >= from_at and k.given_at < to_at
    and (
        k.state_name = 'standing'
        or (
            k.state_name = 'hidden' and n.is_seen and access.agent_id() is distinct from k.agent_id
            and (game.reads_all() or access.sees_unowned())
        )
    )
    and (n.is_named or coalesce(access.agent_id() = k.from_agent_id, false))
order by k.given_at desc, k.kudos_id desc
$$;
comment on function access.kudos_feed is
'Grain: one row per thank-you that the reader may read: to and from themselves, and to whoever lets their name stand there; who '
'gave it stands there with consent, and for whoever was thanked. Hidden ones for those who answer for the agent.';

create function access.contest_board(of_contest_id integer)
returns table (
    agent_id integer,
    alias_number integer,
    agent_name text,
    team_id integer,
    team_name text,
    is_me boolean,
    is_seen boolean,
    is_disqualified boolean,
    note_text text,
    above_value double precision,
    below_value double precision,
    exposure_seconds double precision,
    counted_count bigint,
    baseline_above_value double precision,
    baseline_below_value double precision,
    baseline_exposure_seconds double precision,
    place_number integer,
    result_value double precision,
    tier_name text
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
with standing as (
    select
        s.*,
        -- near enough to the places to know who is in the lowest third, of whom no colleague reads the name
        case
            when c.is_less_better then -1
            else 1
        end * case
            when c.below_name is not null then s.above_value / nullif(s.below_value, 0)
            when c.is_prorated or c.kind_name = 'own_best' then s.above_value / nullif(s.exposure_seconds, 0)
            else s.above_value
        end / case
            when c.kind_name <> 'own_best' then 1
            when c.below_name is not null then nullif(s.baseline_above_value / nullif(s.baseline_below_value, 0), 0)
            else nullif(s.baseline_above_value / nullif(s.baseline_exposure_seconds, 0), 0)
        end as rough_value
    from game.contests as c
    cross join game.contest_sums(of_contest_id) as s
    where c.contest_id = of_contest_id
),

placed as (
    select
        array_agg(p.agent_id) as agent_ids,
        array_agg(p.place_number) as places
    from (
        select
            s.agent_id,
            case
                when s.rough_value is not null and s.disqualified_at is null
                    then coalesce(s.place_number, rank() over (order by s.rough_value desc nulls last))::integer
            end as place_number
        from standing as s
    ) as p
)

select
    case when n.is_seen or n.is_own then s.agent_id end,
    access.alias_number(s.agent_id, 'contest ' || of_contest_id),
    case when n.is_seen or n.is_own or not c.is_anonymous then n.shown_name end,
    s.team_id,
    t.team_name,
    n.is_own,
    n.is_seen,
    s.disqualified_at is not null,
    case when n.is_seen or n.is_own then s.note_text end,
    s.above_value,
    s.below_value,
    s.exposure_seconds,
    s.counted_count,
    s.baseline_above_value,
    s.baseline_below_value,
    s.baseline_exposure_seconds,
    s.place_number,
    s.result_value,
    s.tier_name
from game.contests as c
cross join placed as p
cross join standing as s
inner join game.board_names('leaderboard', p.agent_ids, p.places) as n on s.agent_id = n.agent_id
left join warehouse.teams as t on s.team_id = t.team_id
where
    c.contest_id = of_contest_id and c.state_name <> 'draft'
    and (
        game.reads_all() or access.sees_unowned()
        or exists (
            select 1 from game.contest_participants as p
            where p.contest_id = of_contest_id and p.agent_id = access.agent_id() and p.left_at is null
        )
    )
$$;
comment on function access.contest_board is
'Grain: one row per agent who takes part, for those who do, and for those who answer for agents: names with consent (in an anonymous '
'contest none but one''s own and those of agents whom the reader answers for), else the number of another name.';

create function access.contest_list(as_of timestamptz)
returns table (
    contest_id integer,
    joined_agents bigint,
    is_joined boolean,
    is_mine boolean,
    is_joinable boolean,
    begins_at timestamptz,
    ends_at timestamptz,
    settles_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    c.contest_id,
    count(p.agent_id) filter (where p.left_at is null),
    coalesce(bool_or(p.agent_id = access.agent_id() and p.left_at is null), false),
    game.reads_all() or coalesce(c.team_id = any(access.own_team_ids()), false),
    c.state_name in ('announced', 'running') and access.agent_id() is not null and (
        c.team_id is null or exists (
            select 1 from warehouse.team_spans as m
            where m.agent_id = access.agent_id() and m.team_id = c.team_id and access.is_current(m.started_date, m.ended_date)
        )
    ),
    game.day_begins_at(c.first_date),
    game.day_begins_at(c.last_date + 1),
    game.day_begins_at(c.last_date + 1)
    + make_interval(hours => (select g.settle_hours from game.settings as g where g.site_name is null))
from game.contests as c
left join game.contest_participants as p on c.contest_id = p.contest_id
where c.state_name <> 'draft' or game.reads_all() or access.sees_unowned()
group by c.contest_id
$$;
comment on function access.contest_list is
'Grain: one row per contest that the reader may know of: how many take part, whether they do, whether they may, and from when to when.';

create function access.store_shelf(as_of timestamptz)
returns table (
    item_id integer,
    left_count bigint,
    own_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    i.item_id,
    i.stock_count - count(o.order_id),
    count(o.order_id) filter (where o.agent_id = access.agent_id())
from game.store_items as i
left join game.store_orders as o on i.item_id = o.item_id and o.state_name not in ('rejected', 'cancelled')
group by i.item_id
$$;
comment on function access.store_shelf is
'Grain: one row per thing of the store: how many are left (null: without end), and how many the reader has ordered.';

create function access.month_archive()
returns table (
    month_date date,
    state_name text,
    agent_id integer,
    agent_name text,
    team_name text,
    is_me boolean,
    is_seen boolean,
    reason_text text,
    decided_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    m.month_date,
    m.state_name,
    case when n.is_seen or m.agent_id = access.agent_id() then m.agent_id end,
    case when m.state_name = 'named' or n.is_seen or m.agent_id = access.agent_id() then a.agent_name end,
    case when m.state_name = 'named' or n.is_seen or m.agent_id = access.agent_id() then n.team_name end,
    coalesce(m.agent_id = access.agent_id(), false),
    coalesce(n.is_seen, false),
    case when m.state_name in ('named', 'nobody') or n.is_seen or m.agent_id = access.agent_id() then m.reason_text end,
    m.decided_at
from game.months as m
left join warehouse.agents as a on m.agent_id = a.agent_id
left join access.colleague_names() as n on m.agent_id = n.agent_id
where m.state_name <> 'proposed' and (game.reads_all() or access.claim() is not null)
order by m.month_date desc
$$;
comment on function access.month_archive is
'Grain: one row per month that was decided: the name where its owner lets it stand, for themselves, and for who answers for them.';

revoke all on function access.colleague_names(), access.kudos_colleagues(), access.kudos_feed(timestamptz, timestamptz),
access.contest_board(integer), access.contest_list(timestamptz), access.store_shelf(timestamptz), access.month_archive() from public;
