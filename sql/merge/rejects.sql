-- Keeps the refused rows whole, each once: one that is kept already (the same row read again) is open again.
-- Grain: one row per refused row that is new.
with refused as (
    select
        s.place_text,
        s.file_key,
        s.reason_text,
        s.raw_text,
        (
            select max(r.reject_id)
            from ops.rejects as r
            where
                r.source_name = :source_name and r.place_text = s.place_text and r.file_key = s.file_key
                and r.raw_text = s.raw_text
        ) as known_id
    from stage_rejects as s
),

opened_again as (
    update ops.rejects as r set
        replayed_at = null,
        rejected_at = :rejected_at,
        run_id = :run_id,
        reason_text = n.reason_text
    from refused as n
    where n.known_id = r.reject_id and r.replayed_at is not null
)

insert into ops.rejects (run_id, rejected_at, source_name, place_text, file_key, reason_text, raw_text)
select
    :run_id,
    :rejected_at,
    :source_name,
    n.place_text,
    n.file_key,
    n.reason_text,
    n.raw_text
from refused as n
where n.known_id is null
