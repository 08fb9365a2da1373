-- Keeps what the new entries were made of.
-- Grain: one row per entry and kind of work in it. Coins and points that come with a badge are explained by the badge.
insert into game.evidence (
    entry_id, place_number, agent_id, effective_date, fact_name, queue_id, channel_name, direction_name, topic_name, hour_band, above_value,
    below_value, expected_value
)
select
    l.entry_id,
    row_number() over (partition by l.entry_id order by e.place_number),
    l.agent_id,
    e.effective_date,
    e.fact_name,
    e.queue_id,
    e.channel_name,
    e.direction_name,
    e.topic_name,
    e.hour_band,
    e.above_value,
    e.below_value,
    e.expected_value
from game_moves as m
inner join game.ledger as l on m.entry_key = l.entry_key and m.sequence_number = l.sequence_number
inner join game_desired as d on m.entry_key = d.entry_key
inner join game_versions as v
    on m.rule_name = v.rule_name and m.version_number = v.version_number and m.account_name = v.main_account_name
cross join lateral (
    select
        row_number() over () as place_number,
        coalesce(r.effective_date, d.effective_date) as effective_date,
        coalesce(r.fact_name, l.rule_name) as fact_name,
        r.queue_id,
        r.channel_name,
        r.direction_name,
        r.topic_name,
        r.hour_band,
        r.above_value,
        r.below_value,
        r.expected_value
    from jsonb_to_recordset(d.evidence) as r (
        fact_name text, queue_id integer, channel_name text, direction_name text, topic_name text, hour_band integer,
        effective_date date, above_value double precision, below_value double precision, expected_value double precision
    )
    where r.above_value is not null
) as e
where m.kind_name in ('award', 'adjust')
