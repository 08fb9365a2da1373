-- The formulas that make a comparison of people fair, as far as they are closed: bounds, shrinkage, expected values, curves, caps.
-- Grain: as each comment states. Null in, or nothing to divide by: null out. What needs a distribution is made in Python.

create function game.wilson_lower(hits double precision, n double precision, z double precision default 1.959963984540054)
returns double precision
language sql immutable parallel safe as $$
    select
        case when n > 0 then
            greatest(
                0,
                (hits / n + z * z / (2 * n) - z * sqrt(greatest(0, hits / n * (1 - hits / n) / n + z * z / (4 * n * n))))
                / (1 + z * z / n)
            )
        end
$$;
comment on function game.wilson_lower is
'The lower end of the interval of the share hits / n (Wilson 1927): a gate ("surely at least"), never a score, for it punishes the few.';

create function game.zone_points(value double precision, zones jsonb) returns double precision
language plpgsql immutable parallel safe as $$
declare
    pair jsonb;
    x double precision;
    y double precision;
    x_before double precision;
    y_before double precision;
    found_points double precision;
begin
    if value is null or zones is null then
        return null;
    end if;
    for pair in select e.pair from jsonb_array_elements(zones) as e (pair) loop
        x := (pair ->> 0)::double precision;
        y := (pair ->> 1)::double precision;
        if value = x then
            found_points := greatest(found_points, y);
        elsif value < x then
            return coalesce(
                found_points,
                case when x_before is null then y else y_before + (y - y_before) * (value - x_before) / (x - x_before) end
            );
        end if;
        x_before := x;
        y_before := y;
    end loop;
    return coalesce(found_points, y_before);
end
$$;
comment on function game.zone_points is
'The points of a value on a curve of straight lines: zones are [[value, points], ...], rising in value; flat before the first and '
'after the last. Where two stand at one value, whoever is on the border has the better of both.';

create function game.capped_step(state bigint [], entry_points bigint, most_points bigint) returns bigint []
language sql immutable parallel safe as $$
    select array[state[1] + coalesce(entry_points, 0), least(state[2], most_points)]
$$;
create function game.capped_last(state bigint []) returns bigint
language sql immutable parallel safe as $$
    select least(state[1], state[2])
$$;
do $$
begin
    create aggregate game.capped (entry_points bigint, most_points bigint) (
        sfunc = game.capped_step,
        stype = bigint [],
        finalfunc = game.capped_last,
        initcond = '{0,9223372036854775807}',
        parallel = safe
    );
end
$$;
comment on aggregate game.capped (bigint, bigint) is
'The sum of the points, at most most_points (null: no cap): of the total, so that the order in which they came is of no matter.';

create function game.expected_share(
    own_above double precision,
    own_below double precision,
    stratum_above double precision,
    stratum_below double precision,
    queue_above double precision,
    queue_below double precision,
    whole_above double precision,
    whole_below double precision,
    fewest double precision default 30,
    most_own_ratio double precision default 0.2
) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when stratum_below >= fewest and own_below <= most_own_ratio * stratum_below then stratum_above / stratum_below
            when stratum_below - own_below >= fewest and own_below > most_own_ratio * stratum_below
                then (stratum_above - own_above) / (stratum_below - own_below)
            when queue_below >= fewest and own_below <= most_own_ratio * queue_below then queue_above / queue_below
            when queue_below - own_below >= fewest and own_below > most_own_ratio * queue_below
                then (queue_above - own_above) / (queue_below - own_below)
            when whole_below > 0 then whole_above / whole_below
        end
$$;
comment on function game.expected_share is
'What one unit of that kind of work makes for everybody: the mean of the stratum, else of its queue, else of the whole, the first '
'with as many as fewest behind it; without the agent''s own where they are more than most_own_ratio of it. Times own_below it is what '
'an agent with just this mix lets one expect; own sums over expected sums are the mix-adjusted ratio.';

-- {units, sum n, sum n^2, sum hits, sum hits^2 / n, sum (hits - expected)^2 / n, units with an expectation}
create function game.strength_step(
    state double precision [], hits double precision, n double precision, expected_hits double precision
) returns double precision []
language sql immutable parallel safe as $$
    select
        case when n > 0 and hits is not null then
            array[
                state[1] + 1,
                state[2] + n,
                state[3] + n * n,
                state[4] + hits,
                state[5] + hits * hits / n,
                state[6] + coalesce((hits - expected_hits) * (hits - expected_hits) / n, 0),
                state[7] + (expected_hits is not null)::integer
            ]
        else state end
$$;
create function game.strength_plain_step(state double precision [], hits double precision, n double precision)
returns double precision []
language sql immutable parallel safe as $$
    select game.strength_step(state, hits, n, null)
$$;
create function game.strength_last(state double precision []) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when b.between_value > b.within_value and b.within_value > 0
                then b.mean_n * b.within_value / (b.between_value - b.within_value)
        end
    from (
        select
            case when state[7] = state[1] then state[6] else state[5] - state[4] * state[4] / state[2] end
            / (state[1] - 1) as between_value,
            (state[4] - state[5]) / nullif(state[2] - state[1], 0) as within_value,
            (state[2] - state[3] / state[2]) / (state[1] - 1) as mean_n
        where state[1] > 1
    ) as b
$$;
do $$
begin
    create aggregate game.prior_strength (hits double precision, n double precision) (
        sfunc = game.strength_plain_step,
        stype = double precision [],
        finalfunc = game.strength_last,
        initcond = '{0,0,0,0,0,0,0}',
        parallel = safe
    );
end
$$;
comment on aggregate game.prior_strength (double precision, double precision) is
'Of shares of several agents: as many answers as the mean of all weighs beside an agent''s own (1 / icc - 1, icc by the analysis of '
'variance). Null where agents do not differ beyond chance (icc <= 0), or nothing can be compared: then everyone has the mean.';
do $$
begin
    create aggregate game.prior_strength (hits double precision, n double precision, expected_hits double precision) (
        sfunc = game.strength_step,
        stype = double precision [],
        finalfunc = game.strength_last,
        initcond = '{0,0,0,0,0,0,0}',
        parallel = safe
    );
end
$$;
comment on aggregate game.prior_strength (double precision, double precision, double precision) is
'As without expected_hits, but agents differ by hits less what their own mix of work lets one expect.';

create function game.shrunk_share(
    hits double precision, n double precision, mean_ratio double precision, strength double precision
) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when strength is null or coalesce(n, 0) <= 0 then mean_ratio
            else (mean_ratio * strength + hits) / (strength + n)
        end
$$;
comment on function game.shrunk_share is
'An agent''s share drawn to mean_ratio (of all, or what the agent''s own mix lets one expect) by game.prior_strength; null strength: '
'that mean itself.';

create function game.fewest_for(strength double precision, reliability double precision default 0.7) returns bigint
language sql immutable parallel safe as $$
    select ceil(round((reliability / (1 - reliability) * strength)::numeric, 9))::bigint
$$;
comment on function game.fewest_for is
'How many answers an agent needs so that so much of the shrunk share is the agent''s own (n / (n + strength) >= reliability).';

create function game.log_mean_variance(n double precision, log_sum double precision, log_square_sum double precision)
returns double precision
language sql immutable parallel safe as $$
    select case when n > 1 then nullif(greatest(0, (log_square_sum - log_sum * log_sum / n) / (n - 1) / n), 0) end
$$;
comment on function game.log_mean_variance is
'How uncertain a mean of n logarithms is: their variance / n. Null for fewer than two, and where all are the same.';

-- {units, sum w, sum w^2, sum w y, sum w y^2}, w = 1 / v
create function game.between_step(state double precision [], value double precision, variance double precision)
returns double precision []
language sql immutable parallel safe as $$
    select
        case when variance > 0 and value is not null then
            array[
                state[1] + 1,
                state[2] + 1 / variance,
                state[3] + 1 / (variance * variance),
                state[4] + value / variance,
                state[5] + value * value / variance
            ]
        else state end
$$;
create function game.between_last(state double precision []) returns double precision
language sql immutable parallel safe as $$
    select
        case when state[1] > 1 then
            greatest(0, (state[5] - state[4] * state[4] / state[2] - (state[1] - 1)) / (state[2] - state[3] / state[2]))
        end
$$;
do $$
begin
    create aggregate game.between_variance (value double precision, variance double precision) (
        sfunc = game.between_step,
        stype = double precision [],
        finalfunc = game.between_last,
        initcond = '{0,0,0,0,0}',
        parallel = safe
    );
end
$$;
comment on aggregate game.between_variance (double precision, double precision) is
'How far agents truly differ beyond the variances of their own values (DerSimonian and Laird 1986); 0 where they do not, null for one.';

create function game.weighted_step(state double precision [], value double precision, weight double precision)
returns double precision []
language sql immutable parallel safe as $$
    select
        case
            when value is not null and weight > 0 then array[state[1] + value * weight, state[2] + weight]
            else state
        end
$$;
create function game.weighted_last(state double precision []) returns double precision
language sql immutable parallel safe as $$
    select state[1] / nullif(state[2], 0)
$$;
do $$
begin
    create aggregate game.weighted_mean (value double precision, weight double precision) (
        sfunc = game.weighted_step,
        stype = double precision [],
        finalfunc = game.weighted_last,
        initcond = '{0,0}',
        parallel = safe
    );
end
$$;
comment on aggregate game.weighted_mean (double precision, double precision) is
'The mean of the values by their weights; of shrinkage: by 1 / (variance + between variance).';

create function game.shrink_ratio(variance double precision, between_variance double precision) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when variance is null or between_variance is null then null
            when between_variance <= 0 then 1
            else variance / (variance + between_variance)
        end
$$;
comment on function game.shrink_ratio is
'How much of a shrunk mean is everybody''s, from 0 to 1: an agent is ranked where it is at most 0.3.';

create function game.shrunk_mean(
    value double precision, variance double precision, mean_value double precision, between_variance double precision
) returns double precision
language sql immutable parallel safe as $$
    select
        case
            when value is null or variance is null or between_variance is null or between_variance <= 0 then mean_value
            else (variance * mean_value + between_variance * value) / (variance + between_variance)
        end
$$;
comment on function game.shrunk_mean is 'An agent''s mean drawn to that of all, the more the less it is sure.';

create function game.welch_z(
    base_mean double precision,
    base_deviation double precision,
    base_n double precision,
    now_mean double precision,
    now_deviation double precision,
    now_n double precision
) returns double precision
language sql immutable parallel safe as $$
    select
        case when base_n > 1 and now_n > 1 then
            (base_mean - now_mean)
            / nullif(sqrt(base_deviation * base_deviation / base_n + now_deviation * now_deviation / now_n), 0)
        end
$$;
comment on function game.welch_z is
'How far somebody is below their own earlier mean, in standard errors (Welch): above 0 where lower than before.';

create function game.team_score(
    member_sum double precision, members double precision, mean_value double precision, pseudo_members double precision default 4
) returns double precision
language sql immutable parallel safe as $$
    select (pseudo_members * mean_value + member_sum) / nullif(pseudo_members + members, 0)
$$;
comment on function game.team_score is
'A team''s mean per member with pseudo_members of everybody''s mean added, so that teams of any size compare.';

create function game.prorated(
    points double precision,
    exposure_hours double precision,
    norm_hours double precision,
    fewest_hours double precision default 0
) returns double precision
language sql immutable parallel safe as $$
    select case when exposure_hours > 0 and exposure_hours >= fewest_hours then points / exposure_hours * norm_hours end
$$;
comment on function game.prorated is
'Points as if everybody had worked norm_hours; null below fewest_hours: absence never costs, and overtime never adds a place.';
