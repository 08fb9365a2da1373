-- Who saw, took along or changed what: a trail that is only ever added to, and that shows where somebody tampered with it.

create table ops.audit_actors (
    actor_id integer primary key generated always as identity,
    kind_name text not null check (kind_name in ('account', 'open', 'command', 'loader', 'stranger')),
    account_id integer,
    login_name text,
    role_name text,
    salt_bytes bytea,
    actor_sha256 bytea not null unique check (length(actor_sha256) = 32),
    check ((login_name is null) = (salt_bytes is null))
);
comment on table ops.audit_actors is
'Grain: one row per somebody of the trail, by account, name and role. Name and salt go when the person is erased; the hash, '
'which the lines hold, stays. kind: signed in; at a site where nobody signs in; on the console; the loader; not signed in.';

create table ops.audit_lines (
    line_number bigint primary key check (line_number > 0),
    noted_at timestamptz not null check (noted_at >= '1990-01-01' and noted_at < '2100-01-01'),
    actor_sha256 bytea not null check (length(actor_sha256) = 32),
    what_name text not null check (what_name ~ '^[a-z_]+[.][a-z_]+$'),
    of_name text not null check (length(of_name) <= 400),
    told_text text not null check (jsonb_typeof(told_text::jsonb) = 'object' and length(told_text) <= 40000),
    place_text text not null check (length(place_text) <= 200),
    once_text text unique,
    agent_ids integer [] not null,
    previous_sha256 bytea not null unique check (length(previous_sha256) = 32),
    line_sha256 bytea not null unique check (length(line_sha256) = 32)
);
comment on table ops.audit_lines is
'Grain: one row per act. Numbered without a gap; each holds the hash of its content and of the line before. of: kind and id, '
'never a name. told_text: what was there before and after. once: what is noted once per quarter of an hour. agents: whose data.';
create index audit_lines_by_time on ops.audit_lines (noted_at);
create index audit_lines_by_agent on ops.audit_lines using gin (agent_ids);

create table ops.audit_drafts (
    draft_id bigint primary key generated always as identity,
    noted_at timestamptz not null check (noted_at >= '1990-01-01' and noted_at < '2100-01-01'),
    kind_name text not null,
    account_id integer,
    login_name text not null,
    role_name text,
    what_name text not null,
    of_name text not null,
    told_text text not null,
    place_text text not null,
    once_text text
);
comment on table ops.audit_drafts is
'Grain: one row per line of a transaction that has not ended; empty for everybody else. At its commit, when nothing is left '
'to wait for, they get their numbers: writers neither fork the chain nor lock each other out.';

create function access.audit_sha256(
    previous_bytes bytea, line_number bigint, noted_at timestamptz, actor_bytes bytea, what_name text, of_name text,
    told_text text, place_text text, once_text text, agent_ids integer []
) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
select sha256(
    previous_bytes || convert_to(
        jsonb_build_array(
            line_number, to_char(noted_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), encode(actor_bytes, 'hex'), what_name, of_name,
            told_text, place_text, once_text, to_jsonb(agent_ids)
        )::text,
        'UTF8'
    )
)
$$;
comment on function access.audit_sha256 is 'The hash of one line of the trail, with that of the line before.';

create function access.audit_actor_sha256(
    kind_name text, account_id integer, login_name text, role_name text, salt_bytes bytea
) returns bytea
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
select sha256(salt_bytes || convert_to(jsonb_build_array(kind_name, account_id, login_name, role_name)::text, 'UTF8'))
$$;
comment on function access.audit_actor_sha256 is 'What a line holds of somebody: nothing that can be guessed without the salt.';

create function access.note(
    in_what text, in_of text, in_told jsonb, in_place text, in_kind text, in_person text, in_once text
) returns void
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    own_id integer := access.account_id();
begin
    insert into ops.audit_drafts (
        noted_at, kind_name, account_id, login_name, role_name, what_name, of_name, told_text, place_text, once_text
    )
    values (
        clock_timestamp(),
        case when own_id is null then in_kind else 'account' end,
        own_id,
        case when own_id is null then in_person else access.login_name() end,
        case when own_id is not null then access.role_name() end,
        in_what, in_of, in_told::text, in_place, in_once
    );
end
$$;
comment on function access.note is
'Adds a line to the trail, which stands or falls with its transaction: who is whoever entered, else the person told.';

create function access.audit_agent_ids(of_name text, told jsonb) returns integer []
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
select coalesce(array_agg(distinct found.id order by found.id), '{}')
from (
    select substr(of_name, 7)::integer as id where of_name ~ '^agent [0-9]{1,9}$'
    union all
    select one.id::integer from jsonb_array_elements_text(
        case when jsonb_typeof(told -> 'agent_ids') = 'array' then told -> 'agent_ids' else '[]' end
    ) as one (id)
    where one.id ~ '^[0-9]{1,9}$'
) as found
$$;
comment on function access.audit_agent_ids is 'Whose data a line is about: the agent it names, and those that it tells of.';

create function access.audit_chain() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
declare
    draft ops.audit_drafts := new;
    last_number bigint;
    last_sha256 bytea;
    found_sha256 bytea;
    new_salt bytea;
    whose integer [];
begin
    perform pg_advisory_xact_lock(7022025435);
    if draft.once_text is null or not exists (select from ops.audit_lines as l where l.once_text = draft.once_text) then
        select a.actor_sha256 into found_sha256 from ops.audit_actors as a
        where
            a.kind_name = draft.kind_name and a.login_name = draft.login_name
            and a.account_id is not distinct from draft.account_id
            and a.role_name is not distinct from draft.role_name;
        if not found then
            new_salt := sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
            found_sha256 := access.audit_actor_sha256(
                draft.kind_name, draft.account_id, draft.login_name, draft.role_name, new_salt
            );
            insert into ops.audit_actors (kind_name, account_id, login_name, role_name, salt_bytes, actor_sha256)
            values (draft.kind_name, draft.account_id, draft.login_name, draft.role_name, new_salt, found_sha256);
        end if;
        select l.line_number, l.line_sha256 into last_number, last_sha256
        from ops.audit_lines as l order by l.line_number desc limit 1;
        last_number := coalesce(last_number, 0);
        last_sha256 := coalesce(last_sha256, decode(repeat('00', 32), 'hex'));
        whose := access.audit_agent_ids(draft.of_name, draft.told_text::jsonb);
        insert into ops.audit_lines (
            line_number, noted_at, actor_sha256, what_name, of_name, told_text, place_text, once_text, agent_ids,
            previous_sha256, line_sha256
        )
        values (
            last_number + 1, draft.noted_at, found_sha256, draft.what_name, draft.of_name, draft.told_text,
            draft.place_text, draft.once_text, whose, last_sha256,
            access.audit_sha256(
                last_sha256, last_number + 1, draft.noted_at, found_sha256, draft.what_name,
                draft.of_name, draft.told_text, draft.place_text, draft.once_text, whose
            )
        );
    end if;
    delete from ops.audit_drafts as d where d.draft_id = draft.draft_id;
    return null;
end
$$;
comment on function access.audit_chain is 'Gives the lines of a transaction their place in the trail, as its very last work.';
create constraint trigger chained after insert on ops.audit_drafts
deferrable initially deferred for each row execute function access.audit_chain();

create function access.audit_stays() returns trigger
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
    if
        tg_op = 'DELETE'
        and current_setting('floorboard.audit_forgets', true) = access.signature('audit is forgotten')
    then
        return old;
    end if;
    raise exception 'the trail is only added to; a line of it is neither changed nor taken out' using errcode = '42501';
end
$$;
comment on function access.audit_stays is 'Refuses to change or delete what was noted, whoever asks; only whole old months go.';
create trigger stays before update or delete on ops.audit_lines
for each row execute function access.audit_stays();
create trigger stays_whole before truncate on ops.audit_lines
for each statement execute function access.audit_stays();

create function access.audit_actor_stays() returns trigger
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        if
            new.login_name is null and new.salt_bytes is null
            and (new.actor_id, new.kind_name, new.actor_sha256) = (old.actor_id, old.kind_name, old.actor_sha256)
            and (new.account_id, new.role_name) is not distinct from (old.account_id, old.role_name)
        then
            return new;
        end if;
    elsif tg_op = 'DELETE' then
        if not exists (select from ops.audit_lines as l where l.actor_sha256 = old.actor_sha256) then
            return old;
        end if;
    end if;
    raise exception 'who acted is not changed; a person who is erased loses the name alone' using errcode = '42501';
end
$$;
comment on function access.audit_actor_stays is 'Lets the name of somebody in the trail be taken out, and nothing else.';
create trigger stays before update or delete on ops.audit_actors
for each row execute function access.audit_actor_stays();
create trigger stays_whole before truncate on ops.audit_actors
for each statement execute function access.audit_actor_stays();

create function access.audit_forget(before_date date, in_place text, in_kind text, in_person text) returns bigint
language plpgsql volatile security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
    last_number bigint;
    last_sha256 bytea;
    gone_rows bigint;
begin
    if before_date <> date_trunc('month', before_date)::date then
        raise exception 'the trail is forgotten by whole months; % is no first day of one', before_date
        using errcode = '22023';
    end if;
    if before_date > (date_trunc('month', now()) - interval '6 months')::date then
        raise exception 'the trail is kept for six months at least; % is too late', before_date using errcode = '22023';
    end if;
    perform pg_advisory_xact_lock(7022025435);
    -- Numbers are given at the commit, so a line may be older than the one before it: what goes is the beginning, without
    -- a gap. The newest line stays whatever its age: the next one goes on from it.
    select l.line_number, l.line_sha256 into last_number, last_sha256 from ops.audit_lines as l
    where
        l.line_number < (select max(n.line_number) from ops.audit_lines as n)
        and not exists (
            select from ops.audit_lines as y where y.noted_at >= before_date and y.line_number <= l.line_number
        )
    order by l.line_number desc limit 1;
    if not found then
        return 0;
    end if;
    perform set_config('floorboard.audit_forgets', access.signature('audit is forgotten'), true);
    delete from ops.audit_lines as l where l.line_number <= last_number;
    get diagnostics gone_rows = row_count;
    perform set_config('floorboard.audit_forgets', '', true);
    delete from ops.audit_actors as a
    where not exists (select from ops.audit_lines as l where l.actor_sha256 = a.actor_sha256);
    perform access.note(
        'trail.forgotten', '',
        jsonb_build_object(
            'before_date', before_date, 'deleted_rows', gone_rows, 'last_number', last_number,
            'last_sha256', encode(last_sha256, 'hex')
        ),
        in_place, in_kind, in_person, null
    );
    return gone_rows;
end
$$;
comment on function access.audit_forget is
'Forgets whole old months of the trail, and notes it with the last hash that went; how many lines went.';

create function access.looked_at_me(from_at timestamptz, to_at timestamptz) returns table (
    noted_at timestamptz, login_name text, role_name text, what_name text, of_name text, place_text text
)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select l.noted_at, a.login_name, a.role_name, l.what_name, l.of_name, l.place_text
from ops.audit_lines as l
inner join ops.audit_actors as a on l.actor_sha256 = a.actor_sha256
where
    l.agent_ids @> array[nullif(split_part(access.claim(), '|', 3), '')::integer]
    and l.noted_at >= from_at and l.noted_at < to_at
    and a.account_id is distinct from access.account_id()
order by l.line_number desc
limit 1000
$$;
comment on function access.looked_at_me is 'Who saw, took along or changed data of the agent whom the reader is; nobody else''s.';

create function access.login_name_of(of_account_id integer) returns text
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select a.login_name from access.accounts as a
where
    a.account_id = of_account_id
    and (access.is_administrator() or (access.claim() is null and has_table_privilege(session_user, 'access.accounts', 'select')))
$$;
comment on function access.login_name_of is 'By which name an account signs in, for an administrator alone.';

revoke all on all functions in schema access from public;

-- Until now the openings of recordings had a list of their own; nobody signed in then.
insert into ops.audit_drafts (noted_at, kind_name, login_name, what_name, of_name, told_text, place_text)
select
    o.opened_at,
    'open',
    o.viewer_name,
    'saw.recording',
    left('recording ' || o.source_name || '/' || o.recording_id, 400),
    '{}',
    ''
from ops.recording_openings as o
order by o.opening_id;
drop table ops.recording_openings;
