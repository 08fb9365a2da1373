-- Writes down what a comparison found of one kind of fact.
-- Grain: one row.
insert into ops.reconciled_facts (
    reconciliation_id, fact_name, origin_rows, warehouse_rows, missing_rows, differing_rows, mended_rows, surplus_rows,
    origin_seconds, warehouse_seconds
)
values (
    :reconciliation_id, :fact_name, :origin_rows, :warehouse_rows, :missing_rows, :differing_rows, :mended_rows, :surplus_rows,
    :origin_seconds, :warehouse_seconds
)
