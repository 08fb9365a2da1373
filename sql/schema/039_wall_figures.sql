-- Whom a wall may praise by name: of those who allow it, whom customers thanked most, fairly compared.

create function access.top_of_wall(as_of timestamptz)
returns table (
    place_number integer,
    agent_id integer,
    agent_name text,
    csat_count bigint,
    csat_satisfied_count bigint,
    expected_ratio double precision,
    shrunken_ratio double precision,
    needed_count bigint,
    first_date date,
    last_date date,
    reason_name text
)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    zone_name text := (select coalesce(min(s.time_zone_name), 'UTC') from warehouse.sites as s);
    -- A day is whole four hours after its end, when its last contacts are over.
    whole_date date := cast(($1 - interval '4 hours') at time zone zone_name as date) - 1;
begin
-- The window is known before the contacts are asked for: only then does the planner see how many there are.
return query with scores as materialized (
    select
        o.agent_id,
        coalesce('queue ' || o.queue_id, 'group ' || o.group_name, '') as of_text,
        count(*) as csat_count,
        sum(o.csat_satisfied_count) as csat_satisfied_count
    from warehouse.contact_outcomes(
        (whole_date - 27)::timestamp at time zone zone_name, (whole_date + 1)::timestamp at time zone zone_name, $1, 0
    ) as o
    where o.csat_count = 1 and o.agent_id is not null and (select warehouse.is_individual('ratings'))
    group by o.agent_id, of_text
),

parts as (
    select
        s.of_text,
        sum(s.csat_count) as csat_count,
        sum(s.csat_satisfied_count) as csat_satisfied_count
    from scores as s
    group by s.of_text
),

whole as (
    select
        sum(p.csat_count) as csat_count,
        sum(p.csat_satisfied_count)::float8 / sum(p.csat_count) as csat_ratio
    from parts as p
),

-- What the agent's own mix of queues lets one expect, of all agents' scores: without the agent's own where they are more than a
-- fifth of the queue's, and of the whole floor where a queue has fewer than 30.
agents as (
    select
        s.agent_id,
        sum(s.csat_count) as csat_count,
        sum(s.csat_satisfied_count) as csat_satisfied_count,
        sum(
            s.csat_count * case
                when p.csat_count - s.csat_count >= 30 and s.csat_count * 5 > p.csat_count
                    then (p.csat_satisfied_count - s.csat_satisfied_count)::float8 / (p.csat_count - s.csat_count)
                when p.csat_count >= 30 and s.csat_count * 5 <= p.csat_count then p.csat_satisfied_count::float8 / p.csat_count
                else f.csat_ratio
            end
        ) as expected_count
    from scores as s
    inner join parts as p on s.of_text = p.of_text
    cross join whole as f
    group by s.agent_id
),

-- How far agents truly differ, beyond what chance makes of so many scores: the analysis of variance of shares.
between_agents as (
    select
        count(*) as agents_count,
        sum(power(a.csat_satisfied_count - a.expected_count, 2) / a.csat_count) / nullif(count(*) - 1, 0) as between_value,
        sum(a.csat_satisfied_count * (a.csat_count - a.csat_satisfied_count)::float8 / a.csat_count)
        / nullif(sum(a.csat_count) - count(*), 0) as within_value,
        (sum(a.csat_count) - sum(a.csat_count * a.csat_count) / sum(a.csat_count)) / nullif(count(*) - 1, 0) as mean_count
    from agents as a
),

-- As many scores as the floor's own share weighs; 0.7 of what is told of a person is then that person's own (n >= 0.7 / 0.3 of it).
strength as (
    select
        b.agents_count,
        case
            when b.between_value > b.within_value
                then (b.mean_count * b.within_value) / (b.between_value - b.within_value)
        end::float8 as prior_count
    from between_agents as b
),

taking_part as (
    select
        c.agent_id,
        c.agent_name,
        a.csat_count,
        a.csat_satisfied_count,
        a.expected_count,
        (a.csat_satisfied_count - a.expected_count) / (a.csat_count + s.prior_count) as better_ratio,
        coalesce(s.agents_count >= access.fewest_agents() and a.csat_count >= ceil(7 * s.prior_count / 3), false) as is_enough
    from access.consented_agents('wall') as c
    inner join warehouse.agents as g on c.agent_id = g.agent_id and g.is_active
    cross join strength as s
    left join agents as a on c.agent_id = a.agent_id
),

best as (
    select
        t.*,
        row_number() over (order by t.better_ratio desc, t.csat_count desc, t.agent_name, t.agent_id) as place_number
    from taking_part as t
    where t.is_enough and t.better_ratio > 0
)

select
    b.place_number::integer,
    b.agent_id,
    b.agent_name,
    b.csat_count::bigint,
    b.csat_satisfied_count::bigint,
    b.expected_count / b.csat_count,
    case when b.place_number is not null then least(1, f.csat_ratio + b.better_ratio) end,
    ceil(7 * s.prior_count / 3)::bigint,
    whole_date - 27,
    whole_date,
    case
        when b.place_number is not null then null
        when not warehouse.is_individual('ratings') then 'off'
        when not exists (select from taking_part) then 'nobody'
        when s.agents_count >= access.fewest_agents() and s.prior_count is null then 'alike'
        when not exists (select from taking_part as t where t.is_enough) then 'too_few'
        else 'none_above'
    end
from whole as f
cross join strength as s
left join best as b on b.place_number <= 3
order by b.place_number;
end
$$;
comment on function access.top_of_wall is
'Grain: one row per place, at most three, of those who allow their name on a wall; one without a place where there is nobody, and why. '
'Share of customers who gave 4 or 5 of 5 in 28 whole days, against what the agent''s own queues let one expect, drawn towards it. '
'The floor''s own share is not told: less those who are named it may be the work of few who did not agree.';

revoke all on function access.top_of_wall(timestamptz) from public;
