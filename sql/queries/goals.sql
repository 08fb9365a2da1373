-- What does the site aim at, and what was measured of it last, until an instant?
-- Grain: one row per goal that had been made, open ones first; measured_* are those of the newest day with enough to judge by.
select
    g.goal_id,
    g.version_number,
    g.goal_name,
    g.metric_name,
    g.scope_kind_name,
    g.scope_key,
    case g.scope_kind_name
        when 'queue' then (select q.queue_name from warehouse.queues as q where cast(q.queue_id as text) = g.scope_key)
        when 'team' then (select t.team_name from warehouse.teams as t where cast(t.team_id as text) = g.scope_key)
        else g.scope_key
    end as scope_name,
    g.owner_name,
    g.note_text,
    g.baseline_value,
    g.baseline_count,
    g.baseline_first_date,
    g.baseline_last_date,
    g.target_value,
    g.started_date,
    g.deadline_date,
    g.window_days,
    g.minimum_count,
    g.made_at,
    g.closed_at,
    d.day_date as measured_date,
    d.measured_value,
    d.measured_count
from warehouse.goals as g
left join lateral (
    select
        m.day_date,
        m.measured_value,
        m.measured_count
    from warehouse.goal_days as m
    where m.goal_id = g.goal_id and m.version_number = g.version_number and m.measured_at <= :as_of
    order by m.measured_count >= g.minimum_count desc, m.day_date desc
    limit 1
) as d on true
where g.made_at <= :as_of
order by g.closed_at is not null, g.deadline_date, g.goal_id
