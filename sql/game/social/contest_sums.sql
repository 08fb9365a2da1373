-- What does each participant of a contest stand at, for whoever decides on it?
-- Grain: one row per agent who takes part.
select
    s.agent_id,
    s.team_id,
    s.disqualified_at is not null as is_disqualified,
    s.above_value,
    s.below_value,
    s.exposure_seconds,
    s.counted_count,
    s.baseline_above_value,
    s.baseline_below_value,
    s.baseline_exposure_seconds
from game.contest_sums(cast(:contest_id as integer)) as s
order by s.agent_id
