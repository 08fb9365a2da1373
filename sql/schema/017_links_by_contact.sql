-- Links are looked up by their contact: the key and the index begin with it.
-- Grain: no new table.
alter table warehouse.told_links
drop constraint told_links_pkey,
add primary key (contact_id, source_name, link_name);
drop index warehouse.told_links_by_linked;
create index told_links_by_linked on warehouse.told_links (linked_contact_id, linked_source_name);
