-- Notes that somebody was led to a recording.
-- Grain: one row per opening.
insert into ops.recording_openings (opened_at, viewer_name, source_name, recording_id)
values (:opened_at, :viewer_name, :source_name, :recording_id)
