-- Takes what the facts' triggers noted, and marks the days that may count otherwise: of contacts also those of the days around.
-- Grain: one row: how many notes were taken. A fact that is not committed yet leaves its note for the next time.
with noted as (
    delete from game.changed_days
    returning kind_name, day_date
),

reached as (
    select distinct r.reached_at::date as day_date
    from (select distinct n.kind_name, n.day_date from noted as n where n.day_date is not null) as d
    cross join lateral generate_series(
        d.day_date - case d.kind_name when 'contacts' then 9 else 2 end,
        d.day_date + case d.kind_name when 'contacts' then 9 else 2 end,
        interval '1 day'
    ) as r (reached_at)
),

marked as (
    update game.made_days as m set is_changed = true
    where
        not m.is_changed
        and (
            m.day_date in (select r.day_date from reached as r)
            or exists (select 1 from noted as n where n.day_date is null)
        )
)

select count(*) as noted_count from noted
