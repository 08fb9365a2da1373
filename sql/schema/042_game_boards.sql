-- Boards: who stands where by points for a full day's work, as far as that can be known, and whose name whoever looks may read there.
-- Grain: as each comment states.

create table game.board_settings (
    is_only boolean primary key default true check (is_only),
    names_name text not null default 'names' check (names_name in ('names', 'initials', 'top')),
    day_hours double precision not null default 8 check (day_hours between 1 and 24),
    fewest_ratio double precision not null default 0.25 check (fewest_ratio between 0 and 1),
    top_places integer not null default 3 check (top_places between 1 and 10),
    near_places integer not null default 3 check (near_places between 1 and 5),
    league_moves integer not null default 2 check (league_moves between 1 and 4)
);
comment on table game.board_settings is
'Grain: one row per site; there is one. names_name: what stands for those who allow their name: the name, its initials, or the name '
'of the top places alone. day_hours: a full day''s work, for which points are told. fewest_ratio: of full-time hours, '
'below which nobody is ranked. '
'league_moves: how many go up and how many down.';
insert into game.board_settings default values;

create table game.league_places (
    season_name text not null references game.seasons (season_name) on update cascade,
    agent_id integer not null references warehouse.agents (agent_id) on delete cascade,
    league_number integer not null check (league_number >= 1),
    primary key (season_name, agent_id)
);
comment on table game.league_places is
'Grain: one row per season and agent: in which league; 1 is the top. Made when the season begins, newcomers added to the last one.';

-- What a board of a season adds up, without the rows beside it.
create index ledger_of_boards on game.ledger (effective_date, agent_id) include (entry_points)
where account_name = 'points' and rule_name is not null;
create index day_sums_of_agents on game.day_sums (effective_date, agent_id)
where queue_id is null and channel_name is null and hour_band is null;

create function game.normal_cdf(x double precision) returns double precision
language sql immutable parallel safe as $$
    select 1 / (1 + exp(-(1.5976 * least(20, greatest(-20, x)) + 0.070565992 * power(least(20, greatest(-20, x)), 3))))
$$;
comment on function game.normal_cdf is
'The normal distribution function within 0.00015, as one expression that a board of three hundred agents can afford.';

create function game.likely_places(agent_ids integer [], mean_values double precision [], variances double precision [])
returns table (
    agent_id integer,
    expected_rank double precision,
    low_place integer,
    high_place integer,
    top_ratio double precision,
    middle_ratio double precision
)
language sql immutable as $$
-- Given an agent's own value, the number of others above it is a sum of independent chances, nearly normal: its mean and spread
-- are made once on a line of values and read there at nine nodes of each agent's own distribution (Gauss and Hermite).
with agents as (
    select
        u.agent_id,
        u.mean_value,
        sqrt(greatest(u.variance, 1e-12)) as deviation
    from unnest($1, $2, $3) as u (agent_id, mean_value, variance)
),

bounds as (
    select
        count(*)::integer as agents_count,
        min(a.mean_value - 5.5 * a.deviation) as low_value,
        (max(a.mean_value + 5.5 * a.deviation) - min(a.mean_value - 5.5 * a.deviation)) / 64 as step_value
    from agents as a
),

line as (
    select
        array_agg(p.above order by p.place_number) as above_values,
        array_agg(p.spread order by p.place_number) as spread_values
    from (
        select
            g.place_number,
            sum(c.chance) as above,
            sum(c.chance * (1 - c.chance)) as spread
        from bounds as b
        cross join generate_series(0, 64) as g (place_number)
        cross join agents as a
        cross join lateral (
            select game.normal_cdf((a.mean_value - b.low_value - b.step_value * g.place_number) / a.deviation) as chance offset 0
        ) as c
        group by g.place_number
    ) as p
),

nodes (z_value, weight_ratio, below_ratio) as (
    values
    (-4.512745863400, 0.000022345844, 0.000003199684),
    (-3.205429002856, 0.002789141321, 0.000674306561),
    (-2.076847978678, 0.049916406765, 0.018907796188),
    (-1.023255663789, 0.244097502895, 0.153093490262),
    (0.000000000000, 0.406349206349, 0.500000000000),
    (1.023255663789, 0.244097502895, 0.846906509738),
    (2.076847978678, 0.049916406765, 0.981092203812),
    (3.205429002856, 0.002789141321, 0.999325693439),
    (4.512745863400, 0.000022345844, 0.999996800316)
),

at_nodes as materialized (
    select
        a.agent_id,
        n.weight_ratio,
        l.above_values[f.cell] * (1 - f.part) + l.above_values[f.cell + 1] * f.part - (1 - n.below_ratio) as above,
        sqrt(greatest(
            l.spread_values[f.cell] * (1 - f.part) + l.spread_values[f.cell + 1] * f.part
            - n.below_ratio * (1 - n.below_ratio),
            1e-6
        )) as deviation
    from agents as a
    cross join bounds as b
    cross join line as l
    cross join nodes as n
    cross join lateral (
        select least(63.999, greatest(0, (a.mean_value + n.z_value * a.deviation - b.low_value) / b.step_value)) as place offset 0
    ) as p
    cross join lateral (
        select
            floor(p.place)::integer + 1 as cell,
            p.place - floor(p.place) as part
        offset 0
    ) as f
),

ranks as (
    select
        n.agent_id,
        1 + sum(n.weight_ratio * n.above) as expected_rank,
        sqrt(greatest(
            sum(n.weight_ratio * (n.deviation * n.deviation + n.above * n.above)) - power(sum(n.weight_ratio * n.above), 2), 0
        )) as rank_deviation,
        sum(n.weight_ratio * game.normal_cdf((ceil(b.agents_count / 3.0) - 0.5 - n.above) / n.deviation)) as top_ratio,
        sum(n.weight_ratio * game.normal_cdf((ceil(b.agents_count * 2 / 3.0) - 0.5 - n.above) / n.deviation)) as middle_ratio
    from at_nodes as n
    cross join bounds as b
    group by n.agent_id
)

select
    r.agent_id,
    r.expected_rank,
    least(b.agents_count, greatest(1, round(r.expected_rank - 1.645 * r.rank_deviation)))::integer,
    least(b.agents_count, greatest(1, round(r.expected_rank + 1.645 * r.rank_deviation)))::integer,
    r.top_ratio,
    r.middle_ratio
from ranks as r
cross join bounds as b
$$;
comment on function game.likely_places is
'Grain: one row per agent: where among all of them, higher values first: the expected place, the band that holds the true one in nine '
'of ten cases, the chance to be in the upper third, and in the upper two thirds.';

create function game.worked_hours(sums jsonb) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when sums ? 'scheduled_seconds' then
                greatest(
                    0,
                    (sums ->> 'scheduled_seconds')::double precision - coalesce((sums ->> 'leave_seconds')::double precision, 0)
                    - coalesce((sums ->> 'absent_seconds')::double precision, 0)
                )
            else coalesce((sums ->> 'signed_in_seconds')::double precision, 0)
        end / 3600
$$;
comment on function game.worked_hours is
'How long an agent was there, of the sums of a day: scheduled without leave and absence, else signed in.';

create function game.board_days(first_date date, last_date date)
returns table (agent_id integer, day_date date, points bigint, hours double precision)
language sql stable as $$
-- What the rules gave, posted and of today; gifts, prizes and purchases move nobody on a board.
with given as (
    select
        g.agent_id,
        g.effective_date,
        sum(g.entry_points)::bigint as points
    from (
        select
            l.agent_id,
            l.effective_date,
            l.entry_points
        from game.ledger as l
        where l.account_name = 'points' and l.rule_name is not null and l.effective_date between $1 and $2
        union all
        select
            t.agent_id,
            t.effective_date,
            t.entry_points
        from game.today as t
        where t.account_name = 'points' and not t.is_held and t.effective_date between $1 and $2
    ) as g
    group by g.agent_id, g.effective_date
),

worked as (
    select
        d.agent_id,
        d.effective_date,
        sum(game.worked_hours(d.sums)) as hours
    from game.day_sums as d
    where d.queue_id is null and d.channel_name is null and d.hour_band is null and d.effective_date between $1 and $2
    group by d.agent_id, d.effective_date
)

select
    coalesce(g.agent_id, w.agent_id),
    coalesce(g.effective_date, w.effective_date),
    coalesce(g.points, 0),
    coalesce(w.hours, 0)
from given as g
full join worked as w on g.agent_id = w.agent_id and g.effective_date = w.effective_date
$$;
comment on function game.board_days is
'Grain: one row per agent and working day from first_date to last_date: points that the rules gave, and hours of work.';

create function game.board_standings(first_date date, last_date date, of_agent_ids integer [])
returns table (
    agent_id integer,
    points bigint,
    hours double precision,
    needed_hours double precision,
    day_points double precision,
    variance double precision,
    place_number integer,
    order_number integer,
    low_place integer,
    high_place integer,
    tier_name text,
    ranked_agents integer
)
language sql stable as $$
with settings as (
    select
        s.day_hours,
        s.day_hours * 5 / 7 * ($2 - $1 + 1) * s.fewest_ratio as needed_hours
    from game.board_settings as s
    where s.is_only
),

days as materialized (
    select d.*
    from game.board_days(least($1, $2 - 27), $2) as d
    inner join unnest($3) as a (agent_id) on d.agent_id = a.agent_id
),

-- How much one person's weeks differ from each other, for an hour of work: weeks, as some rules give a whole week's points on one
-- day of it; of four weeks at least, so that a day has it, too.
weeks as materialized (
    select
        d.agent_id,
        ($2 - d.day_date) / 7 as weeks_ago,
        sum(d.points) as points,
        sum(d.hours) as hours
    from days as d
    group by d.agent_id, ($2 - d.day_date) / 7
    having sum(d.hours) > 0
),

noise as (
    select sum(r.squares) / nullif(sum(r.weeks_count - 1), 0) as hour_variance
    from (
        select
            k.agent_id,
            count(*) as weeks_count,
            sum(power(k.points - w.rate * k.hours, 2) / k.hours) as squares
        from weeks as k
        inner join (
            select
                t.agent_id,
                sum(t.points) / sum(t.hours) as rate
            from weeks as t
            group by t.agent_id
        ) as w on k.agent_id = w.agent_id
        group by k.agent_id
    ) as r
),

own as materialized (
    select
        a.agent_id,
        coalesce(w.points, 0)::bigint as points,
        coalesce(w.hours, 0) as hours,
        s.needed_hours,
        game.prorated(w.points, w.hours, s.day_hours, s.needed_hours) as day_points,
        case when w.hours >= s.needed_hours and w.hours > 0 then s.day_hours * s.day_hours * n.hour_variance / w.hours end as variance
    from unnest($3) as a (agent_id)
    cross join settings as s
    cross join noise as n
    left join (
        select
            d.agent_id,
            sum(d.points) as points,
            sum(d.hours) as hours
        from days as d
        where d.day_date >= $1
        group by d.agent_id
    ) as w on a.agent_id = w.agent_id
),

spread as (
    select
        game.between_variance(o.day_points, o.variance) as between_variance,
        count(o.day_points)::integer as ranked_agents
    from own as o
),

shrunk as (
    select
        array_agg(o.agent_id) as agent_ids,
        array_agg(game.shrunk_mean(o.day_points, o.variance, m.mean_value, s.between_variance)) as mean_values,
        array_agg(o.variance * s.between_variance / (o.variance + s.between_variance)) as variances
    from own as o
    cross join spread as s
    cross join (
        select game.weighted_mean(i.day_points, 1 / (i.variance + j.between_variance)) as mean_value
        from own as i
        cross join spread as j
    ) as m
    where o.day_points is not null and o.variance > 0 and s.between_variance > 0
),

ranked as (
    select
        o.agent_id,
        rank() over (order by round(o.day_points::numeric, 6) desc)::integer as place_number,
        row_number() over (order by round(o.day_points::numeric, 6) desc, o.agent_id)::integer as order_number
    from own as o
    where o.day_points is not null
)

select
    o.agent_id,
    o.points,
    o.hours,
    o.needed_hours,
    o.day_points,
    o.variance,
    r.place_number,
    r.order_number,
    case when r.place_number is not null then coalesce(p.low_place, 1) end,
    case when r.place_number is not null then coalesce(p.high_place, s.ranked_agents) end,
    case
        when r.place_number is null then 'waiting'
        when p.top_ratio >= 0.8 then 'top'
        when p.middle_ratio >= 0.8 then 'middle'
        else 'settling'
    end,
    s.ranked_agents
from own as o
cross join spread as s
left join ranked as r on o.agent_id = r.agent_id
left join (
    select l.*
    from shrunk as h
    cross join lateral game.likely_places(h.agent_ids, h.mean_values, h.variances) as l
    where h.agent_ids is not null
) as p on o.agent_id = p.agent_id
$$;
comment on function game.board_standings is
'Grain: one row per agent of of_agent_ids: points for a full day''s work from first_date to last_date; place_number: shared by equals; '
'low_place to high_place: where the true place is in nine of ten cases; tier_name: waiting (fewer than needed_hours), top (upper third '
'with a chance of 0.8), middle (upper two thirds likewise), settling (cannot be told yet).';

create function game.reads_all() returns boolean
language sql stable set search_path = pg_catalog, pg_temp as $$
select
    access.sees_everybody()
    or access.claim() is null
    and not array[session_user::text, current_setting('role')] && array['floorboard_pages', 'floorboard_reader', 'floorboard_wall']
$$;
comment on function game.reads_all is 'Whether whoever looks sees every agent: one who answers for all, or a site where nobody signs in.';

create function game.initials(of_name text) returns text
language sql immutable parallel safe as $$
    select string_agg(upper(left(w.word, 1)) || '.', ' ' order by w.place_number)
    from regexp_split_to_table(of_name, '[\s-]+') with ordinality as w (word, place_number)
    where w.word <> ''
$$;
comment on function game.initials is 'The first letters of a name: "Aino Kask-Mets" is "A. K. M.".';

create function game.board_names(of_board_name text, agent_ids integer [], places integer [])
returns table (agent_id integer, shown_name text, is_own boolean, is_seen boolean)
language sql stable set search_path = pg_catalog, pg_temp as $$
select
    a.agent_id,
    case
        when v.is_own or v.is_seen then a.agent_name
        when c.agent_id is null or u.place_number is null or u.place_number > n.agents_count - n.agents_count / 3 then null
        when s.names_name = 'top' and u.place_number > s.top_places then null
        when s.names_name = 'initials' then game.initials(a.agent_name)
        else a.agent_name
    end,
    v.is_own,
    v.is_seen
from unnest($2, $3) as u (agent_id, place_number)
inner join warehouse.agents as a on u.agent_id = a.agent_id
inner join game.board_settings as s on s.is_only
cross join (select count(i.place_number)::integer as agents_count from unnest($3) as i (place_number)) as n
cross join lateral (
    select
        coalesce(a.agent_id = (select access.agent_id()), false) as is_own,
        coalesce((select game.reads_all()) or a.agent_id = any((select access.seen_agent_ids())::integer []), false) as is_seen
) as v
left join access.consented_agents($1) as c on u.agent_id = c.agent_id
$$;
comment on function game.board_names is
'Grain: one row per agent: the name that whoever looks may read on that kind of board; null for none. Every board asks this one: '
'everybody reads the own name, a supervisor those of the own teams, who answers for all every name; a colleague''s stands there if '
'the colleague allows it, and never in the lowest third. Asked with the rights of whoever asks: boards ask as the owner.';

create function game.team_of(of_agent_id integer) returns integer
language sql stable set search_path = pg_catalog, pg_temp as $$
select m.team_id from warehouse.team_spans as m
where m.agent_id = of_agent_id and access.is_current(m.started_date, m.ended_date)
order by m.started_date desc
limit 1
$$;
comment on function game.team_of is 'The team of an agent today; null for none.';

create function game.board_agent_ids(of_kind_name text, of_season_name text) returns integer []
language sql stable set search_path = pg_catalog, pg_temp as $$
select coalesce(array_agg(a.agent_id order by a.agent_id), '{}')
from warehouse.agents as a
where
    a.is_active
    and case of_kind_name
        when 'everyone' then true
        when 'team' then
            game.team_of(a.agent_id) = game.team_of((select access.agent_id()))
            or access.agent_id() is null
            and (game.reads_all() or a.agent_id = any((select access.seen_agent_ids())::integer []))
        when 'league' then
            exists (
                select from game.league_places as p
                where
                    p.season_name = of_season_name and p.agent_id = a.agent_id
                    and (
                        access.agent_id() is null
                        or p.league_number = (
                            select o.league_number from game.league_places as o
                            where o.season_name = of_season_name and o.agent_id = access.agent_id()
                        )
                    )
            )
    end
$$;
comment on function game.board_agent_ids is
'Who stands on a board: everyone; the team of whoever looks; their league (of who answers for people: every league).';

create function game.round_five(points double precision) returns bigint
language sql immutable parallel safe as $$
    select (round(points / 5) * 5)::bigint
$$;
comment on function game.round_five is 'Points as a benchmark tells them: to the nearest five, so that it is nobody''s own.';

create function access.game_board(of_kind_name text, first_date date, last_date date, of_season_name text)
returns table (
    row_name text,
    order_number integer,
    agent_id integer,
    shown_name text,
    alias_number integer,
    is_own boolean,
    is_seen boolean,
    league_number integer,
    place_number integer,
    low_place_number integer,
    high_place_number integer,
    tier_name text,
    day_points bigint,
    low_points bigint,
    high_points bigint,
    total_points bigint,
    worked_hours_value double precision,
    needed_hours_value double precision,
    next_points bigint,
    ranked_agents integer,
    waiting_agents integer,
    quarter_points bigint,
    half_points bigint
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    fewest integer := access.fewest_agents();
    board_name text := case of_kind_name when 'team' then 'team_board' else 'leaderboard' end;
begin
if
    not warehouse.is_individual('game') or last_date < first_date or last_date - first_date > 400
    or not (game.reads_all() or coalesce(access.role_name() in ('agent', 'supervisor'), false))
then
    return;
end if;
return query with standings as materialized (
    select
        t.*,
        p.league_number,
        case when of_kind_name = 'league' then rank() over (partition by p.league_number order by t.place_number) end as league_place
    from game.board_standings(first_date, last_date, game.board_agent_ids(of_kind_name, of_season_name)) as t
    left join game.league_places as p on t.agent_id = p.agent_id and p.season_name = of_season_name
),

whole as (
    select
        count(s.place_number)::integer as ranked,
        count(*)::integer - count(s.place_number)::integer as waiting,
        percentile_cont(0.75) within group (order by s.day_points) as quarter,
        percentile_cont(0.5) within group (order by s.day_points) as half,
        max(s.order_number) filter (where s.agent_id = access.agent_id()) as own_order,
        max(s.day_points) filter (where s.agent_id = access.agent_id()) as own_day_points,
        array_agg(s.agent_id) as agent_ids,
        array_agg(s.place_number) as places
    from standings as s
),

names as materialized (
    select i.*
    from whole as w
    cross join lateral game.board_names(board_name, w.agent_ids, w.places) as i
),

named as materialized (
    select
        s.*,
        n.shown_name,
        n.is_own,
        n.is_seen,
        abs(s.order_number - w.own_order) <= g.near_places as is_near,
        s.place_number <= g.top_places as is_top,
        count(*) filter (where n.shown_name is null and s.place_number is not null) over () as nameless
    from standings as s
    cross join whole as w
    inner join names as n on s.agent_id = n.agent_id
    inner join game.board_settings as g on g.is_only
),

-- Whoever has no name in a league stands in a range of so many that comparing two seasons finds nobody (dashboard.own.aliases).
hidden as (
    select
        h.agent_id,
        h.day_points,
        ntile(greatest(1, (h.nameless / h.fewest_of_group)::integer)) over (order by h.day_points desc, h.agent_id) as group_number
    from (
        select
            n.agent_id,
            n.day_points,
            n.nameless,
            least(n.nameless, ceil(round((1 / (0.01 + 1.0 / n.nameless))::numeric, 9)))::bigint as fewest_of_group
        from named as n
        where
            of_kind_name = 'league' and access.agent_id() is not null
            and n.shown_name is null and n.place_number is not null and n.nameless >= fewest
    ) as h
),

ranges as (
    select
        h.group_number,
        (floor(min(h.day_points) / 5) * 5)::bigint as low_points,
        (ceil(max(h.day_points) / 5) * 5)::bigint as high_points
    from hidden as h
    group by h.group_number
)

select
    'all',
    0,
    null::integer,
    null,
    null::integer,
    false,
    false,
    (select min(n.league_number) from named as n where n.is_own),
    null::integer,
    null::integer,
    null::integer,
    null,
    null::bigint,
    null::bigint,
    null::bigint,
    null::bigint,
    null::double precision,
    null::double precision,
    null::bigint,
    w.ranked,
    w.waiting,
    case when w.ranked >= fewest and not e.is_solved then game.round_five(w.quarter) end,
    case when w.ranked >= fewest and not e.is_solved then game.round_five(w.half) end
from whole as w
-- Whoever reads the points of all but a few would read theirs off a benchmark of everybody.
cross join (
    select
        coalesce(max(n.nameless), 0) between 1 and fewest - 1
        and count(n.place_number) filter (
            where n.shown_name is not null and (n.is_own or n.is_seen or n.is_top or n.is_near or of_kind_name = 'league')
        ) + max(n.nameless) = count(n.place_number) as is_solved
    from named as n
) as e
union all
select
    'named',
    -- Where the nameless are few, a gap between the named would tell the place of somebody who can be guessed: the order has none.
    case
        when n.order_number is null then null
        when n.nameless between 1 and fewest - 1 then (row_number() over (order by n.order_number))::integer
        else n.order_number
    end,
    n.agent_id,
    n.shown_name,
    null,
    n.is_own,
    n.is_seen,
    n.league_number,
    case
        when n.is_seen and not n.is_own then coalesce(n.league_place, n.place_number::bigint)::integer
        when n.is_top and (n.is_own or n.nameless not between 1 and fewest - 1) then n.place_number
    end,
    n.low_place,
    n.high_place,
    n.tier_name,
    round(n.day_points)::bigint,
    null,
    null,
    case when n.is_own or n.is_seen then n.points end,
    case when n.is_own or n.is_seen then round(n.hours::numeric, 1)::double precision end,
    case when n.is_own or n.is_seen then round(n.needed_hours::numeric, 1)::double precision end,
    case when n.is_own then (
        select case when o.shown_name is not null or o.nameless >= fewest then (ceil((o.day_points - n.day_points) / 5) * 5)::bigint end
        from named as o
        where o.day_points > n.day_points
        order by o.day_points
        limit 1
    ) end,
    null,
    null,
    null,
    null
from named as n
where n.shown_name is not null and (n.is_own or n.is_seen or n.is_top or n.is_near or of_kind_name = 'league')
union all
-- A colleague without a name beside others: that somebody stands there, and nothing else of them.
select
    'nameless',
    n.order_number,
    null,
    null,
    null,
    false,
    false,
    null,
    case when n.is_top then n.place_number end,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null
from named as n
where n.shown_name is null and of_kind_name <> 'league' and (n.is_top or n.is_near) and n.nameless >= fewest
union all
select
    'alias',
    null,
    null,
    null,
    access.alias_number(h.agent_id, of_season_name),
    false,
    false,
    null,
    null,
    null,
    null,
    null,
    null,
    r.low_points,
    r.high_points,
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    null
from hidden as h
inner join ranges as r on h.group_number = r.group_number
order by 1, 2, 5;
end
$$;
comment on function access.game_board is
'Grain: one row "all" for the board as a whole, then one per agent of whom whoever looks may be told: named (their own, those they '
'answer for, those who allow it), nameless (somebody stands there), alias (of a league: a name that stands for somebody, with the range '
'of points of many). Nothing while the policy lets the game have no figures of single agents, or for who sees no single agents.';

create function access.game_teams(first_date date, last_date date)
returns table (
    team_id integer,
    team_name text,
    is_own boolean,
    ranked_agents integer,
    day_points bigint,
    place_number integer,
    low_place_number integer,
    high_place_number integer,
    withheld_name text,
    fewest_agents integer
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    fewest integer := access.fewest_agents();
begin
if last_date < first_date or last_date - first_date > 400 then
    return;
end if;
return query with members as materialized (
    select
        m.team_id,
        s.day_points,
        s.variance
    from game.board_standings(first_date, last_date, game.board_agent_ids('everyone', null)) as s
    inner join warehouse.team_spans as m on s.agent_id = m.agent_id and access.is_current(m.started_date, m.ended_date)
    where s.day_points is not null
),

scores as (
    select
        m.team_id,
        count(*)::integer as ranked_agents,
        game.team_score(sum(m.day_points), count(*), min(w.mean_value)) as score_value,
        sum(m.variance) / power(count(*) + 4, 2) as variance
    from members as m
    cross join (select avg(i.day_points) as mean_value from members as i) as w
    group by m.team_id
),

told as materialized (
    select
        s.*,
        t.team_name,
        coalesce(t.team_id = game.team_of((select access.agent_id())), false)
        or coalesce(t.team_id = any((select access.own_team_ids())::integer []) and not game.reads_all(), false) as is_own,
        s.ranked_agents >= fewest or game.reads_all()
        or coalesce(t.team_id = any((select access.own_team_ids())::integer []), false) as is_told
    from scores as s
    inner join warehouse.teams as t on s.team_id = t.team_id
),

ranked as (
    select
        t.team_id,
        rank() over (order by round(t.score_value::numeric, 6) desc)::integer as place_number
    from told as t
    where t.is_told
),

likely as (
    select l.*
    from (
        select
            array_agg(t.team_id) as team_ids,
            array_agg(t.score_value) as score_values,
            array_agg(t.variance) as variances
        from told as t
        where t.is_told and t.variance > 0
    ) as g
    cross join lateral game.likely_places(g.team_ids, g.score_values, g.variances) as l
    where g.team_ids is not null
)

select
    t.team_id,
    t.team_name,
    t.is_own,
    case when t.is_told then t.ranked_agents end,
    case when t.is_told then round(t.score_value)::bigint end,
    r.place_number,
    coalesce(l.low_place, r.place_number),
    coalesce(l.high_place, r.place_number),
    case when not t.is_told then 'few' end,
    fewest
from told as t
left join ranked as r on t.team_id = r.team_id
left join likely as l on t.team_id = l.agent_id
where t.is_told or t.is_own or access.sees_team(t.team_id, fewest)
order by r.place_number, t.team_name;
end
$$;
comment on function access.game_teams is
'Grain: one row per team with ranked agents: points for a full day''s work per member, four members of everybody''s mean added. '
'A team of few is told to those who answer for it alone.';

create function access.game_improved(first_date date, last_date date)
returns table (
    agent_id integer,
    shown_name text,
    is_own boolean,
    is_seen boolean,
    gained_ratio double precision,
    is_sure boolean,
    base_points bigint,
    day_points bigint
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
if
    not warehouse.is_individual('game') or last_date < first_date or last_date - first_date > 400
    or not (game.reads_all() or coalesce(access.role_name() in ('agent', 'supervisor'), false))
then
    return;
end if;
return query with everyone as (
    select game.board_agent_ids('everyone', null) as agent_ids
),

-- Against one's own eight weeks before; a gain that chance may have made is drawn to nothing before anybody is ranked by it.
gains as materialized (
    select
        n.agent_id,
        n.day_points,
        b.day_points as base_points,
        (n.day_points - b.day_points) / b.day_points as gained_ratio,
        (n.variance + b.variance) / power(b.day_points, 2) as variance,
        (n.day_points - b.day_points) / nullif(sqrt(n.variance + b.variance), 0) as z_value
    from everyone as e
    cross join lateral game.board_standings(first_date, last_date, e.agent_ids) as n
    inner join lateral game.board_standings(first_date - 56, first_date - 1, e.agent_ids) as b on n.agent_id = b.agent_id
    where n.day_points is not null and b.day_points > 0
),

ranked as materialized (
    select
        s.*,
        rank() over (order by s.shrunk_ratio desc)::integer as place_number,
        s.shrunk_ratio > 0 and s.z_value >= 1.645 as is_sure
    from (
        select
            g.*,
            round(game.shrunk_mean(g.gained_ratio, g.variance, 0, b.between_variance)::numeric, 9) as shrunk_ratio
        from gains as g
        cross join (select game.between_variance(i.gained_ratio, i.variance) as between_variance from gains as i) as b
    ) as s
),

names as materialized (
    select i.*
    from (select array_agg(r.agent_id) as agent_ids, array_agg(r.place_number) as places from ranked as r) as l
    cross join lateral game.board_names('leaderboard', l.agent_ids, l.places) as i
)

select
    r.agent_id,
    n.shown_name,
    n.is_own,
    n.is_seen,
    round(r.shrunk_ratio, 2)::double precision,
    coalesce(r.is_sure, false),
    case when n.is_own or n.is_seen then round(r.base_points)::bigint end,
    case when n.is_own or n.is_seen then round(r.day_points)::bigint end
from ranked as r
inner join names as n on r.agent_id = n.agent_id
where n.shown_name is not null and (n.is_own or r.is_sure and r.place_number <= 10)
order by r.place_number, r.agent_id;
end
$$;
comment on function access.game_improved is
'Grain: one row per agent who surely gained on the own eight weeks before, of those whose name may be read, and the own; gained_ratio: '
'drawn to nothing, the less sure it is. Nobody else learns who fell back.';

create function access.game_board_steps(of_kind_name text, first_date date, last_date date, of_season_name text)
returns table (step_date date, line_name text, is_own boolean, place_number integer, lines_count integer)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    step_days integer := greatest(1, ceil((last_date - first_date + 1) / 13.0));
    of_agent_ids integer [] := game.board_agent_ids(case of_kind_name when 'teams' then 'everyone' else of_kind_name end, of_season_name);
begin
if last_date < first_date or last_date - first_date > 400 then
    return;
end if;
return query with lines as materialized (
    select
        b.agent_id as line_id,
        b.shown_name as line_name,
        b.is_own
    from access.game_board(of_kind_name, first_date, last_date, of_season_name) as b
    where of_kind_name <> 'teams' and b.row_name = 'named' and (b.is_own or b.place_number <= 8)
    union all
    select
        t.team_id,
        t.team_name,
        t.is_own
    from access.game_teams(first_date, last_date) as t
    where of_kind_name = 'teams' and t.place_number is not null
),

values_so_far as materialized (
    select
        s.step_date,
        d.agent_id,
        game.prorated(sum(d.points), sum(d.hours), g.day_hours, g.day_hours * 5 / 7 * (s.step_date - first_date + 1) * g.fewest_ratio)
            as day_points
    from (
        select last_date - q.n * step_days as step_date from generate_series(0, (last_date - first_date) / step_days) as q (n)
    ) as s
    inner join game.board_days(first_date, last_date) as d on d.day_date <= s.step_date
    inner join unnest(of_agent_ids) as a (agent_id) on d.agent_id = a.agent_id
    inner join game.board_settings as g on g.is_only
    group by s.step_date, d.agent_id, g.day_hours, g.fewest_ratio
),

steps as (
    select
        v.step_date,
        v.agent_id as line_id,
        v.day_points
    from values_so_far as v
    where of_kind_name <> 'teams' and v.day_points is not null
    union all
    select
        v.step_date,
        m.team_id,
        game.team_score(sum(v.day_points), count(*), min(w.mean_points))
    from values_so_far as v
    inner join warehouse.team_spans as m on v.agent_id = m.agent_id and access.is_current(m.started_date, m.ended_date)
    inner join (
        select
            i.step_date,
            avg(i.day_points) as mean_points
        from values_so_far as i
        group by i.step_date
    ) as w on v.step_date = w.step_date
    where of_kind_name = 'teams' and v.day_points is not null and m.team_id in (select l.line_id from lines as l)
    group by v.step_date, m.team_id
)

select
    r.step_date,
    l.line_name,
    l.is_own,
    r.place_number,
    r.lines_count
from (
    select
        s.step_date,
        s.line_id,
        rank() over (partition by s.step_date order by round(s.day_points::numeric, 6) desc)::integer as place_number,
        (count(*) over (partition by s.step_date))::integer as lines_count
    from steps as s
) as r
inner join lines as l on r.line_id = l.line_id
order by r.step_date, r.place_number, l.line_name;
end
$$;
comment on function access.game_board_steps is
'Grain: one row per step (at most 13, the last on last_date) and line: the place by points so far, of teams or of the agents whom '
'whoever looks may read by name on that board.';

create function game.league_moves(
    agent_ids integer [], leagues integer [], points double precision [], ties double precision [], moves integer default 2
)
returns table (agent_id integer, place_number integer, next_league_number integer)
language sql immutable as $$
select
    p.agent_id,
    p.place_number::integer,
    (
        p.league_number - (p.league_number > 1 and p.place_number <= $5)::integer
        + (
            p.league_number < p.last_number and p.place_number > p.members - $5
            and not (p.league_number > 1 and p.place_number <= $5)
        )::integer
    )
from (
    select
        u.agent_id,
        u.league_number,
        row_number() over (partition by u.league_number order by u.points desc, u.tie_value desc, u.agent_id) as place_number,
        count(*) over (partition by u.league_number) as members,
        max(u.league_number) over () as last_number
    from unnest($1, $2, $3, $4) as u (agent_id, league_number, points, tie_value)
) as p
$$;
comment on function game.league_moves is
'Grain: one row per agent: the place in the own league, then the tie-break, then the older number, and the league of the next season; so '
'many go up and down. League 1 is the top.';

create function game.place_leagues(of_season_name text) returns integer
language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    season_row game.seasons;
    past_row game.seasons;
    placed integer;
begin
    select s.* into season_row from game.seasons as s where s.season_name = of_season_name;
    if not found then
        return 0;
    end if;
    if exists (select from game.league_places as p where p.season_name = of_season_name) then
        insert into game.league_places (season_name, agent_id, league_number)
        select
            of_season_name,
            a.agent_id,
            (select max(p.league_number) from game.league_places as p where p.season_name = of_season_name)
        from warehouse.agents as a
        where a.is_active
        on conflict do nothing;
        get diagnostics placed = row_count;
        return placed;
    end if;
    select s.* into past_row
    from game.seasons as s
    where s.end_date <= season_row.start_date and exists (select from game.league_places as p where p.season_name = s.season_name)
    order by s.start_date desc
    limit 1;
    -- Who was away too long to be ranked stays where they are; whoever is new begins in the last league. The first season knows no
    -- places: people with as much work and as long with the house come together.
    insert into game.league_places (season_name, agent_id, league_number)
    with everyone as materialized (
        select coalesce(array_agg(a.agent_id order by a.agent_id), '{}') as agent_ids from warehouse.agents as a where a.is_active
    ),

    final as materialized (
        select
            s.agent_id,
            p.league_number,
            s.day_points,
            coalesce((
                select sum((d.sums ->> 'review_earned_points')::double precision)
                / nullif(sum((d.sums ->> 'review_possible_points')::double precision), 0)
                from game.day_sums as d
                where
                    d.agent_id = s.agent_id and d.effective_date >= past_row.start_date and d.effective_date < past_row.end_date
                    and d.sums ? 'review_possible_points'
            ), 0) as tie_value
        from everyone as e
        cross join lateral game.board_standings(past_row.start_date, past_row.end_date - 1, e.agent_ids) as s
        inner join game.league_places as p on s.agent_id = p.agent_id and p.season_name = past_row.season_name
        where past_row.season_name is not null
    ),

    moved as (
        select m.*
        from (
            select
                array_agg(f.agent_id) as agent_ids,
                array_agg(f.league_number) as leagues,
                array_agg(f.day_points) as points,
                array_agg(f.tie_value) as ties
            from final as f
            where f.day_points is not null
        ) as g
        inner join game.board_settings as b on b.is_only
        cross join lateral game.league_moves(g.agent_ids, g.leagues, g.points, g.ties, b.league_moves) as m
    ),

    work as (
        select
            d.agent_id,
            min(d.effective_date) as first_date,
            sum(game.worked_hours(d.sums)) filter (where d.effective_date >= season_row.start_date - 28) as hours
        from game.day_sums as d
        where d.queue_id is null and d.channel_name is null and d.hour_band is null
        group by d.agent_id
    ),

    ordered as (
        select
            a.agent_id,
            row_number() over (
                order by
                    coalesce(m.next_league_number, f.league_number, 1000000),
                    m.place_number nulls last,
                    w.first_date is null or w.first_date > season_row.start_date - 90,
                    w.hours desc nulls last,
                    a.agent_id
            ) as place_number,
            count(*) over () as agents_count
        from warehouse.agents as a
        left join final as f on a.agent_id = f.agent_id
        left join moved as m on a.agent_id = m.agent_id
        left join work as w on a.agent_id = w.agent_id
        where a.is_active
    )

    -- Leagues of 8 to 15, about 12, as equal as can be.
    select
        of_season_name,
        p.agent_id,
        ceil(p.place_number::double precision * l.leagues / p.agents_count)::integer
    from ordered as p
    cross join lateral (
        select greatest(
            1, ceil(p.agents_count / 15.0), least(floor(p.agents_count / 8.0), round(p.agents_count / 12.0))
        )::integer as leagues
    ) as l;
    get diagnostics placed = row_count;
    return placed;
end
$$;
comment on function game.place_leagues is
'Puts everybody into a league of that season: those of the season before with its rises and falls, or the first ones; called again it adds '
'newcomers to the last league. How many were placed.';

revoke all on function access.game_board(text, date, date, text) from public;
revoke all on function access.game_teams(date, date) from public;
revoke all on function access.game_improved(date, date) from public;
revoke all on function access.game_board_steps(text, date, date, text) from public;
