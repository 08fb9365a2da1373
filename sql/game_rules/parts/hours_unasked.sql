-- The rule does not ask how long somebody was there.
-- Grain: no row.
select
    cast(null as integer) as agent_id,
    cast(null as date) as start_date,
    cast(null as double precision) as hours_value,
    cast(null as bigint) as present_days
where false
