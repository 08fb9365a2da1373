-- The rule has no limit on quality.
-- Grain: no row.
select
    cast(null as integer) as unit_id,
    cast(null as date) as start_date,
    cast(null as boolean) as is_missed,
    cast(null as jsonb) as gates
where false
