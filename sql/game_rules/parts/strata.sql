-- What one unit of each kind of work makes for everybody in the period, seen from each agent (or team).
-- Grain: one row per unit, period, part and kind of work.
select
    s.*,
    coalesce(
        game.expected_share(
            s.own_above_value, s.own_below_value,
            s.stratum_above_value, s.stratum_below_value,
            null, null, null, null, -- not 0: a plan made before the values are known would divide by it
            :fewest_in_stratum, :most_own_ratio
        ),
        game.expected_share(
            s.own_queue_above_value, s.own_queue_below_value,
            s.queue_above_value, s.queue_below_value,
            null, null, null, null, -- not 0: a plan made before the values are known would divide by it
            :fewest_in_stratum, :most_own_ratio
        ),
        game.expected_share(
            s.own_whole_above_value, s.own_whole_below_value,
            s.whole_above_value, s.whole_below_value,
            null, null, s.whole_above_value, s.whole_below_value,
            :fewest_in_stratum, :most_own_ratio
        )
    ) as expected_ratio
from (
    select
        g.*,
        sum(g.own_above_value) over stratum as stratum_above_value,
        sum(g.own_below_value) over stratum as stratum_below_value,
        sum(g.own_above_value) over own_queue as own_queue_above_value,
        sum(g.own_below_value) over own_queue as own_queue_below_value,
        sum(g.own_above_value) over queue as queue_above_value,
        sum(g.own_below_value) over queue as queue_below_value,
        sum(g.own_above_value) over own_whole as own_whole_above_value,
        sum(g.own_below_value) over own_whole as own_whole_below_value,
        sum(g.own_above_value) over whole as whole_above_value,
        sum(g.own_below_value) over whole as whole_below_value
    from (
        select
            f.unit_id,
            f.part_name,
            f.period_text,
            f.start_date,
            f.end_date,
            f.queue_id,
            f.topic_name,
            f.channel_name,
            f.hour_band,
            sum(f.above_value) as own_above_value,
            sum(f.below_value) as own_below_value,
            sum(f.square_value) as own_square_value
        from facts as f
        group by
            f.unit_id, f.part_name, f.period_text, f.start_date, f.end_date,
            f.queue_id, f.topic_name, f.channel_name, f.hour_band
    ) as g
    window
        stratum as (partition by g.part_name, g.start_date, g.queue_id, g.topic_name, g.channel_name, g.hour_band),
        own_queue as (partition by g.part_name, g.start_date, g.queue_id, g.unit_id),
        queue as (partition by g.part_name, g.start_date, g.queue_id),
        own_whole as (partition by g.part_name, g.start_date, g.unit_id),
        whole as (partition by g.part_name, g.start_date)
) as s
