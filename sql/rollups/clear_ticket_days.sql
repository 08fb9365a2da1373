-- Empties the days and groups that are to be rolled up again.
-- Grain: one row per day and group.
delete from warehouse.ticket_days as d
using (select distinct day_date, group_name from dirty_ticket_days) as n
where d.day_date = n.day_date and d.group_name = n.group_name
