-- Which source knows the contact of that number, among those that the reader finds?
-- Grain: one row; none where the reader finds no such contact.
select c.source_name from warehouse.calls as c where c.contact_id = :contact_id
union all
select k.source_name from warehouse.tickets as k where k.ticket_id = :contact_id
limit 1
