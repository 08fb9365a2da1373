-- Recordings on the pages: which hosts may be opened and for how long, what was erased, and who opened what.
-- Grain: as each table's comment states.
create table ops.recording_rules (
    noted_at timestamptz not null check (noted_at >= '1990-01-01' and noted_at < '2100-01-01'),
    kept_days integer check (kept_days between 1 and 36500),
    is_only boolean primary key default true check (is_only),
    host_names text [] not null
);
comment on table ops.recording_rules is
'Grain: one row per site, none before the loader has run: the hosts whose recordings the pages may lead to, and after how many days '
'the system of the recordings deletes them (null: not told), both as the loader''s settings have them.';

create table ops.recording_openings (
    opened_at timestamptz not null check (opened_at >= '1990-01-01' and opened_at < '2100-01-01'),
    opening_id bigint generated always as identity primary key,
    viewer_name text not null,
    source_name text not null,
    recording_id text not null
);
comment on table ops.recording_openings is
'Grain: one row per time that somebody was led from the pages to a recording.';
create index recording_openings_by_recording on ops.recording_openings (source_name, recording_id);

create table warehouse.erased_recordings (
    erased_at timestamptz not null check (erased_at >= '1990-01-01' and erased_at < '2100-01-01'),
    started_at timestamptz not null check (started_at >= '1990-01-01' and started_at < '2100-01-01'),
    source_name text not null,
    call_id text,
    contact_id text,
    media_name text not null
);
comment on table warehouse.erased_recordings is
'Grain: one row per recording that was forgotten with its customer: which call it was of, and neither its id nor its address.';
create index erased_recordings_by_call on warehouse.erased_recordings (call_id) where call_id is not null;
create index erased_recordings_by_contact on warehouse.erased_recordings (contact_id) where contact_id is not null;

create index recordings_by_time on warehouse.recordings (started_at);
