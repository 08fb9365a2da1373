-- Over which days can a board be made: the working day, the week and the month that run, and each season that has begun?
-- Grain: one row per period, the running ones first, then seasons, the newest first.
with today as (
    select
        cast(
            (cast(:as_of as timestamptz) at time zone warehouse.site_zone_name()) - make_interval(hours => s.day_starts_hour) as date
        ) as day_date
    from game.settings as s
    where s.site_name is null
),

running as (
    select
        p.period_name,
        p.first_date,
        t.day_date as last_date,
        n.season_name,
        t.day_date
    from today as t
    cross join lateral (
        values
        ('day', t.day_date),
        ('week', cast(date_trunc('week', t.day_date) as date)),
        ('month', cast(date_trunc('month', t.day_date) as date))
    ) as p (period_name, first_date)
    left join game.seasons as n on t.day_date >= n.start_date and t.day_date < n.end_date
),

periods as (
    select
        r.period_name,
        r.first_date,
        r.last_date,
        r.season_name,
        cast(null as text) as state_name,
        true as is_running
    from running as r
    union all
    select
        'season',
        s.start_date,
        least(s.end_date - 1, t.day_date),
        s.season_name,
        s.state_name,
        t.day_date < s.end_date
    from game.seasons as s
    inner join today as t on s.start_date <= t.day_date
)

select
    p.period_name,
    p.first_date,
    p.last_date,
    p.season_name,
    p.state_name,
    p.is_running
from periods as p
order by p.period_name = 'season', p.first_date desc, p.period_name
