-- Where rollups are kept, as they stand and as they are counted, while they are compared; gone with the transaction.
-- Grain: one row per row of a rollup, as it stands (is_kept) or as it is counted.
create temporary table if not exists proof_rows (
    is_kept boolean not null,
    table_name text not null,
    row_key text not null,
    of_name text not null,
    place_text text not null,
    row_data jsonb not null
) on commit delete rows;
