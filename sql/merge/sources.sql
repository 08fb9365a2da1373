-- Notes the sources that the loader knows now; with is_whole those that it does not name any more are kept as past ones.
-- Grain: one row per source.
with told as (
    select
        t.source_name,
        t.kind_name,
        t.settings_text,
        t.every_seconds
    from unnest(
        cast(:source_names as text []),
        cast(:kind_names as text []),
        cast(:settings_texts as text []),
        cast(:every_seconds as integer [])
    ) as t (source_name, kind_name, settings_text, every_seconds)
),

past as (
    update ops.sources set is_current = false
    where is_current and :is_whole and source_name not in (select told.source_name from told)
)

insert into ops.sources (source_name, kind_name, settings_text, every_seconds, is_current, noted_at)
select
    told.source_name,
    told.kind_name,
    told.settings_text,
    told.every_seconds,
    told.kind_name <> 'upload',
    :noted_at
from told
on conflict (source_name) do update set
    kind_name = excluded.kind_name,
    settings_text = excluded.settings_text,
    every_seconds = excluded.every_seconds,
    is_current = excluded.is_current,
    noted_at = excluded.noted_at
