-- Whom the rule can give something: qualified, and no limit on quality missed.
-- Grain: one row per unit and period.
select
    q.unit_id,
    q.period_text,
    q.start_date,
    q.end_date,
    q.above_value,
    q.below_value,
    q.n_value,
    q.found_value,
    q.present_days,
    q.workings || case when g.gates is null then '{}' else jsonb_build_object('gates', g.gates) end as workings
from qualified as q
left join gates as g on q.unit_id = g.unit_id and q.start_date = g.start_date
where g.is_missed is not true
