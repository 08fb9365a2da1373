-- Makes room for the next part of a long list of tickets.
-- Grain: one row per staged measure and promise.
with targets as (delete from stage_ticket_targets)

delete from stage_ticket_measures
