-- Which tables are there, what does each hold by its own comment, and of whom?
-- Grain: one row per table of Floorboard; row_count is the server's estimate. has_agents: rows name or stand for an agent;
-- has_customers: for a caller, by the keyed hash; has_viewers: for whoever uses the pages; has_words: something written or told.
with tables as (
    select
        c.oid,
        n.nspname || '.' || c.relname as table_name,
        coalesce(obj_description(c.oid, 'pg_class'), '') as about_text,
        case
            when c.relkind <> 'p' then c.reltuples
            else (
                select sum(greatest(p.reltuples, 0))
                from pg_inherits as i
                inner join pg_class as p on i.inhrelid = p.oid
                where i.inhparent = c.oid
            )
        end as counted
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname in ('warehouse', 'ops', 'access', 'game') and c.relkind in ('r', 'p') and not c.relispartition
)

select
    t.table_name,
    t.about_text,
    cast(greatest(coalesce(t.counted, 0), 0) as bigint) as row_count,
    coalesce(bool_or(a.attname in ('agent_id', 'agent_name', 'agent_ids')), false) as has_agents,
    coalesce(bool_or(a.attname in ('customer_key', 'token_key', 'caller_key')), false) as has_customers,
    coalesce(bool_or(a.attname in ('viewer_name', 'login_name', 'reviewer_name', 'account_id', 'person_name')), false) as has_viewers,
    coalesce(bool_or(a.attname in ('comment_text', 'raw_text', 'action_text', 'note_text', 'reason_text')), false) as has_words
from tables as t
inner join pg_attribute as a on t.oid = a.attrelid
where a.attnum > 0 and not a.attisdropped
group by t.table_name, t.about_text, t.counted
order by t.table_name
