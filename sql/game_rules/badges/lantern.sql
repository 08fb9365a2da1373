-- Who solved many matters at the first try between nine in the evening and six in the morning, month by month.
-- Grain: one row per agent and month: 25 make bronze, 75 silver, 150 gold.
select
    concat_ws('|', cast(:rule_name as text), cast(:version_number as integer), m.agent_id, m.period_text, 'badge') as entry_key,
    m.agent_id,
    cast(:account_name as text) as account_name,
    1 as entry_points,
    case when m.solved_contacts >= 150 then 'gold' when m.solved_contacts >= 75 then 'silver' else 'bronze' end as tier_name,
    m.end_date as effective_date,
    m.period_text,
    jsonb_build_object(
        'value', m.solved_contacts, 'n', m.solved_contacts, 'above', m.solved_contacts, 'start_date', m.start_date, 'end_date', m.end_date
    ) as workings,
    m.evidence
from (
    select
        k.agent_id,
        k.period_text,
        k.start_date,
        k.end_date,
        sum(k.above_value) as solved_contacts,
        jsonb_agg(
            jsonb_build_object(
                'fact_name', 'resolved_first_contacts',
                'queue_id', k.queue_id,
                'channel_name', k.channel_name,
                'direction_name', k.direction_name,
                'topic_name', k.topic_name,
                'hour_band', k.hour_band,
                'effective_date', k.effective_date,
                'above_value', k.above_value,
                'below_value', null,
                'expected_value', null
            )
            order by k.effective_date, k.queue_id, k.channel_name, k.direction_name, k.topic_name, k.hour_band
        ) as evidence
    from (
        select
            d.agent_id,
            d.effective_date,
            d.queue_id,
            d.channel_name,
            d.direction_name,
            d.topic_name,
            d.hour_band,
            s.period_text,
            s.start_date,
            s.end_date,
            cast(d.sums ->> 'resolved_first_contacts' as double precision) as above_value
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
            d.hour_band in (7, 0, 1) and d.sums ? 'resolved_first_contacts'
            and d.effective_date >= greatest(cast(:first_date as date), cast(:effective_from_date as date)) - 31
            and d.effective_date <= cast(:last_date as date)
    ) as k
    where k.above_value > 0
    group by k.agent_id, k.period_text, k.start_date, k.end_date
) as m
where m.solved_contacts >= 25
