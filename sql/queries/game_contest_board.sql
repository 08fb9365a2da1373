-- Where does everybody stand in a contest, as the facts are known now, under the names that the reader may read?
-- Grain: one row per agent who takes part.
select
    s.agent_id,
    s.alias_number,
    s.agent_name,
    s.team_id,
    s.team_name,
    s.is_me,
    s.is_seen,
    s.is_disqualified,
    s.note_text,
    s.above_value,
    s.below_value,
    s.exposure_seconds,
    s.counted_count,
    s.baseline_above_value,
    s.baseline_below_value,
    s.baseline_exposure_seconds,
    s.place_number,
    s.result_value,
    s.tier_name
from access.contest_board(cast(:contest_id as integer)) as s
order by s.team_name, s.alias_number
