-- Notes for the pages to which hosts recordings may lead, and for how many days they are kept there.
-- Grain: one row.
insert into ops.recording_rules as r (noted_at, kept_days, host_names)
values (:noted_at, cast(:kept_days as integer), cast(:host_names as text []))
on conflict (is_only) do update set
    noted_at = excluded.noted_at,
    kept_days = excluded.kept_days,
    host_names = excluded.host_names
