-- In which ways do alerts leave the house, as the loader's settings have it?
-- Grain: one row per way; none before the loader has run.
select
    w.way_name,
    w.is_ready,
    w.told_text,
    w.noted_at
from ops.alert_ways as w
where w.noted_at <= :as_of
order by w.way_name
