-- Lets one transaction at a time roll up the days of tickets: each must see what the others brought to the same day.
-- Grain: one row.
select count(ops.wait_for_turn(hashtext('warehouse.ticket_days'), 0)) as locked_count
