-- What each grant was made of, by day and kind of work.
-- Grain: one row per unit, period and day of the grant.
select
    k.unit_id,
    k.start_date,
    k.effective_date,
    jsonb_agg(
        jsonb_build_object(
            'fact_name', cast(:above_1 as text),
            'queue_id', k.queue_id,
            'channel_name', k.channel_name,
            'direction_name', k.direction_name,
            'topic_name', k.topic_name,
            'hour_band', k.hour_band,
            'effective_date', k.fact_date,
            'above_value', k.above_value,
            'below_value', case when cast(:has_below as boolean) then k.below_value end,
            'expected_value', k.expected_value
        )
        order by k.fact_date, k.queue_id, k.channel_name, k.direction_name, k.topic_name, k.hour_band
    ) as evidence
from shares as k
group by k.unit_id, k.start_date, k.effective_date
