-- What did the settings say when the loader noted them last?
-- Grain: one row per source that is read now, and one for recordings; without secrets, which were never noted.
select
    'source ' || s.source_name as of_text,
    cast(
        case when s.settings_text ~ '^\s*[{]' then cast(s.settings_text as jsonb) else jsonb_build_object('settings', s.settings_text) end
        || jsonb_build_object('kind', s.kind_name, 'every_seconds', s.every_seconds) as text
    ) as settings_text
from ops.sources as s
where s.is_current
union all
select
    'recordings',
    cast(jsonb_build_object('kept_days', r.kept_days, 'hosts', array_to_string(r.host_names, ', ')) as text)
from ops.recording_rules as r
order by of_text
