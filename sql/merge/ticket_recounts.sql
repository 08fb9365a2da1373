-- Asks the load to count the past anew, after a source's timetables have changed, if there are tickets that ran in them.
-- Grain: one row per recount that is asked for; none while nobody has told of a ticket.
insert into ops.recounts (asked_at, reason_text)
select
    current_timestamp,
    'timetables of ' || :source_name
where exists (select 1 from warehouse.tickets)
