-- What no table takes, whoever writes to it: instants that a page could not read back, and how long one loader waits for another.
-- Grain: no new table; constraints on the columns of those that there are.
-- An instant of infinity, of before Christ or of the year 10000 is stored by Postgres and breaks every question that
-- meets it. Each table is read once for its constraints: adding them without that look would leave what is there already.
alter table warehouse.queue_intervals
add constraint queue_intervals_interval_start_at_is_of_this_age check (
    interval_start_at >= '1990-01-01 00:00:00+00' and interval_start_at < '2100-01-01 00:00:00+00'
);

alter table warehouse.agent_intervals
add constraint agent_intervals_interval_start_at_is_of_this_age check (
    interval_start_at >= '1990-01-01 00:00:00+00' and interval_start_at < '2100-01-01 00:00:00+00'
);

alter table warehouse.ticket_days
add constraint ticket_days_day_date_is_of_this_age check (
    day_date >= '1990-01-01' and day_date < '2100-01-01'
);

alter table warehouse.tickets
add constraint tickets_status_since_at_is_of_this_age check (
    status_since_at >= '1990-01-01 00:00:00+00' and status_since_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_first_reply_at_is_of_this_age check (
    first_reply_at >= '1990-01-01 00:00:00+00' and first_reply_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_first_resolved_at_is_of_this_age check (
    first_resolved_at >= '1990-01-01 00:00:00+00' and first_resolved_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_last_resolved_at_is_of_this_age check (
    last_resolved_at >= '1990-01-01 00:00:00+00' and last_resolved_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_resolved_at_is_of_this_age check (
    resolved_at >= '1990-01-01 00:00:00+00' and resolved_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_closed_at_is_of_this_age check (
    closed_at >= '1990-01-01 00:00:00+00' and closed_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_owes_reply_since_at_is_of_this_age check (
    owes_reply_since_at >= '1990-01-01 00:00:00+00' and owes_reply_since_at < '2100-01-01 00:00:00+00'
),
add constraint tickets_last_event_at_is_of_this_age check (
    last_event_at >= '1990-01-01 00:00:00+00' and last_event_at < '2100-01-01 00:00:00+00'
);

alter table warehouse.ticket_targets
add constraint ticket_targets_applied_at_is_of_this_age check (
    applied_at >= '1990-01-01 00:00:00+00' and applied_at < '2100-01-01 00:00:00+00'
),
add constraint ticket_targets_due_at_is_of_this_age check (
    due_at >= '1990-01-01 00:00:00+00' and due_at < '2100-01-01 00:00:00+00'
),
add constraint ticket_targets_met_at_is_of_this_age check (
    met_at >= '1990-01-01 00:00:00+00' and met_at < '2100-01-01 00:00:00+00'
),
add constraint ticket_targets_ended_at_is_of_this_age check (
    ended_at >= '1990-01-01 00:00:00+00' and ended_at < '2100-01-01 00:00:00+00'
);

alter table warehouse.kept_callbacks
add constraint kept_callbacks_linked_at_is_of_this_age check (
    linked_at >= '1990-01-01 00:00:00+00' and linked_at < '2100-01-01 00:00:00+00'
);

alter table ops.runs
add constraint runs_started_at_is_of_this_age check (
    started_at >= '1990-01-01 00:00:00+00' and started_at < '2100-01-01 00:00:00+00'
),
add constraint runs_ended_at_is_of_this_age check (
    ended_at >= '1990-01-01 00:00:00+00' and ended_at < '2100-01-01 00:00:00+00'
),
add constraint runs_newest_event_at_is_of_this_age check (
    newest_event_at >= '1990-01-01 00:00:00+00' and newest_event_at < '2100-01-01 00:00:00+00'
);

alter table ops.cursors
add constraint cursors_newest_event_at_is_of_this_age check (
    newest_event_at >= '1990-01-01 00:00:00+00' and newest_event_at < '2100-01-01 00:00:00+00'
),
add constraint cursors_checked_at_is_of_this_age check (
    checked_at >= '1990-01-01 00:00:00+00' and checked_at < '2100-01-01 00:00:00+00'
);

alter table ops.rejects
add constraint rejects_rejected_at_is_of_this_age check (
    rejected_at >= '1990-01-01 00:00:00+00' and rejected_at < '2100-01-01 00:00:00+00'
),
add constraint rejects_replayed_at_is_of_this_age check (
    replayed_at >= '1990-01-01 00:00:00+00' and replayed_at < '2100-01-01 00:00:00+00'
);

alter table ops.heartbeats
add constraint heartbeats_started_at_is_of_this_age check (
    started_at >= '1990-01-01 00:00:00+00' and started_at < '2100-01-01 00:00:00+00'
),
add constraint heartbeats_beat_at_is_of_this_age check (
    beat_at >= '1990-01-01 00:00:00+00' and beat_at < '2100-01-01 00:00:00+00'
);

alter table ops.migrations
add constraint migrations_applied_at_is_of_this_age check (
    applied_at >= '1990-01-01 00:00:00+00' and applied_at < '2100-01-01 00:00:00+00'
);

alter table ops.sources
add constraint sources_noted_at_is_of_this_age check (
    noted_at >= '1990-01-01 00:00:00+00' and noted_at < '2100-01-01 00:00:00+00'
);

alter table ops.uploads
add constraint uploads_uploaded_at_is_of_this_age check (
    uploaded_at >= '1990-01-01 00:00:00+00' and uploaded_at < '2100-01-01 00:00:00+00'
),
add constraint uploads_taken_at_is_of_this_age check (
    taken_at >= '1990-01-01 00:00:00+00' and taken_at < '2100-01-01 00:00:00+00'
),
add constraint uploads_looked_at_is_of_this_age check (
    looked_at >= '1990-01-01 00:00:00+00' and looked_at < '2100-01-01 00:00:00+00'
),
add constraint uploads_load_asked_at_is_of_this_age check (
    load_asked_at >= '1990-01-01 00:00:00+00' and load_asked_at < '2100-01-01 00:00:00+00'
),
add constraint uploads_ended_at_is_of_this_age check (
    ended_at >= '1990-01-01 00:00:00+00' and ended_at < '2100-01-01 00:00:00+00'
);

alter table ops.replays
add constraint replays_asked_at_is_of_this_age check (
    asked_at >= '1990-01-01 00:00:00+00' and asked_at < '2100-01-01 00:00:00+00'
),
add constraint replays_taken_at_is_of_this_age check (
    taken_at >= '1990-01-01 00:00:00+00' and taken_at < '2100-01-01 00:00:00+00'
),
add constraint replays_done_at_is_of_this_age check (
    done_at >= '1990-01-01 00:00:00+00' and done_at < '2100-01-01 00:00:00+00'
);

alter table ops.key_moves
add constraint key_moves_asked_at_is_of_this_age check (
    asked_at >= '1990-01-01 00:00:00+00' and asked_at < '2100-01-01 00:00:00+00'
),
add constraint key_moves_done_at_is_of_this_age check (
    done_at >= '1990-01-01 00:00:00+00' and done_at < '2100-01-01 00:00:00+00'
);

alter table ops.recounts
add constraint recounts_asked_at_is_of_this_age check (
    asked_at >= '1990-01-01 00:00:00+00' and asked_at < '2100-01-01 00:00:00+00'
),
add constraint recounts_done_at_is_of_this_age check (
    done_at >= '1990-01-01 00:00:00+00' and done_at < '2100-01-01 00:00:00+00'
);

alter table ops.organisation_changes
add constraint organisation_changes_saved_at_is_of_this_age check (
    saved_at >= '1990-01-01 00:00:00+00' and saved_at < '2100-01-01 00:00:00+00'
);

create function ops.wait_for_turn(work_number integer, of_number integer) returns void
language sql set lock_timeout = '4min' as $$
-- A loader that holds its turn may be at work on a long batch. All other locks are waited for as the session says.
select pg_advisory_xact_lock(work_number, of_number)
$$;
comment on function ops.wait_for_turn is
'Waits until no other transaction has this turn, and has it until the end of its own; longer than the session waits for a lock.';
