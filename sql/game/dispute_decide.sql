-- Accepts or declines a dispute, with an answer; an accepted one about a hold releases it. made_entry_id: what put an entry right.
-- Grain: one row per dispute that was decided now; none where it was decided or withdrawn before.
with decided as (
    update game.disputes as d set
        state_name = case when cast(:is_accepted as boolean) then 'accepted' else 'declined' end,
        decided_at = cast(:decided_at as timestamptz),
        decided_by_name = :actor_name,
        answer_text = :answer_text,
        made_entry_id = cast(:made_entry_id as bigint)
    where d.dispute_id = cast(:dispute_id as bigint) and d.state_name = 'open'
    returning d.dispute_id, d.agent_id, d.entry_id, d.hold_id, d.state_name
),

released as (
    update game.holds as h set
        state_name = 'released',
        decided_at = cast(:decided_at as timestamptz),
        decided_by_name = :actor_name,
        note_text = :answer_text
    from decided as n
    where h.hold_id = n.hold_id and n.state_name = 'accepted' and h.state_name <> 'released'
),

told as (
    insert into game.moments (moment_key, agent_id, kind_name, name_text, entry_id, happened_at)
    select
        concat('dispute|', n.dispute_id, '|', n.state_name),
        n.agent_id,
        'dispute',
        n.state_name,
        n.entry_id,
        cast(:decided_at as timestamptz)
    from decided as n
    on conflict (moment_key) do nothing
)

select
    n.dispute_id,
    n.agent_id,
    n.entry_id,
    n.hold_id,
    n.state_name
from decided as n
