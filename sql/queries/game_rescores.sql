-- Who has asked that past days be scored again, by which version, and what came of it?
-- Grain: one row per request of these days or that is not done yet, the newest first.
select
    r.run_id,
    n.note ->> 'rule_name' as rule_name,
    cast(n.note ->> 'version_number' as integer) as version_number,
    r.first_date,
    r.last_date,
    r.started_at,
    r.ended_at,
    r.actor_name,
    n.note ->> 'why' as why_text,
    case when n.note ->> 'state' = 'approved' and r.ended_at is not null then 'done' else n.note ->> 'state' end as state_name,
    n.note ->> 'decided_by' as decided_by_name,
    n.note ->> 'answer' as answer_text,
    r.added_entries as added_count,
    r.reversed_entries as reversed_count
from game.runs as r
cross join lateral (select case when left(r.note_text, 1) = '{' then cast(r.note_text as jsonb) end as note) as n
where r.kind_name = 'rescore' and n.note is not null and (r.ended_at is null or r.started_at >= :since_at)
order by r.run_id desc
