-- What was agreed in coaching, with whom, about which contact, until when, and is it done?
-- Grain: one row per note that stands, open ones first by the day they are due.
select
    n.note_id,
    n.save_number,
    n.saved_at,
    (select min(f.saved_at) from warehouse.coaching_notes as f where f.note_id = n.note_id) as written_at,
    n.agent_id,
    a.agent_name,
    n.source_name,
    n.contact_id,
    n.viewer_name,
    n.comment_text,
    n.action_text,
    n.due_date,
    n.done_date,
    coalesce(n.done_date is null and n.due_date < :today_date, false) as is_overdue
from warehouse.coaching_notes as n
inner join warehouse.agents as a on n.agent_id = a.agent_id
where
    (select warehouse.is_individual('coaching'))
    and not n.is_removed
    and not exists (
        select 1 from warehouse.coaching_notes as l
        where l.note_id = n.note_id and l.save_number > n.save_number
    )
    and (cast(:agent_id as integer) is null or n.agent_id = :agent_id)
    and (
        cast(:team_id as integer) is null
        or exists (
            select 1 from warehouse.team_spans as t
            where
                t.agent_id = n.agent_id and t.team_id = :team_id and t.started_date <= cast(:today_date as date)
                and (t.ended_date is null or t.ended_date > cast(:today_date as date))
        )
    )
order by n.done_date is not null, n.due_date nulls last, n.note_id
