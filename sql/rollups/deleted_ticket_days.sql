-- Forgets that days are dirty whose tickets were deleted for their age: they stay as they were counted.
-- Grain: one row per local day and group.
delete from dirty_ticket_days
where day_date < (select ops.whole_from_date('ticket_days'))
