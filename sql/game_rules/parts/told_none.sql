-- No facts stand behind it but the entries themselves.
-- Grain: no row.
select
    cast(null as integer) as unit_id,
    cast(null as date) as start_date,
    cast(null as date) as effective_date,
    cast(null as jsonb) as evidence
where false
