-- Keeps the refused rows whole; one that is kept already (the same row read again) is not kept twice.
-- Grain: one row per refused row that is new.
insert into ops.rejects (run_id, rejected_at, source_name, place_text, file_key, reason_text, raw_text)
select
    :run_id,
    :rejected_at,
    :source_name,
    s.place_text,
    s.file_key,
    s.reason_text,
    s.raw_text
from stage_rejects as s
where not exists (
    select 1 from ops.rejects as r
    where r.source_name = :source_name and r.place_text = s.place_text and r.file_key = s.file_key
        and r.raw_text = s.raw_text and r.replayed_at is null
)
