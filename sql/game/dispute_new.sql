-- Keeps that an agent disagrees with an entry of theirs, or with a hold; one at a time of each.
-- Grain: one row: the number of the dispute; none where the entry or hold is another's, or one is open already.
insert into game.disputes (agent_id, entry_id, hold_id, said_at, reason_text)
select
    cast(:agent_id as integer),
    cast(:entry_id as bigint),
    cast(:hold_id as bigint),
    cast(:said_at as timestamptz),
    :reason_text
where
    (
        exists (
            select 1 from game.ledger as l
            where l.entry_id = cast(:entry_id as bigint) and l.agent_id = cast(:agent_id as integer) and l.kind_name <> 'reversal'
        )
        or exists (
            select 1 from game.holds as h
            where h.hold_id = cast(:hold_id as bigint) and h.agent_id = cast(:agent_id as integer) and h.state_name <> 'released'
        )
    )
    and not exists (
        select 1 from game.disputes as d
        where
            d.state_name = 'open'
            and (d.entry_id = cast(:entry_id as bigint) or d.hold_id = cast(:hold_id as bigint))
    )
returning dispute_id
