-- Who made customers content on three channels or more in one month: at least five satisfied answers, and four of five, on each.
-- Grain: one row per agent and month: three channels make silver, four gold.
select
    concat_ws('|', cast(:rule_name as text), cast(:version_number as integer), m.agent_id, m.period_text, 'badge') as entry_key,
    m.agent_id,
    cast(:account_name as text) as account_name,
    1 as entry_points,
    case when m.good_channels >= 4 then 'gold' else 'silver' end as tier_name,
    m.end_date as effective_date,
    m.period_text,
    jsonb_build_object(
        'value', m.good_channels, 'n', m.below_value, 'above', m.above_value, 'below', m.below_value,
        'start_date', m.start_date, 'end_date', m.end_date
    ) as workings,
    m.evidence
from (
    select
        c.agent_id,
        c.period_text,
        c.start_date,
        c.end_date,
        count(*) as good_channels,
        sum(c.above_value) as above_value,
        sum(c.below_value) as below_value,
        jsonb_agg(
            jsonb_build_object(
                'fact_name', 'csat_satisfied_responses',
                'queue_id', null,
                'channel_name', c.channel_name,
                'direction_name', null,
                'topic_name', null,
                'hour_band', null,
                'effective_date', c.last_date,
                'above_value', c.above_value,
                'below_value', c.below_value,
                'expected_value', null
            )
            order by c.channel_name
        ) as evidence
    from (
        select
            d.agent_id,
            s.period_text,
            s.start_date,
            s.end_date,
            d.channel_name,
            max(d.effective_date) as last_date,
            sum(
                coalesce(cast(d.sums ->> 'csat_satisfied_responses' as double precision), 0)
                + coalesce(cast(d.sums ->> 'ticket_csat_satisfied_responses' as double precision), 0)
            ) as above_value,
            sum(
                coalesce(cast(d.sums ->> 'csat_responses' as double precision), 0)
                + coalesce(cast(d.sums ->> 'ticket_csat_responses' as double precision), 0)
            ) as below_value
        from game.day_sums as d
        inner join (
            select
                to_char(b.day_date, 'YYYY-MM') as period_text,
                b.day_date - cast(extract(day from b.day_date) as integer) + 1 as start_date,
                b.day_date as end_date
            from (
                select greatest(cast(:first_date as date), cast(:effective_from_date as date)) + n as day_date
                from generate_series(
                    0,
                    least(cast(:last_date as date), cast(:valid_until_date as date) - 1)
                    - greatest(cast(:first_date as date), cast(:effective_from_date as date))
                ) as g (n)
            ) as b
            where extract(day from b.day_date + 1) = 1
        ) as s on d.effective_date between s.start_date and s.end_date
        where
            d.channel_name is not null
            and d.effective_date >= greatest(cast(:first_date as date), cast(:effective_from_date as date)) - 31
            and d.effective_date <= cast(:last_date as date)
        group by d.agent_id, s.period_text, s.start_date, s.end_date, d.channel_name
    ) as c
    where c.above_value >= 5 and c.above_value >= 0.8 * c.below_value
    group by c.agent_id, c.period_text, c.start_date, c.end_date
) as m
where m.good_channels >= 3
