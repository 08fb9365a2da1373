-- Gives queues and agents that are called by their bare key the name that their source has told since.
-- Grain: one row per renamed agent.
with told as (
    select
        given.kind_name,
        given.source_key,
        given.display_name
    from unnest(cast(:kind_names as text []), cast(:source_keys as text []), cast(:display_names as text []))
        as given (kind_name, source_key, display_name)
),

queues as (
    update warehouse.queues as q set queue_name = t.display_name
    from told as t
    inner join warehouse.queue_keys as k on t.source_key = k.source_key and k.source_name = :source_name
    where t.kind_name = 'queue' and q.queue_id = k.queue_id and q.queue_name = t.source_key
)

update warehouse.agents as a set agent_name = t.display_name
from told as t
inner join warehouse.agent_keys as k on t.source_key = k.source_key and k.source_name = :source_name
where t.kind_name = 'agent' and a.agent_id = k.agent_id and a.agent_name = t.source_key
