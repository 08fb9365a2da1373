-- For how much longer than its own limit has each source told of nothing?
-- Grain: one row per source that is read, or one for all: seconds past the limit, below 0 while it is fresh; n counts the sources.
select
    case :scope_kind_name when 'source' then c.source_name else '' end as scope_id,
    case :scope_kind_name when 'source' then c.source_name else '' end as scope_name,
    max(floor(extract(epoch from :as_of - c.newest_event_at)) - c.stale_after_seconds) as value,
    count(*) as n,
    count(c.newest_event_at) > 0 as is_known
from ops.cursors as c
left join ops.sources as k on c.source_name = k.source_name
where
    (k.source_name is null or (k.kind_name <> 'upload' and k.is_current))
    and (:scope_kind_name = 'everything' or (:scope_kind_name = 'source' and (:scope_key = '' or c.source_name = :scope_key)))
group by case :scope_kind_name when 'source' then c.source_name else '' end
order by scope_name, scope_id
