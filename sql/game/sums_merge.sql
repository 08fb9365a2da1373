-- Puts the sums that were made anew in the place of those that are kept; what came out the same is not touched.
-- Grain: one row per working day that was asked for and came out otherwise, or was never made; its sums may be none.
with fresh as materialized (
    select
        f.agent_id,
        f.effective_date,
        f.queue_id,
        f.channel_name,
        f.direction_name,
        f.topic_name,
        f.hour_band,
        game.merged(f.sums) as sums
    from game_fresh_sums as f
    inner join game_asked_days as a on f.effective_date = a.day_date
    group by f.agent_id, f.effective_date, f.queue_id, f.channel_name, f.direction_name, f.topic_name, f.hour_band
),

hashed as (
    select
        a.day_date,
        encode(
            sha256(convert_to(
                coalesce(
                    string_agg(
                        concat_ws(
                            '|', f.agent_id, coalesce(f.queue_id, -1), coalesce(f.channel_name, '-'), coalesce(f.direction_name, '-'),
                            coalesce(f.topic_name, '-'), coalesce(f.hour_band, -1), f.sums
                        ), e'\n'
                        order by f.agent_id, f.queue_id, f.channel_name, f.direction_name, f.topic_name, f.hour_band
                    ),
                    ''
                ),
                'UTF8'
            )),
            'hex'
        ) as sums_sha256
    from game_asked_days as a
    left join fresh as f on a.day_date = f.effective_date
    group by a.day_date
),

news as materialized (
    select
        h.day_date,
        h.sums_sha256
    from hashed as h
    left join game.made_days as m on h.day_date = m.day_date
    where m.sums_sha256 is distinct from h.sums_sha256
),

noted as (
    insert into game.made_days as m (day_date, made_at, settled_at, is_changed, sums_sha256)
    select
        h.day_date,
        cast(:made_at as timestamptz),
        cast(:settled_at as timestamptz),
        false,
        h.sums_sha256
    from hashed as h
    on conflict (day_date) do update set
        made_at = excluded.made_at,
        settled_at = excluded.settled_at,
        is_changed = false,
        sums_sha256 = excluded.sums_sha256
),

gone as (
    delete from game.day_sums as d
    using news as n
    where
        d.effective_date = n.day_date
        and not exists (
            select 1 from fresh as f
            where
                f.agent_id = d.agent_id and f.effective_date = d.effective_date and f.queue_id is not distinct from d.queue_id
                and f.channel_name is not distinct from d.channel_name and f.direction_name is not distinct from d.direction_name
                and f.topic_name is not distinct from d.topic_name and f.hour_band is not distinct from d.hour_band
        )
),

kept as (
    insert into game.day_sums as d (
        agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band, sums
    )
    select
        f.agent_id,
        f.effective_date,
        f.queue_id,
        f.channel_name,
        f.direction_name,
        f.topic_name,
        f.hour_band,
        f.sums
    from fresh as f
    inner join news as n on f.effective_date = n.day_date
    on conflict (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band) do update set
        sums = excluded.sums
    where d.sums is distinct from excluded.sums
)

select n.day_date
from news as n
order by n.day_date
