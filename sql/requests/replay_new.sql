-- Asks the loader to read the refused rows of a source again; one that is asked already is not asked twice.
-- Grain: one row.
insert into ops.replays (asked_at, viewer_name, source_name)
values (:asked_at, :viewer_name, :source_name)
on conflict (source_name) where done_at is null do nothing
