-- What a person allows to be shown of them, the number of the name that stands for whoever allows nothing, what is kept
-- about a person for that person, and since when which key stands between callers and what stands for them.

create table access.consents (
    consent_id integer primary key generated always as identity,
    agent_id integer not null references warehouse.agents (agent_id) on delete cascade,
    board_name text not null check (board_name in ('wall', 'leaderboard', 'team_board')),
    given_at timestamptz not null check (given_at >= '1990-01-01' and given_at < '2100-01-01'),
    withdrawn_at timestamptz check (withdrawn_at >= '1990-01-01' and withdrawn_at < '2100-01-01'),
    is_withdrawn_by_person boolean,
    check (withdrawn_at >= given_at),
    check (withdrawn_at is not null or is_withdrawn_by_person is null)
);
comment on table access.consents is
'Grain: one row per time that a person allowed their name on a kind of board. withdrawn_at: null while it holds. Given by the '
'person alone; ended by the person, by an administrator for them, or with their erasure.';
create unique index consents_in_force on access.consents (agent_id, board_name) where withdrawn_at is null;

create function access.keep_consents() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if
        old.withdrawn_at is not null or new.withdrawn_at is null
        or (new.consent_id, new.agent_id, new.board_name, new.given_at)
        is distinct from (old.consent_id, old.agent_id, old.board_name, old.given_at)
    then
        raise exception 'a consent is only ever withdrawn, once; give a new one' using errcode = '23514';
    end if;
    return new;
end
$$;
comment on function access.keep_consents is 'A consent stays as it was given; all that can come to it is its end.';
create trigger kept before update on access.consents
for each row execute function access.keep_consents();

create function access.agent_id() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select nullif(split_part(access.claim(), '|', 3), '')::integer
$$;
comment on function access.agent_id is 'Whose own figures the reader has; null for nobody''s, and where nobody has entered.';

create function access.consented_agents(of_board_name text) returns table (agent_id integer, agent_name text)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    a.agent_id,
    a.agent_name
from access.consents as c
inner join warehouse.agents as a on c.agent_id = a.agent_id
where c.board_name = of_board_name and c.withdrawn_at is null
order by a.agent_name, a.agent_id
$$;
comment on function access.consented_agents is 'Whose names that kind of board may show, now.';

create table access.alias_keys (
    key_id integer primary key generated always as identity,
    key_bytes bytea not null default
    sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) check (length(key_bytes) >= 32),
    made_at timestamptz not null default now() check (made_at >= '1990-01-01' and made_at < '2100-01-01')
);
comment on table access.alias_keys is
'Grain: one row per key that names are made with; the newest is in use. Without it no name leads back to an agent.';
insert into access.alias_keys default values;

-- A permutation of 14 bits in six rounds (Feistel's construction, Luby and Rackoff 1988, keyed by HMAC-SHA-256): two agents
-- never share a name on one board, and without the key nobody finds the way back, nor from one season to the next.
create function access.alias_number(of_agent_id integer, season_name text) returns integer
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    key_bytes bytea := (select k.key_bytes from access.alias_keys as k order by k.key_id desc limit 1);
    board_text text := concat_ws('|', 'alias', coalesce(access.account_id(), 0), season_name, of_agent_id / 16384);
    left_half integer := (of_agent_id % 16384) / 128;
    right_half integer := of_agent_id % 128;
    mixed integer;
begin
    if of_agent_id is null or season_name is null then
        return null;
    end if;
    for round in 1..6 loop
        mixed := left_half
            # (get_byte(access.hmac(key_bytes, convert_to(concat_ws('|', board_text, round, right_half), 'UTF8')), 0) % 128);
        left_half := right_half;
        right_half := mixed;
    end loop;
    return (of_agent_id / 16384) * 16384 + left_half * 128 + right_half;
end
$$;
comment on function access.alias_number is
'Stands for an agent on the reader''s boards of one season: another for each reader and season, never the same for two agents.';

create function access.may_take(of_agent_id integer) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    -- the role that was stepped down to: a function of the owner's, as this one is, does not change it
    access.claim() is null
    and not array[session_user::text, current_setting('role')] && array['floorboard_pages', 'floorboard_reader', 'floorboard_wall']
    or access.agent_id() is not distinct from of_agent_id
    or access.sees_everybody()
$$;
comment on function access.may_take is
'Whether the reader may take along all that is kept about this agent: the person, and whoever answers for the site.';

create function access.own_tables()
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
    where n.nspname in ('warehouse', 'ops', 'access') and t.relkind in ('r', 'p') and not t.relispartition
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
comment on function access.own_tables is
'Every table with rows of a single agent, found in the catalogue, with the condition that finds those of agent $1.';

create function access.own_data(of_agent_id integer)
returns table (table_name text, about_text text, row_count bigint, first_at timestamptz, last_at timestamptz)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    if not access.may_take(of_agent_id) then
        raise exception 'these are the data of somebody else' using errcode = '42501';
    end if;
    for one in select * from access.own_tables() loop
        table_name := one.schema_name || '.' || one.table_name;
        about_text := one.about_text;
        execute format(
            'select count(*), min(%1$s)::timestamptz, max(%1$s)::timestamptz from %2$I.%3$I as t where %4$s',
            coalesce('t.' || quote_ident(one.instant_name), 'null'), one.schema_name, one.table_name, one.condition_text
        ) into row_count, first_at, last_at using of_agent_id;
        return next;
    end loop;
end
$$;
comment on function access.own_data is
'Grain: one row per table with rows of single agents: how many are this agent''s, from when to when. Not for another agent.';

create function access.own_rows(of_agent_id integer, of_table_name text) returns setof jsonb
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    one record;
begin
    if not access.may_take(of_agent_id) then
        raise exception 'these are the data of somebody else' using errcode = '42501';
    end if;
    for one in select o.* from access.own_tables() as o where o.schema_name || '.' || o.table_name = of_table_name loop
        return query execute format(
            'select to_jsonb(t) - array[''password_hash_text'', ''token_sha256''] from %I.%I as t where %s order by %s',
            one.schema_name, one.table_name, one.condition_text, coalesce('t.' || quote_ident(one.instant_name), '1')
        ) using of_agent_id;
    end loop;
end
$$;
comment on function access.own_rows is
'The rows about this agent in one table, as they are kept; the table is one that access.own_tables names.';

create table ops.customer_periods (
    started_at timestamptz primary key check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    key_hash_text text not null check (key_hash_text ~ '^[0-9a-f]{16}$'),
    destroyed_at timestamptz check (destroyed_at >= '1990-01-01' and destroyed_at < '2100-01-01')
);
comment on table ops.customer_periods is
'Grain: one row per time with a key of its own for what stands for callers, until the next begins. The key lies elsewhere.';

revoke all on all functions in schema access from public;
