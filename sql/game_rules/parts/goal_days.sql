-- Whether each agent met the goal of a streak on each working day; a day with too little to tell is passed over, or missed.
-- Grain: one row per agent and day that counts.
select
    c.agent_id,
    c.effective_date,
    c.season_start_date,
    c.freezes,
    c.n_value >= cast(:goal_fewest as double precision)
    and coalesce(cast(:way_sign as integer) * (c.found_value - cast(:goal_at as double precision)) >= -1e-9, false) as is_met
from (
    select
        w.*,
        coalesce(case when cast(:has_below as boolean) then w.below_value else w.above_value end, 0) as n_value,
        case when cast(:has_below as boolean) then w.above_value / nullif(w.below_value, 0) else w.above_value end as found_value
    from workdays as w
) as c
where cast(:is_quiet_day_missed as boolean) or c.n_value >= cast(:goal_fewest as double precision)
