-- Asks the load to count the past anew, after a change by which it counts otherwise.
-- Grain: one row.
insert into ops.recounts (asked_at, reason_text)
values (:asked_at, :reason_text)
