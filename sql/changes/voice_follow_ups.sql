-- Does the reader find the contact that is marked as followed up?
-- Grain: one row.
select
    exists (
        select 1 from warehouse.calls as c
        where :kind_name = 'call' and c.source_name = :source_name and c.contact_id = :contact_id
    )
    or exists (
        select 1 from warehouse.tickets as t
        where :kind_name = 'ticket' and t.source_name = :source_name and t.ticket_id = :contact_id
    )
    or exists (
        select 1 from warehouse.surveys as s
        where :kind_name = 'survey' and s.source_name = :source_name and s.survey_id = :contact_id
    ) as is_found
