-- Figures of the work of agents are told to others only where enough agents stand behind them, of which nobody can be worked out.

create table access.smallest_groups (
    is_only boolean primary key default true check (is_only),
    fewest_agents integer not null default 5 check (fewest_agents between 3 and 50)
);
comment on table access.smallest_groups is
'Grain: one row. How many agents must stand behind a figure of their work before others than they and theirs see it.';
insert into access.smallest_groups default values;

create function access.fewest_agents() returns integer
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select s.fewest_agents from access.smallest_groups as s
$$;
comment on function access.fewest_agents is 'How many agents must stand behind a figure of their work.';

create function access.own_team_ids() returns integer []
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
select coalesce(array_agg(t.team_id), '{}')
from warehouse.teams as t
where
    (select access.sees_everybody())
    or t.team_id in (
        select a.team_id from access.account_teams as a
        where a.account_id = (select access.account_id()) and (select access.role_name()) = 'supervisor'
    )
$$;
comment on function access.own_team_ids is 'The teams whose agents are the reader''s own, so that every figure of theirs is; asked once.';

create function access.told_parts(days date [], part_ids integer [], agent_ids integer [], fewest_agents integer)
returns table (day_date date, part_id integer, agents_count integer, withheld_name text)
language sql immutable set search_path = pg_catalog, pg_temp as $$
-- Who worked in which part on which day. A day's parts share no work; the parts told and all others taken together are
-- then blocks of so many agents or of none, and whatever is told, or worked out of what is told, is a sum of whole blocks.
with pairs as (
    select distinct
        p.day_date,
        p.part_id,
        p.agent_id
    from unnest($1, $2, $3) as p (day_date, part_id, agent_id)
),

parts as (
    select
        p.day_date,
        p.part_id,
        count(*) as agents_count,
        row_number() over (
            partition by p.day_date order by count(*) < $4, count(*), p.part_id
        ) as place_number
    from pairs as p
    group by p.day_date, p.part_id
),

rests as (
    select
        p.day_date,
        count(distinct p.agent_id) as agents_count
    from pairs as p
    inner join parts as r on p.day_date = r.day_date and p.part_id = r.part_id
    where r.agents_count < $4
    group by p.day_date
)

select
    p.day_date,
    p.part_id,
    p.agents_count::integer,
    case
        when p.agents_count < $4 then 'few'
        -- the smallest of the others hides the rest, which the whole day less the others would tell
        when r.agents_count < $4 and p.place_number = 1 then 'beside'
    end
from parts as p
left join rests as r on p.day_date = r.day_date
union all
select
    p.day_date,
    null,
    count(distinct p.agent_id)::integer,
    case when count(distinct p.agent_id) < $4 then 'few' end
from pairs as p
group by p.day_date
$$;
comment on function access.told_parts is
'Grain: one row per day and part of it, and one per day as a whole (part_id null). withheld_name: null where its figures may be told; '
'few: fewer agents than that; beside: kept back so that a smaller part cannot be worked out of the whole.';

create function access.pair_count(pairs integer [], enough_count integer) returns integer
language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
    pair integer [];
    ones integer [] := '{}';
    others integer [] := '{}';
begin
    foreach pair slice 1 in array pairs loop
        exit when cardinality(ones) >= enough_count;
        continue when pair[1] = any(ones || others) or pair[2] = any(ones || others);
        ones := ones || pair[1];
        others := others || pair[2];
    end loop;
    return cardinality(ones);
end
$$;
comment on function access.pair_count is
'How many of the pairs stand beside each other without an agent in two of them, counted up to enough: at least half of what can.';

create function access.untied_parts(
    part_ids integer [], agent_ids integer [], cell_ids text [], fewest_agents integer
) returns setof integer
language plpgsql immutable set search_path = pg_catalog, pg_temp set enable_nestloop = off as $$
-- Counts of contacts are told of cells, too: of each queue and quarter of an hour. What a part tells beyond its cells is the
-- work of those who share a cell with it. Two parts are tied where so many pairs of agents, one of each, share cells that
-- no fewer agents can be all who do. Parts that hang together by ties are told but for one, which hides the others;
-- parts that share no cell with the rest tell nothing that their cells do not.
declare
    kept_out integer [];
    nodes integer [];
    labels integer [];
    loose integer [] := '{}';
    edge record;
    one_label integer;
    other_label integer;
begin
    select coalesce(array_agg(t.part_id) filter (where t.withheld_name is not null), '{}') into kept_out
    from access.told_parts(array_fill(date '2000-01-01', array[cardinality($1)]), $1, $2, $4) as t
    where t.part_id is not null;
    -- all that is withheld anyway is one, below all others
    nodes := -1 || array(select distinct u from unnest($1) as u where not u = any(kept_out));
    labels := array(select generate_subscripts(nodes, 1));
    for edge in
        with work as (
            select distinct
                case when w.part_id = any(kept_out) then -1 else w.part_id end as part_id,
                w.agent_id,
                w.cell_id
            from unnest($1, $2, $3) as w (part_id, agent_id, cell_id)
        )

        select
            a.part_id as one_id,
            b.part_id as other_id,
            access.pair_count(array_agg(distinct array[a.agent_id, b.agent_id]), $4) >= $4 as is_tied
        from work as a
        inner join work as b on a.cell_id = b.cell_id and a.part_id < b.part_id
        group by a.part_id, b.part_id
        order by is_tied desc
    loop
        one_label := labels[array_position(nodes, edge.one_id)];
        other_label := labels[array_position(nodes, edge.other_id)];
        continue when one_label = other_label;
        if edge.is_tied then
            labels := array_replace(labels, other_label, one_label);
        else
            loose := loose || one_label || other_label;
        end if;
    end loop;
    return query
    select distinct on (l.label_id) l.part_id
    from (
        select
            n.part_id,
            n.label_id,
            count(distinct w.agent_id) as agents_count
        from unnest(nodes, labels) as n (part_id, label_id)
        inner join unnest($1, $2) as w (part_id, agent_id) on n.part_id = w.part_id
        group by n.part_id, n.label_id
    ) as l
    where l.label_id = any(loose) and l.label_id <> labels[1]
    order by l.label_id, l.agents_count, l.part_id;
end
$$;
comment on function access.untied_parts is
'Grain: one row per part of a day whose contacts are not told, though it is large enough: beside what is told of cells they would '
'tell those of few. The three lists say who had a contact in which part and cell.';

create function access.site_days(window_start timestamptz, window_end timestamptz)
returns table (day_date date, start_at timestamptz, end_at timestamptz, unfit_name text)
language sql stable set search_path = pg_catalog, pg_temp as $$
select
    cast(g.day_at as date),
    d.start_at,
    d.end_at,
    case
        when d.start_at < $1 or d.end_at > $2 then 'finer'
        -- While a day runs, and as long as its last contacts may take, it is another one with every contact.
        when d.end_at + interval '4 hours' > now() then 'open'
    end
from (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
cross join lateral generate_series(
    date_trunc('day', $1 at time zone z.time_zone_name), $2 at time zone z.time_zone_name, interval '1 day'
) as g (day_at)
cross join lateral (
    select
        g.day_at at time zone z.time_zone_name as start_at,
        (g.day_at + interval '1 day') at time zone z.time_zone_name as end_at
) as d
where d.start_at < $2
$$;
comment on function access.site_days is
'Grain: one row per local day of the site that touches the window. unfit_name: why nobody''s work of it is told to others, however '
'many they were: finer, where the window cuts it; open, while it is not over.';

create function access.other_agents() returns setof integer
language sql stable set search_path = pg_catalog, pg_temp as $$
select a.agent_id
from warehouse.agents as a
where
    not (select access.sees_everybody())
    and not a.agent_id = any(coalesce((select access.seen_agent_ids()), '{}'))
$$;
comment on function access.other_agents is 'Grain: one row per agent whom the reader does not see.';

create function access.is_alone() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
select not exists (select from access.other_agents())
$$;
comment on function access.is_alone is 'Whether there is no agent whom the reader does not see.';

create function access.others_contacts(window_start timestamptz, window_end timestamptz)
returns table (day_date date, part_id integer, agent_id integer, cell_id text)
language sql stable set search_path = pg_catalog, pg_temp as $$
-- As in every sum of contacts: each belongs to the day and quarter of its offer, and to the team of the day of its answer.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

found as (
    select distinct
        cast(c.offered_at at time zone z.time_zone_name as date) as day_date,
        cast(c.answered_at at time zone z.time_zone_name as date) as team_date,
        c.agent_id,
        c.queue_id,
        date_bin('15 minutes', c.offered_at, '2000-01-01 00:00+00') as quarter_at
    from warehouse.calls as c
    cross join zone as z
    where
        c.offered_at >= (select min(d.start_at) from access.site_days($1, $2) as d)
        and c.offered_at < (select max(d.end_at) from access.site_days($1, $2) as d)
        and c.direction_name = 'inbound' and c.outcome_name = 'answered'
        and c.agent_id in (select o from access.other_agents() as o)
)

select
    f.day_date,
    coalesce(s.team_id, 0),
    f.agent_id,
    concat_ws(' ', f.queue_id, extract(epoch from f.quarter_at))
from found as f
left join warehouse.team_spans as s
    on
        f.agent_id = s.agent_id and f.team_date >= s.started_date
        and (s.ended_date is null or f.team_date < s.ended_date)
where s.team_id is null or not s.team_id = any((select access.own_team_ids())::integer [])
$$;
comment on function access.others_contacts is
'Grain: one row per local day, team (0: none), agent whom the reader does not see, and queue and quarter of an hour (cell_id) of which '
'the agent had a contact.';

create function access.others_time(window_start timestamptz, window_end timestamptz)
returns table (day_date date, part_id integer, agent_id integer)
language sql stable set search_path = pg_catalog, pg_temp as $$
select distinct
    d.day_date,
    coalesce(s.team_id, 0),
    i.agent_id
from access.site_days($1, $2) as d
cross join lateral warehouse.agent_sums(d.start_at, d.end_at) as i
left join warehouse.team_spans as s
    on i.agent_id = s.agent_id and d.day_date >= s.started_date and (s.ended_date is null or d.day_date < s.ended_date)
where
    i.signed_in_seconds > 0
    and i.agent_id in (select o from access.other_agents() as o)
    and (s.team_id is null or not s.team_id = any((select access.own_team_ids())::integer []))
$$;
comment on function access.others_time is
'Grain: one row per local day, team (0: none) and agent whom the reader does not see and who was signed in.';

create function access.told_floor_days(window_start timestamptz, window_end timestamptz)
returns table (day_date date, withheld_name text)
language sql stable set search_path = pg_catalog, pg_temp as $$
-- A few of the others are enough, each found in an index.
select
    d.day_date,
    case
        when w.agents_count > 0
            then coalesce(d.unfit_name, case when w.agents_count < access.fewest_agents() then 'few' end)
        when exists (
            select 1
            from access.other_agents() as o (agent_id)
            inner join warehouse.agent_intervals as i
                on
                    o.agent_id = i.agent_id and i.interval_start_at >= d.start_at and i.interval_start_at < d.end_at
                    and coalesce(i.signed_in_seconds, 1) > 0
        ) then 'few'
    end
from access.site_days($1, $2) as d
cross join lateral (
    select count(*) as agents_count
    from (
        select o.agent_id
        from access.other_agents() as o (agent_id)
        where exists (
            select 1 from warehouse.calls as c
            where
                c.agent_id = o.agent_id and c.answered_at >= d.start_at
                and c.answered_at < d.end_at + interval '4 hours'
                and c.offered_at >= d.start_at and c.offered_at < d.end_at
                and c.direction_name = 'inbound' and c.outcome_name = 'answered'
        )
        union
        -- whose customers waited longer is found by those
        select c.agent_id
        from warehouse.queues as q
        inner join warehouse.calls as c on q.queue_id = c.queue_id
        where
            c.offered_at >= d.start_at and c.offered_at < d.end_at and c.ended_at - c.offered_at > interval '4 hours'
            and c.direction_name = 'inbound' and c.outcome_name = 'answered'
            and c.agent_id in (select o from access.other_agents() as o)
        limit access.fewest_agents()
    ) as f
) as w
$$;
comment on function access.told_floor_days is
'Grain: one row per local day that touches the window: why the handling of the whole floor''s contacts is not told to the reader; null '
'where it is. few: fewer agents than that; open: the day is not over; finer: only a part of it was asked for.';

create function access.withheld_work(scope_kind_name text, last_date date, day_count integer) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
select case
    when $1 <> 'everything' then 'finer'
    else (
        select max(t.withheld_name)
        from (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
        cross join lateral access.told_floor_days(
            ($2 - $3 + 1)::timestamp at time zone z.time_zone_name, ($2 + 1)::timestamp at time zone z.time_zone_name
        ) as t
    )
end
$$;
comment on function access.withheld_work is
'Why what was measured of the work of agents over the days that end with last_date is not told to the reader; null where it is. finer: '
'of anything but the whole floor.';

create function access.told_team_days(window_start timestamptz, window_end timestamptz)
returns table (day_date date, part_id integer, contacts_withheld_name text, time_withheld_name text)
language sql stable set search_path = pg_catalog, pg_temp as $$
with contacts as materialized (
    select * from access.others_contacts($1, $2)
),

shared as (
    select
        c.day_date,
        array_agg(c.part_id) as part_ids,
        array_agg(c.agent_id) as agent_ids,
        array_agg(c.cell_id) as cell_ids
    from contacts as c
    group by c.day_date
),

present as materialized (
    select * from access.others_time($1, $2)
),

of_contacts as (
    select t.*
    from (
        select
            array_agg(c.day_date) as days,
            array_agg(c.part_id) as part_ids,
            array_agg(c.agent_id) as agent_ids
        from contacts as c
    ) as g
    cross join lateral access.told_parts(g.days, g.part_ids, g.agent_ids, access.fewest_agents()) as t
),

untied as (
    select
        s.day_date,
        u.part_id
    from shared as s
    cross join lateral access.untied_parts(s.part_ids, s.agent_ids, s.cell_ids, access.fewest_agents()) as u (part_id)
),

of_time as (
    select t.*
    from (
        select
            array_agg(p.day_date) as days,
            array_agg(p.part_id) as part_ids,
            array_agg(p.agent_id) as agent_ids
        from present as p
    ) as g
    cross join lateral access.told_parts(g.days, g.part_ids, g.agent_ids, access.fewest_agents()) as t
)

select
    d.day_date,
    p.part_id,
    case
        when exists (select from contacts as c where c.day_date = d.day_date)
            then coalesce(d.unfit_name, o.withheld_name, case when u.part_id is not null then 'beside' end)
    end,
    case when exists (select from present as n where n.day_date = d.day_date) then coalesce(d.unfit_name, t.withheld_name) end
from access.site_days($1, $2) as d
cross join (select null::integer union all select 0 union all select e.team_id from warehouse.teams as e) as p (part_id)
left join of_contacts as o on d.day_date = o.day_date and p.part_id is not distinct from o.part_id
left join untied as u on d.day_date = u.day_date and p.part_id = u.part_id
left join of_time as t on d.day_date = t.day_date and p.part_id is not distinct from t.part_id
$$;
comment on function access.told_team_days is
'Grain: one row per local day that touches the window and team (0: none; null: the whole floor): why the team''s contacts and its time '
'are not told to the reader; null where they are. few: fewer agents than that; beside: a smaller part could be worked out; open: the '
'day is not over; finer: only a part of it was asked for.';

create function access.withheld_crews(as_of timestamptz) returns setof integer
language plpgsql stable set search_path = pg_catalog, pg_temp as $$
-- Crews overlap. Each that is told has so many agents of whom no earlier one tells, and the whole floor, the last, too: no
-- sum or difference of them, whatever it is made of, is left with fewer.
declare
    fewest integer := access.fewest_agents();
    floor_ids integer [];
    told_ids integer [] := '{}';
    told_sets text [] := '{}';
    is_apart boolean := true;
    crew record;
    new_count integer;
    rest_count integer;
begin
    if access.sees_everybody() then
        return;
    end if;
    select coalesce(array_agg(s.agent_id order by s.agent_id), '{}') into floor_ids
    from warehouse.agent_states_at(as_of) as s
    where s.state_name <> 'signed_out' and not s.agent_id = any(coalesce(access.seen_agent_ids(), '{}'));
    if cardinality(floor_ids) between 1 and fewest - 1 then
        return next null;
    end if;
    for crew in
        select
            m.queue_id,
            array_agg(distinct m.agent_id order by m.agent_id) as agent_ids
        from warehouse.queue_members as m
        where m.started_at <= as_of and (m.ended_at is null or m.ended_at > as_of) and m.agent_id = any(floor_ids)
        group by m.queue_id
        order by count(distinct m.agent_id) desc, m.queue_id
    loop
        continue when crew.agent_ids::text = any(told_sets);
        if cardinality(crew.agent_ids) >= fewest then
            continue when crew.agent_ids = floor_ids;
            select
                count(*) filter (where f.agent_id = any(crew.agent_ids) and not f.agent_id = any(told_ids)),
                count(*) filter (where not f.agent_id = any(crew.agent_ids) and not f.agent_id = any(told_ids))
            into new_count, rest_count
            from unnest(floor_ids) as f (agent_id);
            if
                new_count >= fewest
                and (rest_count >= fewest or (rest_count = 0 and is_apart and new_count = cardinality(crew.agent_ids)))
            then
                is_apart := is_apart and new_count = cardinality(crew.agent_ids);
                told_sets := told_sets || crew.agent_ids::text;
                told_ids := told_ids || crew.agent_ids;
                continue;
            end if;
        end if;
        return next crew.queue_id;
    end loop;
end
$$;
comment on function access.withheld_crews is
'Grain: one row per queue whose count of agents by state is not told to the reader at the instant; null: that of the whole floor.';

revoke all on all functions in schema access from public;
