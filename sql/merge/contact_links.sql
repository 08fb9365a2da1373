-- Merges the staged links of contacts; a source may tell links of another one's contacts.
-- Grain: one row: the source's rows that changed something. Of two tellings of one link in a batch, the one told last stands.
with told as (
    select distinct on (coalesce(s.source_name, :source_name), s.contact_id, s.link_name)
        s.linked_at,
        s.seq,
        coalesce(s.source_name, :source_name) as source_name,
        s.contact_id,
        s.linked_source_name,
        s.linked_contact_id,
        s.link_name
    from stage_contact_links as s
    where coalesce(s.source_name, :source_name) <> s.linked_source_name or s.contact_id <> s.linked_contact_id
    order by
        coalesce(s.source_name, :source_name),
        s.contact_id,
        s.link_name,
        s.seq desc nulls last,
        s.linked_at,
        s.linked_source_name,
        s.linked_contact_id
),

merged as (
    insert into warehouse.told_links as l (
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
    coalesce(array_agg(distinct t.seq) filter (where t.seq is not null), '{}') as changed_seqs
from merged as m
inner join told as t on m.source_name = t.source_name and m.contact_id = t.contact_id and m.link_name = t.link_name
