-- Does the loader run, and does it listen?
-- Grain: one row. The age is counted on the warehouse's own clock, as clocks of two machines differ. is_silent: no sign of
-- life for two heartbeats, and nobody else (a load that is started from outside every few minutes) has read since.
select
    b.started_at,
    b.beat_at,
    case when b.noted_at is not null then greatest(floor(extract(epoch from clock_timestamp() - b.noted_at)), 0) end
        as beat_age_seconds,
    coalesce(b.noted_at < clock_timestamp() - interval '20 seconds', true)
    and not exists (
        select 1 from ops.cursors as c
        where
            c.checked_at > coalesce(b.beat_at + interval '1 minute', '-infinity')
            and c.checked_at > :as_of - interval '15 minutes'
    ) as is_silent
from (select 1 as one) as o
left join ops.heartbeats as b on b.process_name = 'etl'
