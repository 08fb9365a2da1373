-- Who may see what, known to the database itself: accounts with their role, and a proof of who reads that a page cannot forge.

create schema access;
comment on schema access is
'Accounts, their sessions and rights. Nothing in it is granted to whoever reads for a page, but for a few functions.';

-- RFC 2104: the key as the inner and the outer hash take it in, made once and not at every question.
create function access.padded(key_bytes bytea, pad_number integer) returns bytea
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
    given bytea := case when length(key_bytes) > 64 then sha256(key_bytes) else key_bytes end;
    made bytea;
begin
    made := given || decode(repeat('00', 64 - length(given)), 'hex');
    for place in 0..63 loop
        made := set_byte(made, place, get_byte(made, place) # pad_number);
    end loop;
    return made;
end
$$;
comment on function access.padded is 'A key as HMAC-SHA-256 takes it in: 54 for the inner hash, 92 for the outer one.';

create table access.keys (
    key_id integer primary key generated always as identity,
    key_bytes bytea not null default
    sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')) check (length(key_bytes) >= 32),
    inner_bytes bytea not null generated always as (access.padded(key_bytes, 54)) stored,
    outer_bytes bytea not null generated always as (access.padded(key_bytes, 92)) stored,
    made_at timestamptz not null default now() check (made_at >= '1990-01-01' and made_at < '2100-01-01')
);
comment on table access.keys is
'Grain: one row per key that signs who reads; the newest is in use. Readable by the owner alone; in no backup.';
insert into access.keys default values;

create table access.accounts (
    account_id integer primary key generated always as identity,
    login_name text not null unique check (login_name <> '' and length(login_name) <= 320),
    role_name text not null check (
        role_name in ('agent', 'supervisor', 'manager', 'executive', 'administrator', 'wall')
    ),
    agent_id integer references warehouse.agents (agent_id),
    issuer_text text,
    subject_text text,
    password_hash_text text,
    is_active boolean not null default true,
    made_at timestamptz not null default now() check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    check ((issuer_text is null) = (subject_text is null)),
    check (role_name <> 'agent' or agent_id is not null or not is_active),
    unique (issuer_text, subject_text)
);
create unique index accounts_by_login_name on access.accounts (lower(login_name));
comment on table access.accounts is
'Grain: one row per account. agent_id: whose own figures it may read. issuer and subject: the identity provider''s words.';

create table access.account_teams (
    account_id integer not null references access.accounts (account_id) on delete cascade,
    team_id integer not null references warehouse.teams (team_id) on delete cascade,
    primary key (account_id, team_id)
);
comment on table access.account_teams is
'Grain: one row per account and team whose agents a supervisor sees.';

create table access.sessions (
    token_sha256 bytea primary key check (length(token_sha256) = 32),
    account_id integer not null references access.accounts (account_id) on delete cascade,
    started_at timestamptz not null default now() check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    ends_at timestamptz not null check (ends_at >= '1990-01-01' and ends_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= '1990-01-01' and ended_at < '2100-01-01'),
    check (ends_at > started_at)
);
comment on table access.sessions is
'Grain: one row per sign-in. Only the hash of its token is kept. ended_at: signed out or revoked before its end.';
create index sessions_by_account on access.sessions (account_id);

create function access.hmac(key_bytes bytea, message_bytes bytea) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
select sha256(access.padded(key_bytes, 92) || sha256(access.padded(key_bytes, 54) || message_bytes))
$$;
comment on function access.hmac is 'HMAC-SHA-256; the server brings no keyed hash of its own.';

create function access.signature(claim_text text) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select encode(
    sha256(
        k.outer_bytes
        || sha256(
            -- of this transaction of this connection only: what is overheard serves nobody later
            k.inner_bytes
            || convert_to(
                concat_ws('|', claim_text, pg_backend_pid(), extract(epoch from transaction_timestamp())), 'UTF8'
            )
        )
    ),
    'hex'
)
from access.keys as k
order by k.key_id desc
limit 1
$$;
comment on function access.signature is
'What proves that the claim was made by access.enter in this very transaction: HMAC-SHA-256. Granted to nobody.';

create function access.claim() returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
    told text := current_setting('floorboard.viewer', true);
    claim_text text := substr(told, 66);
begin
    if told is null or told = '' or left(told, 64) is distinct from access.signature(claim_text) then
        return null;
    end if;
    return claim_text;
end
$$;
comment on function access.claim is
'Who reads: account|role|own agent|agents seen (* for all, else ids); null where nobody has entered.';

create function access.is_current(started_date date, ended_date date) returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
select current_date >= started_date and (ended_date is null or current_date < ended_date)
$$;
comment on function access.is_current is 'Whether a membership of a team lasts today.';

create function access.role_name() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select split_part(access.claim(), '|', 2)
$$;
comment on function access.role_name is 'The reader''s role; null where nobody has entered.';

create function access.account_id() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select split_part(access.claim(), '|', 1)::integer
$$;
comment on function access.account_id is 'The reader''s account; null where nobody has entered.';

create function access.login_name() returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select a.login_name from access.accounts as a where a.account_id = access.account_id()
$$;
comment on function access.login_name is 'The name under which the reader signed in; null where nobody has entered.';

create function access.sees_everybody() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select coalesce(split_part(access.claim(), '|', 4) = '*', false)
$$;
comment on function access.sees_everybody is 'Whether the reader sees the rows of every agent, and those of none.';

create function access.seen_agent_ids() returns integer []
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select string_to_array(nullif(nullif(split_part(access.claim(), '|', 4), '*'), ''), ',')::integer []
$$;
comment on function access.seen_agent_ids is 'The agents whose rows the reader sees; null for none, and for whoever sees everybody.';

create function access.sees_unowned() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select coalesce(access.role_name() in ('supervisor', 'manager', 'administrator'), false)
$$;
comment on function access.sees_unowned is 'Whether the reader sees contacts that no agent has taken: those who stand in for a floor do.';

create function access.is_administrator() returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select coalesce(access.role_name() = 'administrator', false)
$$;
comment on function access.is_administrator is
'Whether the reader may see how the site is run: sources, refused rows, rights.';

create function access.sees_team(of_team_id integer, fewest_agents integer) returns boolean
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select
    access.sees_everybody()
    or exists (
        select from access.account_teams as t where t.account_id = access.account_id() and t.team_id = of_team_id
    )
    or (
        select count(distinct m.agent_id) from warehouse.team_spans as m
        where m.team_id = of_team_id and access.is_current(m.started_date, m.ended_date)
    ) >= fewest_agents
$$;
comment on function access.sees_team is
'Whether the reader may see figures of that team as a whole: its own, or one large enough that no single agent shows.';

create function access.enter(token_text text) returns table (account_id integer, role_name text, agent_id integer)
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    found_row record;
    seen_text text;
    claim_text text;
begin
    select a.account_id, a.role_name, a.agent_id into found_row
    from access.sessions as s
    inner join access.accounts as a on s.account_id = a.account_id
    where
        s.token_sha256 = sha256(convert_to(token_text, 'UTF8'))
        and s.ended_at is null and s.ends_at > now() and a.is_active;
    if not found then
        raise exception 'no such session' using errcode = '28000';
    end if;
    seen_text := case
        when found_row.role_name in ('manager', 'administrator') then '*'
        when found_row.role_name = 'supervisor' then (
            select string_agg(distinct m.agent_id::text, ',')
            from warehouse.team_spans as m
            inner join access.account_teams as t on m.team_id = t.team_id
            where t.account_id = found_row.account_id and access.is_current(m.started_date, m.ended_date)
        )
        when found_row.role_name = 'agent' then found_row.agent_id::text
    end;
    claim_text := concat_ws(
        '|', found_row.account_id, found_row.role_name, coalesce(found_row.agent_id::text, ''), coalesce(seen_text, '')
    );
    perform set_config('floorboard.viewer', access.signature(claim_text) || ':' || claim_text, true);
    return query select found_row.account_id::integer, found_row.role_name::text, found_row.agent_id::integer;
end
$$;
comment on function access.enter is
'Begins to read as whoever holds this session, until the transaction ends; raises 28000 where it is over or revoked.';

create function access.close_of_agent(of_agent_id integer, instead_text text) returns integer
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
    end loop;
    return closed_count;
end
$$;
comment on function access.close_of_agent is
'Closes the accounts of an agent and ends their sessions, how many; with another text they lose their names, too.';

create function access.let_agent_go() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform access.close_of_agent(old.agent_id, null);
    update access.accounts as a set agent_id = null where a.agent_id = old.agent_id;
    return old;
end
$$;
comment on function access.let_agent_go is 'An agent who is taken out leaves no account behind that somebody can sign in with.';
create trigger accounts_end before delete on warehouse.agents
for each row execute function access.let_agent_go();

create function access.begin_anew() returns void
language sql volatile set search_path = pg_catalog, pg_temp as $$
delete from access.sessions;
delete from access.keys;
insert into access.keys default values
$$;
comment on function access.begin_anew is
'Ends every session and signs with another key, as after a restore: whoever was signed in then may not be allowed now.';

revoke all on schema access from public;
revoke all on all functions in schema access from public;
