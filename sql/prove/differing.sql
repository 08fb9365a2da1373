-- Which rows of a rollup are not what the facts say, and how each stands and is counted?
-- Grain: one row per row that differs; kept_text or counted_text is null where there is none.
select
    coalesce(k.table_name, c.table_name) as table_name,
    coalesce(k.row_key, c.row_key) as row_key,
    coalesce(k.of_name, c.of_name) as of_name,
    coalesce(k.place_text, c.place_text) as place_text,
    k.row_data::text as kept_text,
    c.row_data::text as counted_text
from (
    select
        p.table_name,
        p.row_key,
        p.of_name,
        p.place_text,
        p.row_data
    from proof_rows as p
    where p.is_kept
) as k
full join (
    select
        p.table_name,
        p.row_key,
        p.of_name,
        p.place_text,
        p.row_data
    from proof_rows as p
    where not p.is_kept
) as c on k.table_name = c.table_name and k.row_key = c.row_key
where k.row_data is distinct from c.row_data
order by 1, 4, 3, 2
