-- For how long is each kind of rows kept, and from when on are they whole?
-- Grain: one row per kind that was ever looked at.
select
    r.kind_name,
    r.kept_months,
    r.whole_from_at
from ops.retentions as r
order by r.kind_name
