-- Keeps whom the rule proposed for a month, with what that rests on.
-- Grain: one row.
insert into game.month_proposals (month_date, agent_id, place_number, lowest_position, highest_position, people_count, evidence_text)
values (
    cast(:month_date as date), cast(:agent_id as integer), :place_number, :lowest_position, :highest_position, :people_count,
    :evidence_text
)
returning agent_id
