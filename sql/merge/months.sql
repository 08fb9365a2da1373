-- Makes the monthly partitions that the batch needs.
-- Grain: one row, empty.
select warehouse.create_months(cast(:months as date [])) as done_text
