-- Which awards of an agent (of everybody whom the reader sees, where none is named) wait for a person to look at them, and why?
-- Grain: one row per award and guard, for working days from :first_date on; those that wait come first, then the newest.
select
    h.agent_id,
    a.agent_name,
    h.hold_id,
    h.entry_key,
    h.rule_name,
    h.version_number,
    h.effective_date,
    h.guard_name,
    h.held_points,
    h.found_at,
    cast(h.evidence as text) as evidence_text,
    h.state_name,
    h.answer_text,
    h.answered_at,
    h.decided_at,
    h.decided_by_name,
    h.note_text,
    o.dispute_id as open_dispute_id,
    v.spec_text
from game.holds as h
inner join warehouse.agents as a on h.agent_id = a.agent_id
left join game.rule_versions as v on h.rule_name = v.rule_name and h.version_number = v.version_number
left join game.disputes as o on h.hold_id = o.hold_id and o.state_name = 'open'
where
    (cast(:agent_id as integer) is null or h.agent_id = cast(:agent_id as integer))
    and (h.effective_date >= cast(:first_date as date) or h.state_name = 'held')
order by h.state_name = 'held' desc, h.effective_date desc, h.hold_id desc
