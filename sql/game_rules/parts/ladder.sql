-- How many points each level takes, counted from nothing.
-- Grain: one row per level.
select
    n as level_number,
    cast(
        case cast(:curve_name as text)
            when 'flat' then cast(:base as double precision) * (n - 1)
            when 'linear'
                then cast(:base as double precision) * (n - 1) + cast(:step as double precision) * (n - 1) * (n - 2) / 2
            when 'relative'
                then round(
                    cast(:base as numeric)
                    * case
                        when cast(:factor as numeric) = 1 then n - 1
                        else (power(cast(:factor as numeric), n - 1) - 1) / (cast(:factor as numeric) - 1)
                    end
                )
            else round(cast((cast(:percents as double precision []))[n] * cast(:total as double precision) / 100 as numeric))
        end as bigint
    ) as from_points,
    coalesce((cast(:level_names as text []))[n], 'Level ' || n) as level_name
from generate_series(1, cast(:level_count as integer)) as g (n)
