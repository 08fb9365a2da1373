-- Releases or refuses a held award. A dispute about it that is open is settled with it.
-- Grain: one row per hold that was decided now; none where somebody else had decided it before.
with decided as (
    update game.holds as h set
        state_name = case when cast(:is_released as boolean) then 'released' else 'refused' end,
        decided_at = cast(:decided_at as timestamptz),
        decided_by_name = :actor_name,
        note_text = nullif(:note_text, '')
    where h.hold_id = cast(:hold_id as bigint) and h.state_name = 'held'
    returning h.hold_id, h.agent_id, h.rule_name, h.state_name
),

settled as (
    update game.disputes as d set
        state_name = case when cast(:is_released as boolean) then 'accepted' else 'declined' end,
        decided_at = cast(:decided_at as timestamptz),
        decided_by_name = :actor_name,
        answer_text = coalesce(nullif(:note_text, ''), '-')
    from decided as n
    where d.hold_id = n.hold_id and d.state_name = 'open'
),

told as (
    insert into game.moments (moment_key, agent_id, kind_name, name_text, happened_at)
    select
        concat('hold|', n.hold_id, '|', n.state_name),
        n.agent_id,
        'hold',
        concat_ws('|', n.state_name, n.rule_name),
        cast(:decided_at as timestamptz)
    from decided as n
    on conflict (moment_key) do nothing
)

select
    n.hold_id,
    n.agent_id,
    n.rule_name,
    n.state_name
from decided as n
