-- Keeps the place of a participant, as a person finalised it.
-- Grain: one row.
update game.contest_participants set
    place_number = cast(:place_number as integer),
    result_value = cast(:result_value as double precision),
    tier_name = :tier_name,
    entry_id = cast(:entry_id as bigint)
where contest_id = cast(:contest_id as integer) and agent_id = cast(:agent_id as integer)
returning agent_id
