-- Whom of those who allow their name on a wall did customers thank most, fairly compared?
-- Grain: one row per place, at most three; one without a place where there is nobody, and why (off, nobody, too_few, alike, none_above).
select
    t.place_number,
    t.agent_id,
    t.agent_name,
    t.csat_count,
    t.csat_satisfied_count,
    t.expected_ratio,
    t.shrunken_ratio,
    t.needed_count,
    t.first_date,
    t.last_date,
    t.reason_name
from access.top_of_wall(:as_of) as t
order by t.place_number
