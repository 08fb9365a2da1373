"""One row for each table with a limit of its own, as the rest of an insert: drawn once old and once young.

In: nothing. Out: per table its columns and values; `:at` is the instant by which the row is old, `:n` is 1 or 2.
"""

from __future__ import annotations

DRAWN = {
    "warehouse.told_links": (
        "(linked_at, run_id, source_name, contact_id, linked_source_name, linked_contact_id, link_name) "
        "values (:at, 1, 's', :n, 's', 'x', 'transfer')"
    ),
    "warehouse.kept_callbacks": (
        "(linked_at, run_id, customer_key, source_name, contact_id, linked_source_name, "
        "linked_contact_id) values (:at, 1, 'k', 's', :n, 's', 'x')"
    ),
    "warehouse.attempts": (
        "(attempted_at, version_number, run_id, outcome_name, source_name, attempt_id, campaign_name) "
        "values (:at, 1, 1, 'busy', 's', :n, 'spring')"
    ),
    "warehouse.self_services": (
        "(started_at, version_number, run_id, outcome_name, source_name, visit_id, channel_name) values "
        "(:at, 1, 1, 'left', 's', :n, 'menu')"
    ),
    "warehouse.recordings": (
        "(started_at, version_number, run_id, source_name, recording_id, contact_id, media_name, "
        "url_text) values (:at, 1, 1, 's', :n, 'x', 'voice', 'https://rec.example/1')"
    ),
    "warehouse.erased_recordings": (
        "(erased_at, started_at, source_name, contact_id, media_name) values (:at, :at, 's', :n, 'voice')"
    ),
    "warehouse.follow_ups": (
        "(saved_at, save_number, is_done, kind_name, source_name, contact_id, viewer_name) values (:at, "
        "1, true, 'call', 's', :n, 'v')"
    ),
    "warehouse.queue_members": (
        "(queue_id, agent_id, started_at, ended_at, version_number, run_id, source_name) values (1, 1, "
        ":at, cast(:at as timestamptz) + interval '1 day', 1, 1, 's')"
    ),
    "warehouse.team_members": (
        "(team_id, agent_id, started_date, ended_date) values (1, 1, cast(:at as date), cast(:at as date) "
        "+ 7)"
    ),
    "warehouse.shifts": (
        "(started_at, ended_at, version_number, run_id, agent_id, source_name, shift_id, activity_name) "
        "values (:at, cast(:at as timestamptz) + interval '8 hours', 1, 1, 1, 's', :n, 'work')"
    ),
    "warehouse.surveys": (
        "(answered_at, version_number, run_id, source_name, survey_id, csat_score, comment_text) values "
        "(:at, 1, 1, 's', :n, 5, 'words')"
    ),
    "warehouse.quality_reviews": (
        "(reviewed_at, version_number, run_id, agent_id, total_score, source_name, review_id) values "
        "(:at, 1, 1, 1, 90, 's', :n)"
    ),
    "warehouse.reviews": (
        "(review_id, save_number, saved_at, reviewed_at, form_id, version_number, agent_id, "
        "earned_points, possible_points, is_failed, source_name, contact_id, reviewer_name, viewer_name) "
        "values (cast(:n as bigint), 1, :at, :at, 1, 1, 1, 1, 2, false, 's', 'x', 'r', 'v')"
    ),
    "warehouse.review_answers": (
        "(review_id, save_number, question_number, answer_score) values (cast(:n as bigint), 1, 1, 1)"
    ),
    "warehouse.coaching_notes": (
        "(note_id, save_number, saved_at, due_date, agent_id, viewer_name) values (cast(:n as bigint), 1, "
        ":at, cast(:at as date) + 7, 1, 'v')"
    ),
    "warehouse.review_samples": (
        "(week_date, drawn_at, contacts_per_agent_number, seed_name, viewer_name) values "
        "(date_trunc('week', cast(:at as date))::date, :at, 3, 'seed', 'v')"
    ),
    "warehouse.review_sample_contacts": (
        "(week_date, offered_at, place_number, candidate_count, agent_id, queue_id, source_name, "
        "contact_id) values (date_trunc('week', cast(:at as date))::date, :at, 1, 9, 1, 1, 's', :n)"
    ),
    "game.day_sums": "(agent_id, effective_date, sums) values (1, cast(:at as date), '{}')",
    "game.made_days": (
        "(day_date, made_at, settled_at, sums_sha256) values (cast(:at as date), :at, :at, repeat('0', 64))"
    ),
    "game.moments": "(moment_key, agent_id, kind_name, name_text, happened_at) values (:n, 1, 'badge', 'b', :at)",
    "game.disputes": "(agent_id, hold_id, said_at, reason_text) values (1, cast(:n as bigint), :at, 'words')",
    "game.holds": (
        "(hold_id, entry_key, agent_id, rule_name, version_number, effective_date, guard_name, held_points, found_at, "
        "evidence) "
        "overriding system value values (cast(:n as bigint), :n, 1, 'r', 1, cast(:at as date), 'g', 1, :at, '{}')"
    ),
    "game.evidence": (
        "(entry_id, place_number, agent_id, effective_date, fact_name, above_value) "
        "values (cast(:n as bigint), 1, 1, cast(:at as date), 'f', 1)"
    ),
    "game.kudos": (
        "(agent_id, category_name, message_text, given_at, given_date) values (1, 'help', concat('Thanks ', "
        "cast(:n as text)), :at, cast(:at as date))"
    ),
    "ops.reports": (
        "(first_date, last_date, asked_at, made_at, kind_name, report_name, viewer_name, state_name, "
        "content_text, headline_text) values (cast(:at as date), cast(:at as date), :at, :at, 'daily', "
        "'r', 'v', 'made', 'names', 'h')"
    ),
    "ops.report_schedules": (
        "(made_at, ended_at, due_seconds, kind_name, schedule_name, viewer_name) values (:at, :at, 0, "
        "'daily', :n, 'v')"
    ),
    "warehouse.ticket_targets": (
        "(applied_at, due_at, met_at, target_seconds, is_business, source_name, ticket_id, target_name) "
        "select :at, :at, :at, 60, false, source_name, ticket_id, 'first_reply' from warehouse.tickets "
        "where created_at = cast(:at as timestamptz)"
    ),
    "warehouse.costs": (
        "(started_at, ended_at, version_number, run_id, amount, source_name, cost_id, cost_name) values "
        "(:at, cast(:at as timestamptz) + interval '1 day', 1, 1, 9, 's', :n, 'rent')"
    ),
    "warehouse.revenues": (
        "(earned_at, version_number, run_id, amount, source_name, revenue_id) values (:at, 1, 1, 9, 's', :n)"
    ),
    "ops.rejects": (
        "(run_id, rejected_at, source_name, place_text, file_key, reason_text, raw_text) values (1, :at, "
        "'s', :n, '', 'no date', 'raw')"
    ),
    "ops.uploads": (
        "(uploaded_at, file_bytes, viewer_name, file_name, source_name, content) values (:at, 1, 'v', :n, "
        "'s', 'x')"
    ),
    "ops.replays": ("(asked_at, viewer_name, source_name) values (:at, 'v', :n)"),
    "ops.runs": (
        "(run_id, started_at, ended_at, source_name, outcome_name) values (1000 + cast(:n as bigint), "
        ":at, :at, 's', 'succeeded')"
    ),
    "ops.unused_events": (
        "(run_id, event_name, is_known, source_name, read_rows) values (1000 + cast(:n as bigint), "
        "'PING', true, 's', 1)"
    ),
    "ops.silences": (
        "(process_name, silent_from_at, silent_until_at) values (:n, :at, cast(:at as timestamptz) + "
        "interval '1 minute')"
    ),
    "ops.reconciliations": (
        "(reconciliation_id, checked_at, day_date, duration_seconds, source_name, outcome_name, "
        "reason_text) overriding system value values (cast(:n as bigint), :at, cast(:at as date), 1, 's', "
        "'not_comparable', 'why')"
    ),
    "ops.reconciled_facts": (
        "(reconciliation_id, fact_name, origin_rows, warehouse_rows, missing_rows, differing_rows, "
        "mended_rows, surplus_rows) values (cast(:n as bigint), 'calls', 0, 0, 0, 0, 0, 0)"
    ),
    "ops.reconciliation_marks": (
        "(day_date, source_name, position_text, carry_text, is_whole) values (cast(:at as date), 's', '', "
        "'', true)"
    ),
    "ops.key_moves": (
        "(asked_at, done_at, kind_name, source_name, source_key, from_id, to_id) values (:at, :at, "
        "'agent', 's', :n, 1, 2)"
    ),
    "ops.recounts": ("(asked_at, done_at, reason_text) values (:at, :at, :n)"),
    "ops.alert_events": (
        "(event_id, occurred_at, rule_id, change_name) overriding system value values (cast(:n as "
        "bigint), :at, 1, 'made')"
    ),
    "ops.alert_deliveries": (
        "(event_id, due_at, way_name, target_text) values (cast(:n as bigint), :at, 'email', 'a@b.example')"
    ),
    "ops.wall_messages": (
        "(message_text, tone_name, starts_at, ends_at, viewer_name) values (:n, 'off', cast(:at as timestamptz) "
        "- interval '1 hour', :at, 'v')"
    ),
    "access.sessions": (
        "(token_sha256, account_id, started_at, ends_at) values (sha256(cast(:n as bytea)), 1, :at, "
        "cast(:at as timestamptz) + interval '1 hour')"
    ),
    "access.device_codes": (
        "(code_text, browser_sha256, address_text, made_at, ends_at) values (repeat(substr('BC', cast(:n "
        "as integer), 1), 8), sha256(cast(:n as bytea)), '10.0.0.9', :at, cast(:at as timestamptz) + "
        "interval '1 hour')"
    ),
    "access.device_links": (
        "(token_sha256, device_id, ends_at) values (sha256(cast(:n as bytea)), 1, cast(:at as "
        "timestamptz) + interval '1 hour')"
    ),
    "ops.organisation_changes": (
        "(saved_at, save_number, viewer_name, sheet_name, action_name, after_text) values (:at, cast(:n "
        "as bigint), 'v', 'teams', 'add', '{}')"
    ),
    "ops.retention_deletions": (
        "(deleted_at, table_name, kind_name, older_than_at, deleted_rows) values (:at, 'warehouse.calls', "
        "'calls', :at, 1)"
    ),
    "ops.audit_lines": (
        "(line_number, noted_at, actor_sha256, what_name, of_name, told_text, place_text, agent_ids, "
        "previous_sha256, line_sha256) values (cast(:n as bigint), :at, sha256('a'), 'a.b', '', '{}', '', "
        "'{}', sha256(cast('p' || :n as bytea)), sha256(cast('l' || :n as bytea)))"
    ),
    "warehouse.goal_days": (
        "(goal_id, day_date, measured_at, version_number, measured_count) values (1, cast(:at as date), "
        ":at, 1, 1)"
    ),
}
