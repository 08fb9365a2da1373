-- What is kept about one person: which tables, how many rows, from when to when?
-- Grain: one row per table that can hold rows of a single agent, by its name.
select
    d.table_name,
    d.about_text,
    d.row_count,
    d.first_at,
    d.last_at
from access.own_data(:agent_id) as d
order by d.table_name
