-- Which figures may exist of a single agent: what the site's policy says, so that every statement can ask it.
-- Grain: as each comment states.
create table warehouse.individual_figures (
    family_name text primary key,
    is_on boolean not null,
    is_taken_over boolean not null default false,
    since_date date check (since_date between '1990-01-01' and '2099-12-31'),
    noted_at timestamptz not null default now() check (noted_at >= '1990-01-01' and noted_at < '2100-01-01'),
    purpose_text text,
    legal_basis_text text,
    works_agreement_text text,
    by_text text,
    place_text text
);
comment on table warehouse.individual_figures is
'Grain: one row per family of figures of single agents that the policy names. A family without a row is off: it is not counted, '
'not stored and not answered for a single agent. is_taken_over: it existed before there was a policy, and nobody has given a purpose.';

create function warehouse.is_individual(of_family_name text) returns boolean
language sql stable as $$
    select coalesce((select f.is_on from warehouse.individual_figures as f where f.family_name = $1), false)
$$;
comment on function warehouse.is_individual is
'Whether the figures of that family may exist for a single agent; false for one without a row.';

-- A warehouse that holds figures of agents keeps them, said aloud: nothing vanishes without a word, and a purpose is asked for.
insert into warehouse.individual_figures (family_name, is_on, is_taken_over)
select
    t.family_name,
    true,
    true
from (
    values
    ('handled_contacts'),
    ('handle_time'),
    ('states'),
    ('live_states'),
    ('adherence'),
    ('fair_share'),
    ('resolution'),
    ('ratings'),
    ('quality'),
    ('coaching'),
    ('tickets'),
    ('recordings')
) as t (family_name)
where
    exists (select 1 from warehouse.agent_intervals)
    or exists (select 1 from warehouse.agent_states)
    or exists (select 1 from warehouse.calls as c where c.agent_id is not null)
    or exists (select 1 from warehouse.tickets as c where c.agent_id is not null)
    or exists (select 1 from warehouse.reviews)
    or exists (select 1 from warehouse.quality_reviews);

-- A column of a family that is off holds nothing; a review without an agent still counts for its form and its floor.
alter table warehouse.agent_intervals
alter column handled_calls drop not null,
alter column transferred_calls drop not null,
alter column blind_transferred_calls drop not null,
alter column attended_transferred_calls drop not null,
alter column outbound_calls drop not null,
alter column internal_calls drop not null,
alter column talk_seconds drop not null,
alter column hold_seconds drop not null,
alter column wrap_up_seconds drop not null,
alter column outbound_talk_seconds drop not null,
alter column internal_talk_seconds drop not null,
alter column on_contact_seconds drop not null,
alter column wrapping_up_seconds drop not null,
alter column available_seconds drop not null,
alter column ringing_seconds drop not null,
alter column paused_seconds drop not null,
alter column signed_in_seconds drop not null;
comment on table warehouse.agent_intervals is
'Grain: one row per agent and 15 minutes. handled, transferred, talk, hold and wrap_up are those of contacts that came in, and '
'belong, like the outbound and internal calls apart from them, to the interval of the answer; on_contact, wrapping_up, '
'available (ringing in it), paused and signed_in are wall-clock seconds of ended states, split at the borders, whatever the '
'contact. Null: the policy does not let that family of figures exist for single agents.';
alter table warehouse.quality_reviews alter column agent_id drop not null;
alter table warehouse.reviews alter column agent_id drop not null;

create type warehouse.agent_sum as (
    interval_start_at timestamptz,
    agent_id integer,
    handled_calls integer,
    transferred_calls integer,
    blind_transferred_calls integer,
    attended_transferred_calls integer,
    outbound_calls integer,
    internal_calls integer,
    talk_seconds integer,
    hold_seconds integer,
    wrap_up_seconds integer,
    outbound_talk_seconds integer,
    internal_talk_seconds integer,
    on_contact_seconds integer,
    wrapping_up_seconds integer,
    available_seconds integer,
    ringing_seconds integer,
    paused_seconds integer,
    signed_in_seconds integer
);
comment on type warehouse.agent_sum is 'What one agent adds to the sums of 15 minutes.';

create function warehouse.agent_sums(window_start timestamptz, window_end timestamptz) returns setof warehouse.agent_sum
language sql stable as $$
    select
        i.interval_start_at,
        i.agent_id,
        i.handled_calls,
        i.transferred_calls,
        i.blind_transferred_calls,
        i.attended_transferred_calls,
        i.outbound_calls,
        i.internal_calls,
        i.talk_seconds,
        i.hold_seconds,
        i.wrap_up_seconds,
        i.outbound_talk_seconds,
        i.internal_talk_seconds,
        i.on_contact_seconds,
        i.wrapping_up_seconds,
        i.available_seconds,
        i.ringing_seconds,
        i.paused_seconds,
        i.signed_in_seconds
    from warehouse.agent_intervals as i
    where
        i.interval_start_at >= $1 and i.interval_start_at < $2
        and (
            select
                warehouse.is_individual('handled_contacts') and warehouse.is_individual('handle_time')
                and warehouse.is_individual('states')
        )
    union all
    -- What is not kept of single agents is counted from the records while a sum is made, and forgotten with it.
    select
        p.interval_start_at,
        p.agent_id,
        sum(p.handled_calls)::integer,
        count(p.transfer_kind_name)::integer,
        (count(*) filter (where p.transfer_kind_name = 'blind'))::integer,
        (count(*) filter (where p.transfer_kind_name = 'attended'))::integer,
        (count(*) filter (where p.direction_name = 'outbound'))::integer,
        (count(*) filter (where p.direction_name = 'internal'))::integer,
        coalesce(sum(p.talk_seconds) filter (where p.handled_calls = 1), 0)::integer,
        coalesce(sum(p.hold_seconds) filter (where p.handled_calls = 1), 0)::integer,
        coalesce(sum(p.wrap_up_seconds) filter (where p.handled_calls = 1), 0)::integer,
        coalesce(sum(p.talk_seconds) filter (where p.direction_name = 'outbound'), 0)::integer,
        coalesce(sum(p.talk_seconds) filter (where p.direction_name = 'internal'), 0)::integer,
        coalesce(sum(p.state_seconds) filter (where p.state_name = 'on_contact'), 0)::integer,
        coalesce(sum(p.state_seconds) filter (where p.state_name = 'wrap_up'), 0)::integer,
        coalesce(sum(p.state_seconds) filter (where p.state_name in ('available', 'ringing')), 0)::integer,
        coalesce(sum(p.state_seconds) filter (where p.state_name = 'ringing'), 0)::integer,
        coalesce(sum(p.state_seconds) filter (where p.state_name = 'paused'), 0)::integer,
        coalesce(sum(p.state_seconds), 0)::integer
    from (
        select
            date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00') as interval_start_at,
            c.agent_id,
            (c.direction_name = 'inbound' and c.outcome_name = 'answered')::integer as handled_calls,
            case when c.direction_name = 'inbound' and c.outcome_name = 'answered' then c.transfer_kind_name end
                as transfer_kind_name,
            case when c.direction_name <> 'inbound' and c.outcome_name = 'answered' then c.direction_name end as direction_name,
            c.talk_seconds,
            c.hold_seconds,
            c.wrap_up_seconds,
            null::text as state_name,
            null::numeric as state_seconds
        from warehouse.calls as c
        where
            c.agent_id is not null and c.answered_at >= date_bin('15 minutes', $1 + interval '899.999999 s', '2000-01-01 00:00+00')
            and c.answered_at < date_bin('15 minutes', $2 + interval '899.999999 s', '2000-01-01 00:00+00')
        union all
        select
            g.interval_start_at,
            l.agent_id,
            0,
            null,
            null,
            null,
            null,
            null,
            l.state_name,
            extract(
                epoch from least(l.ended_at, g.interval_start_at + interval '15 minutes')
                - greatest(l.started_at, g.interval_start_at)
            )
        from warehouse.agent_lanes(
            date_bin('15 minutes', $1 + interval '899.999999 s', '2000-01-01 00:00+00'),
            date_bin('15 minutes', $2 + interval '899.999999 s', '2000-01-01 00:00+00'),
            '2100-01-01',
            null
        ) as l
        cross join lateral generate_series(
            date_bin('15 minutes', l.started_at, '2000-01-01 00:00+00'),
            l.ended_at - interval '1 microsecond',
            interval '15 minutes'
        ) as g (interval_start_at)
        where not l.is_open
    ) as p
    where not (
        select
            warehouse.is_individual('handled_contacts') and warehouse.is_individual('handle_time')
            and warehouse.is_individual('states')
    )
    group by p.agent_id, p.interval_start_at
$$;
comment on function warehouse.agent_sums is
'Grain: one row per agent and 15 minutes that begin in [window_start, window_end), to be summed over several agents: from '
'warehouse.agent_intervals, or, where the policy lets a family not exist for single agents, counted from the records for this sum.';

create or replace function ops.agent_interval_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            s.scope_id,
            min(s.scope_name) as scope_name,
            sum(i.handled_calls) as handled_calls,
            sum(i.transferred_calls) as transferred_calls,
            sum(i.blind_transferred_calls) as blind_transferred_calls,
            sum(i.attended_transferred_calls) as attended_transferred_calls,
            sum(i.talk_seconds) as talk_seconds,
            sum(i.hold_seconds) as hold_seconds,
            sum(i.wrap_up_seconds) as wrap_up_seconds,
            sum(i.on_contact_seconds) as on_contact_seconds,
            sum(i.wrapping_up_seconds) as wrapping_up_seconds,
            sum(i.available_seconds) as available_seconds,
            sum(i.paused_seconds) as paused_seconds,
            sum(i.signed_in_seconds) as signed_in_seconds
        from ops.agent_spans($3, $4, $1, $2) as s
        left join warehouse.agent_sums($1, $2) as i
            on s.agent_id = i.agent_id and i.interval_start_at >= s.started_at and i.interval_start_at < s.ended_at
        group by s.scope_id
    ) as h
$$;
