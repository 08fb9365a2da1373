-- Notes every day of the window that is rolled up now, so that a day of which nothing is left is emptied.
-- Grain: one row per local day and group.
insert into dirty_ticket_days (day_date, group_name)
select
    d.day_date,
    d.group_name
from warehouse.ticket_days as d
where d.day_date >= cast(:window_start as date) and d.day_date <= cast(:window_end as date)
