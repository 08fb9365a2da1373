-- What leaves the house: badges as credentials that anybody can check, the keys that sign them, and which no longer hold.

create table game.issuer_keys (
    key_id text primary key check (key_id ~ '^[A-Za-z0-9_-]{43}$'),
    algorithm_name text not null check (algorithm_name in ('EdDSA', 'ES256')),
    public_jwk jsonb not null check (jsonb_typeof(public_jwk) = 'object' and not public_jwk ? 'd'),
    made_at timestamptz not null check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    retired_at timestamptz check (retired_at >= made_at and retired_at < '2100-01-01')
);
comment on table game.issuer_keys is
'Grain: one row per key that badges leave the house with, its public half alone: the other lies in a file of the server. '
'retired_at: null for the one in use. A retired key signs nothing more; what it signed is still checked with it.';
create unique index issuer_keys_in_use on game.issuer_keys ((true)) where retired_at is null;

create function game.keep_keys() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if
        tg_op = 'DELETE' or old.retired_at is not null
        or (new.key_id, new.algorithm_name, new.public_jwk, new.made_at)
        is distinct from (old.key_id, old.algorithm_name, old.public_jwk, old.made_at)
    then
        raise exception 'a key stays as it was made: badges out there are checked with it; it is only ever retired, once'
            using errcode = '42501';
    end if;
    return new;
end
$$;
comment on function game.keep_keys is 'A key stays as it was made; all that can come to it is its end.';
create trigger kept before update or delete on game.issuer_keys for each row execute function game.keep_keys();
create trigger kept_whole before truncate on game.issuer_keys for each statement execute function game.stays();

create sequence game.credential_numbers as bigint minvalue 0 start with 0;
comment on sequence game.credential_numbers is 'The place of a credential in the status list; none is ever used again.';

create table game.credentials (
    credential_key text primary key check (credential_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    status_number bigint not null unique check (status_number >= 0),
    agent_id integer not null references warehouse.agents (agent_id),
    entry_id bigint not null references game.ledger (entry_id),
    key_id text not null references game.issuer_keys (key_id),
    issued_at timestamptz not null check (issued_at >= '1990-01-01' and issued_at < '2100-01-01'),
    token_text text not null check (char_length(token_text) between 1 and 40000)
);
comment on table game.credentials is
'Grain: one row per time that an agent took a badge home: the signed credential, which holds their address as a salted hash only.';
create index credentials_by_entry on game.credentials (entry_id);
create index credentials_by_agent on game.credentials (agent_id, issued_at);

create table game.credential_revocations (
    status_number bigint primary key check (status_number >= 0),
    revoked_at timestamptz not null check (revoked_at >= '1990-01-01' and revoked_at < '2100-01-01'),
    reason_name text not null check (reason_name in ('asked', 'replaced', 'reversed', 'key'))
);
comment on table game.credential_revocations is
'Grain: one row per credential that no longer holds, by its place in the public status list; it tells of nobody. asked: by its '
'owner; replaced: the same badge was taken again; reversed: the ledger took the badge back; key: signed with a key that was lost.';
create trigger stays before update or delete on game.credential_revocations for each row execute function game.stays();
create trigger stays_whole before truncate on game.credential_revocations for each statement execute function game.stays();

create function game.badge_stands(of_entry_id bigint) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
with own as (
    select
        l.entry_key,
        l.agent_id,
        l.tier_name
    from game.ledger as l
    where l.entry_id = of_entry_id and l.account_name = 'badges'
),

entries as (
    select
        l.entry_id,
        l.entry_points,
        l.tier_name
    from own as o
    inner join game.ledger as l
        on o.entry_key = l.entry_key and o.agent_id = l.agent_id and l.account_name = 'badges'
),

corrections as (
    select l.entry_points
    from entries as e
    inner join game.ledger as l on e.entry_id = l.corrects_entry_id
    where l.account_name = 'badges' and not exists (select from entries as s where s.entry_id = l.entry_id)
)

select
    exists (
        select
        from entries as e
        inner join own as o on e.tier_name is not distinct from o.tier_name
        where e.entry_points > 0 and not exists (select from game.ledger as r where r.reverses_entry_id = e.entry_id)
    )
    and (select coalesce(sum(e.entry_points), 0) from entries as e)
    + (select coalesce(sum(c.entry_points), 0) from corrections as c) > 0
$$;
comment on function game.badge_stands is
'Whether the badge of that entry is held, at the same tier: by the entry itself, or by the one that came in its place.';

create function game.fits_badge() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if
        not exists (
            select
            from game.ledger as l
            where l.entry_id = new.entry_id and l.agent_id = new.agent_id and l.account_name = 'badges' and l.entry_points > 0
        )
        or not game.badge_stands(new.entry_id)
    then
        raise exception 'a credential is made of a badge that this agent holds' using errcode = '23514';
    end if;
    return new;
end
$$;
comment on function game.fits_badge is 'Nobody takes home what they do not hold.';
create trigger fits before insert on game.credentials for each row execute function game.fits_badge();

create function game.revoke_taken_back() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    insert into game.credential_revocations (status_number, revoked_at, reason_name)
    select
        c.status_number,
        new.recorded_at,
        'reversed'
    from game.credentials as c
    inner join game.ledger as l on c.entry_id = l.entry_id
    where
        (l.entry_key = new.entry_key or l.entry_id = new.corrects_entry_id)
        and l.agent_id = new.agent_id
        and not game.badge_stands(c.entry_id)
    on conflict (status_number) do nothing;
    return null;
end
$$;
comment on function game.revoke_taken_back is
'What the ledger takes back, no longer holds outside the house. Asked at the end of the transaction: a badge that is taken back and '
'given anew in one go was never gone.';
create constraint trigger taken_back after insert on game.ledger deferrable initially deferred
for each row when (new.account_name = 'badges' and new.entry_points < 0) execute function game.revoke_taken_back();

-- What a wall may tell: of those alone who allow their name on one, and now.
create function access.wall_moments(as_of timestamptz)
returns table (
    moment_id bigint,
    agent_id integer,
    agent_name text,
    kind_name text,
    name_text text,
    tier_name text,
    rule_name text,
    spec_text text,
    happened_at timestamptz
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    m.moment_id,
    m.agent_id,
    c.agent_name,
    m.kind_name,
    m.name_text,
    coalesce(m.tier_name, l.tier_name),
    l.rule_name,
    v.spec_text,
    m.happened_at
from access.consented_agents('wall') as c
inner join warehouse.agents as a on c.agent_id = a.agent_id and a.is_active
inner join game.moments as m on c.agent_id = m.agent_id
left join game.ledger as l on m.entry_id = l.entry_id
left join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
where
    m.kind_name in ('badge', 'level', 'record', 'streak') and warehouse.is_individual('game')
    and m.happened_at <= $1 and m.happened_at > $1 - interval '7 days'
    and not exists (select from game.ledger as r where r.reverses_entry_id = m.entry_id)
order by m.happened_at desc, m.moment_id desc
limit 30
$$;
comment on function access.wall_moments is
'Grain: one row per badge, level, record or streak of the last seven days of those who allow their name on a wall, the newest first, '
'at most thirty; none that was taken back. spec_text: the rule''s, which says whether its name is told to those who have not earned it.';
revoke all on function access.wall_moments(timestamptz) from public;

create function access.wall_kudos(as_of timestamptz)
returns table (
    kudos_id bigint,
    agent_name text,
    from_agent_name text,
    category_name text,
    given_at timestamptz,
    week_count bigint
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
with standing as (
    select
        k.kudos_id,
        k.agent_id,
        k.from_agent_id,
        k.category_name,
        k.given_at
    from game.kudos as k
    where k.state_name = 'standing' and k.given_at <= $1 and k.given_at > $1 - interval '7 days'
),

named as (
    select
        s.kudos_id,
        c.agent_name,
        g.agent_name as from_agent_name,
        s.category_name,
        s.given_at
    from standing as s
    inner join access.consented_agents('wall') as c on s.agent_id = c.agent_id
    inner join warehouse.agents as a on s.agent_id = a.agent_id and a.is_active
    left join access.consented_agents('wall') as g on s.from_agent_id = g.agent_id
    order by s.given_at desc, s.kudos_id desc
    limit 30
),

counted as (
    select count(*) as week_count from standing
)

select
    n.kudos_id,
    n.agent_name,
    n.from_agent_name,
    n.category_name,
    n.given_at,
    t.week_count
from counted as t
left join named as n on true
order by n.given_at desc nulls last, n.kudos_id desc
$$;
comment on function access.wall_kudos is
'Grain: one row per thank-you of the last seven days whose receiver allows their name on a wall, the newest first, at most thirty; one '
'without a name where there is none. week_count: how many there were in all. What was written is not told on a wall.';
revoke all on function access.wall_kudos(timestamptz) from public;
revoke all on function game.fits_badge(), game.revoke_taken_back() from public;
