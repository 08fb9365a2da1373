-- Asks the load to count the past anew, after a change by which tickets count otherwise, if there are any.
-- Grain: one row per recount that is asked for; none while nobody has told of a ticket.
insert into ops.recounts (asked_at, reason_text)
select
    current_timestamp,
    :reason_text
where exists (select 1 from warehouse.tickets)
