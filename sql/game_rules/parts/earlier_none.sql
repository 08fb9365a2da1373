-- No earlier version of the rule counts.
-- Grain: no row.
select
    cast(null as integer) as agent_id,
    cast(null as text) as tier_name
where false
