-- Notes these local days and groups as dirty, and no others.
-- Grain: one row per local day and group.
with others as (
    delete from dirty_ticket_days
)

insert into dirty_ticket_days (day_date, group_name)
select
    g.day_date,
    g.group_name
from unnest(cast(:day_dates as date []), cast(:group_names as text [])) as g (day_date, group_name)
-- The others are not proven: their tickets were deleted for their age.
where g.day_date >= (select ops.whole_from_date('ticket_days'))
