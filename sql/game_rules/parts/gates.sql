-- Quality first: the shares that must not be worse than their limit, over all work of the period. Too few to tell pass, but where time
-- is what a rule pays for, one of the limits at least must have been kept for sure.
-- Grain: one row per agent and period with something to judge them by.
select
    r.agent_id as unit_id,
    r.start_date,
    bool_or(r.is_missed) or (cast(:is_of_time as boolean) and not bool_or(r.n_value >= r.fewest)) as is_missed,
    jsonb_agg(
        jsonb_build_object('above', r.above_1, 'below', r.below_1, 'value', r.found_value, 'n', r.n_value, 'limit', r.limit_value)
        order by r.place
    ) as gates
from (
    select
        s.*,
        s.above_value / nullif(s.n_value, 0) as found_value,
        s.n_value >= s.fewest
        and case
            when s.best_by = 'up' then s.above_value / nullif(s.n_value, 0) < s.limit_value
            else s.above_value / nullif(s.n_value, 0) > s.limit_value
        end as is_missed
    from (
        select
            d.agent_id,
            p.start_date,
            g.place,
            g.above_1,
            g.below_1,
            g.best_by,
            g.limit_value,
            g.fewest,
            sum(
                coalesce(cast(d.sums ->> g.above_1 as double precision), 0) * g.above_1_sign
                + coalesce(cast(d.sums ->> g.above_2 as double precision), 0) * g.above_2_sign
            ) as above_value,
            sum(
                coalesce(cast(d.sums ->> g.below_1 as double precision), 0) * g.below_1_sign
                + coalesce(cast(d.sums ->> g.below_2 as double precision), 0) * g.below_2_sign
            ) as n_value
        from game.day_sums as d
        inner join days as p on d.effective_date = p.day_date and p.part_name = 'now'
        cross join jsonb_to_recordset(cast(:gates as jsonb)) as g (
            place integer,
            above_1 text,
            above_1_sign integer,
            above_2 text,
            above_2_sign integer,
            below_1 text,
            below_1_sign integer,
            below_2 text,
            below_2_sign integer,
            best_by text,
            limit_value double precision,
            fewest double precision
        )
        where d.effective_date between (select min(b.day_date) from days as b) and (select max(b.day_date) from days as b)
        group by d.agent_id, p.start_date, g.place, g.above_1, g.below_1, g.best_by, g.limit_value, g.fewest
    ) as s
) as r
group by r.agent_id, r.start_date
