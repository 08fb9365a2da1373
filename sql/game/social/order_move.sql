-- Takes an order from one state to the next.
-- Grain: one row per order that was in that state.
update game.store_orders set
    state_name = :to_name,
    changed_at = cast(:at as timestamptz),
    approved_by_name = case when :to_name = 'approved' then :actor_name else approved_by_name end,
    note_text = coalesce(nullif(:note_text, ''), note_text),
    refund_entry_id = cast(:refund_entry_id as bigint)
where order_id = cast(:order_id as bigint) and state_name = :from_name
returning order_id
