-- Merges the staged links of contacts: what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.contact_links as t (
        linked_at, contact_id, linked_source_name, linked_contact_id, link_name, run_id, source_name
    )
    select
        s.linked_at,
        s.contact_id,
        s.linked_source_name,
        s.linked_contact_id,
        s.link_name,
        :run_id,
        :source_name
    from stage_contact_links as s
    order by s.contact_id, s.link_name
    on conflict (source_name, contact_id, link_name) do update set
        linked_at = excluded.linked_at,
        linked_source_name = excluded.linked_source_name,
        linked_contact_id = excluded.linked_contact_id,
        run_id = excluded.run_id
    where
        (
            t.linked_at, t.linked_source_name, t.linked_contact_id
        ) is distinct from (
            excluded.linked_at, excluded.linked_source_name, excluded.linked_contact_id
        )
    returning t.contact_id, t.link_name
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_contact_links as s on m.contact_id = s.contact_id and m.link_name = s.link_name
