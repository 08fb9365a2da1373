-- The local days and groups for which there is a rollup, or that are noted as dirty.
-- Grain: one row per local day and group.
select
    k.day_date,
    k.group_name
from warehouse.ticket_days as k
union
select
    n.day_date,
    n.group_name
from dirty_ticket_days as n
