-- Who gained on the own eight weeks before, surely and more than others, of those whose name the reader may read?
-- Grain: one row per agent, the greatest gain first; and the reader's own.
select
    i.agent_id,
    i.shown_name,
    i.is_own,
    i.is_seen,
    i.gained_ratio,
    i.is_sure,
    i.base_points,
    i.day_points
from access.game_improved(:first_date, :last_date) as i
