-- Who solved at the first try as steadily in each of the four weeks of four as in the last: each with ten contacts or more.
-- Grain: one row per agent and stretch of four ISO weeks that ends on a Sunday of a week number that four divides.
select
    concat_ws('|', cast(:rule_name as text), cast(:version_number as integer), m.agent_id, m.period_text, 'badge') as entry_key,
    m.agent_id,
    cast(:account_name as text) as account_name,
    1 as entry_points,
    case when m.least_ratio >= 0.85 then 'gold' when m.least_ratio >= 0.75 then 'silver' else 'bronze' end as tier_name,
    m.end_date as effective_date,
    m.period_text,
    jsonb_build_object(
        'value', m.least_ratio, 'n', m.below_value, 'above', m.above_value, 'below', m.below_value,
        'start_date', m.start_date, 'end_date', m.end_date
    ) as workings,
    m.evidence
from (
    select
        w.agent_id,
        w.period_text,
        w.start_date,
        w.end_date,
        count(*) as good_weeks,
        min(w.above_value / w.below_value) as least_ratio,
        max(w.above_value / w.below_value) as most_ratio,
        sum(w.above_value) as above_value,
        sum(w.below_value) as below_value,
        jsonb_agg(
            jsonb_build_object(
                'fact_name', 'resolved_first_contacts',
                'queue_id', null,
                'channel_name', null,
                'direction_name', null,
                'topic_name', null,
                'hour_band', null,
                'effective_date', w.last_date,
                'above_value', w.above_value,
                'below_value', w.below_value,
                'expected_value', null
            )
            order by w.last_date
        ) as evidence
    from (
        select
            d.agent_id,
            s.period_text,
            s.start_date,
            s.end_date,
            max(d.effective_date) as last_date,
            sum(coalesce(cast(d.sums ->> 'resolved_first_contacts' as double precision), 0)) as above_value,
            sum(coalesce(cast(d.sums ->> 'flagged_contacts' as double precision), 0)) as below_value
        from game.day_sums as d
        inner join (
            select
                to_char(b.day_date - 27, 'IYYY"-W"IW') || to_char(b.day_date, '"-W"IW') as period_text,
                b.day_date - 27 as start_date,
                b.day_date as end_date
            from (
                select greatest(cast(:first_date as date), cast(:effective_from_date as date)) + n as day_date
                from generate_series(
                    0,
                    least(cast(:last_date as date), cast(:valid_until_date as date) - 1)
                    - greatest(cast(:first_date as date), cast(:effective_from_date as date))
                ) as g (n)
            ) as b
            where extract(isodow from b.day_date) = 7 and mod(cast(extract(week from b.day_date) as integer), 4) = 0
        ) as s on d.effective_date between s.start_date and s.end_date
        where
            d.effective_date >= greatest(cast(:first_date as date), cast(:effective_from_date as date)) - 27
            and d.effective_date <= cast(:last_date as date)
        group by d.agent_id, s.period_text, s.start_date, s.end_date, (d.effective_date - s.start_date) / 7
    ) as w
    where w.below_value >= 10
    group by w.agent_id, w.period_text, w.start_date, w.end_date
) as m
where m.good_weeks = 4 and m.least_ratio >= 0.65 and m.most_ratio - m.least_ratio <= 0.12
