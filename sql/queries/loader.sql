-- Does the loader run, and does it listen?
-- Grain: one row.
select
    b.started_at,
    b.beat_at,
    case when b.beat_at is not null then greatest(floor(extract(epoch from :as_of - b.beat_at)), 0) end as beat_age_seconds
from (select 1 as one) as o
left join ops.heartbeats as b on b.process_name = 'etl'
