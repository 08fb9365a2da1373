-- Takes a month from one state to the next.
-- Grain: one row per month that was in that state.
update game.months set
    state_name = :to_name,
    agent_id = case
        when :to_name = 'decided' then cast(:agent_id as integer)
        when :to_name in ('named', 'unnamed') then agent_id
    end,
    decided_at = case when :to_name in ('decided', 'nobody') then cast(:at as timestamptz) when :to_name <> 'proposed' then decided_at end,
    decided_by_name = case when :to_name in ('decided', 'nobody') then :actor_name when :to_name <> 'proposed' then decided_by_name end,
    reason_text = case when :to_name in ('decided', 'nobody') then :note_text when :to_name <> 'proposed' then reason_text end,
    answered_at = case when :to_name in ('named', 'unnamed') then cast(:at as timestamptz) end
where month_date = cast(:month_date as date) and state_name = :from_name
returning month_date
