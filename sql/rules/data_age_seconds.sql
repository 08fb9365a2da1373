-- How long ago did the newest event of each source take place?
-- Grain: one row per source that is read, or one for all: the age of the one that is furthest behind; n is the number of sources.
select
    case :scope_kind_name when 'source' then c.source_name else '' end as scope_id,
    case :scope_kind_name when 'source' then c.source_name else '' end as scope_name,
    max(greatest(floor(extract(epoch from :as_of - c.newest_event_at)), 0)) as value,
    count(*) as n,
    count(c.newest_event_at) > 0 as is_known
from ops.cursors as c
left join ops.sources as k on c.source_name = k.source_name
where
    (k.source_name is null or (k.kind_name <> 'upload' and k.is_current))
    and (:scope_kind_name = 'everything' or (:scope_kind_name = 'source' and (:scope_key = '' or c.source_name = :scope_key)))
group by case :scope_kind_name when 'source' then c.source_name else '' end
order by scope_name, scope_id
