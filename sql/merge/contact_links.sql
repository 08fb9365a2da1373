-- Merges the staged links of contacts; a source may tell links of another one's contacts.
-- Grain: one row: the source's rows that changed something.
with told as (
    select
        s.linked_at,
        s.seq,
        coalesce(s.source_name, :source_name) as source_name,
        s.contact_id,
        s.linked_source_name,
        s.linked_contact_id,
        s.link_name
    from stage_contact_links as s
),

merged as (
    insert into warehouse.contact_links as l (
        linked_at, run_id, source_name, contact_id, linked_source_name, linked_contact_id, link_name
    )
    select
        t.linked_at,
        :run_id,
        t.source_name,
        t.contact_id,
        t.linked_source_name,
        t.linked_contact_id,
        t.link_name
    from told as t
    where t.source_name <> t.linked_source_name or t.contact_id <> t.linked_contact_id
    order by t.source_name, t.contact_id, t.link_name
    on conflict (source_name, contact_id, link_name) do update set
        linked_at = excluded.linked_at,
        run_id = excluded.run_id,
        linked_source_name = excluded.linked_source_name,
        linked_contact_id = excluded.linked_contact_id
    where
        (l.linked_at, l.linked_source_name, l.linked_contact_id)
        is distinct from (excluded.linked_at, excluded.linked_source_name, excluded.linked_contact_id)
    returning l.source_name, l.contact_id, l.link_name
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct t.seq), '{}') as changed_seqs
from merged as m
inner join told as t on m.source_name = t.source_name and m.contact_id = t.contact_id and m.link_name = t.link_name
