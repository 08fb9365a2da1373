-- The rows of one table that are about one person, as they are kept.
-- Grain: one row per row of that table, in its order of time.
select r.row_text from (select cast(o as text) as row_text from access.own_rows(:agent_id, :table_name) as o) as r
