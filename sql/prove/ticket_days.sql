-- Keeps the days of ticket groups that are noted as dirty as they are now.
-- Grain: one row per local day and group.
insert into proof_rows (is_kept, table_name, row_key, of_name, place_text, row_data)
select
    :is_kept,
    'ticket_days',
    d.day_date || ' ' || d.group_name,
    case when d.group_name = '' then '(no group)' else d.group_name end,
    d.day_date::text,
    to_jsonb(d)
from warehouse.ticket_days as d
where exists (
    select 1 from dirty_ticket_days as n
    where n.day_date = d.day_date and n.group_name = d.group_name
)
