-- Whose value can be judged: with enough behind it, and surely enough where that is asked.
-- Grain: one row per unit and period.
select
    v.unit_id,
    v.period_text,
    v.start_date,
    v.end_date,
    v.above_value,
    v.below_value,
    v.n_value,
    v.found_value,
    h.hours_value,
    h.present_days,
    jsonb_strip_nulls(
        jsonb_build_object(
            'value', v.found_value,
            'n', v.n_value,
            'above', v.above_value,
            'below', case when cast(:has_below as boolean) then v.below_value end,
            'expected', v.expected_value,
            'mean', v.mean_value,
            'strength', v.strength_value,
            'base', v.base_value,
            'z', v.z_value,
            'hours', h.hours_value,
            'start_date', v.start_date,
            'end_date', v.end_date,
            'team_id', case when cast(:is_for_team as boolean) then v.unit_id end
        )
    ) as workings
from valued as v
left join hours as h on v.unit_id = h.agent_id and v.start_date = h.start_date and not cast(:is_for_team as boolean)
where
    v.found_value is not null
    and v.n_value >= cast(:fewest as double precision)
    and (
        cast(:is_for_team as boolean)
        or cast(:fewest_hours as double precision) = 0
        or h.hours_value >= cast(:fewest_hours as double precision)
    )
    and (cast(:fewest_z as double precision) = 0 or v.z_value >= cast(:fewest_z as double precision))
