-- Until which day the facts of a grant go.
-- Grain: one row per grant.
select
    g.unit_id,
    g.start_date,
    g.effective_date,
    cast(g.workings ->> 'end_date' as date) as facts_until_date
from due as g
