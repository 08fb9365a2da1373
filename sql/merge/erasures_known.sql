-- Who was erased, each as a keyed hash.
-- Grain: one row per customer, key of an agent and name of an agent.
select
    e.kind_name,
    e.subject_key,
    e.alias_name,
    e.erased_at
from ops.erasures as e
order by e.kind_name, e.subject_key
