-- What families of facts add up to, for goals and alerts; and what a figure and its list count alike: days of forecasts, first replies.
-- Grain: as each comment states.
create function warehouse.service_level(
    formula_name text,
    offered_calls bigint,
    answered_calls bigint,
    answered_in_threshold_calls bigint,
    abandoned_calls bigint,
    short_abandoned_calls bigint,
    abandoned_in_threshold_calls bigint,
    flowed_out_in_threshold_calls bigint
) returns double precision
language sql immutable as $$
    select
        cast(case $1 when 'abandons_good' then $4 + $7 when 'removed' then $4 + $7 + $8 else $4 end as double precision) / nullif(
            case $1
                when 'answered' then $3
                when 'strict' then $2
                when 'abandons' then $3 + $5
                when 'no_short' then $3 + $5 - $6
                when 'offered_no_short' then $2 - $6
                when 'abandons_late' then $3 + $5 - $7
                when 'abandons_good' then $3 + $5
                when 'removed' then $2
            end,
            0
        )
$$;
comment on function warehouse.service_level is
'One of the eight service levels of sums, as the registry of metrics has them; null without a denominator.';

create function ops.long_stays(
    of_queue_id integer, offered_before timestamptz, window_start timestamptz, window_end timestamptz
) returns setof warehouse.stay
language sql stable as $$
    select m.*
    from (
        select
            c.offered_at,
            c.source_name,
            c.call_id,
            c.stay_number
        from warehouse.calls as c
        where c.queue_id = $1 and c.offered_at < $2 and c.ended_at - c.offered_at > interval '4 hours' and c.ended_at > $3
        union all
        select
            c.offered_at,
            c.source_name,
            c.call_id,
            c.stay_number
        from warehouse.calls as c
        where c.queue_id = $1 and c.offered_at < $2 and c.ended_at is null
    ) as l
    -- offset 0: each of the few is looked up by its key; put together, all stays of the queue would be read.
    cross join lateral (
        select n.*
        from warehouse.stay_measures($1, l.offered_at, l.offered_at + interval '1 microsecond', null, $4) as n
        where
            n.offered_at = l.offered_at and n.source_name = l.source_name and n.call_id = l.call_id
            and n.stay_number = l.stay_number
        offset 0
    ) as m
    where greatest(m.answered_at, m.ended_at) > $3
$$;
comment on function ops.long_stays is
'Grain: one row per inbound stay of a queue that was offered before offered_before (at least four hours before window_start) and '
'answered or ended in (window_start, window_end], as known at window_end: what a look at what was offered lately does not find.';

create or replace function ops.decided_call_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    -- The event rule of the live tiles, as at window_end: a contact counts when it is answered, leaves, or has waited past T.
    with chosen as materialized (
        select
            s.scope_id,
            s.scope_name,
            s.queue_id,
            q.service_level_threshold_seconds,
            q.service_level_target_ratio,
            q.service_level_formula_name
        from ops.queue_scopes($3, $4) as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
    ),

    stays as (
        select
            h.scope_id,
            m.*,
            m.ended_at > $1 as is_ended_in_window,
            d.decided_at > $1 and d.decided_at <= $2 as is_decided
        from chosen as h
        -- No threshold is longer than four hours; what lasts longer can only end in the window.
        cross join lateral (
            select n.*
            from warehouse.stay_measures(
                h.queue_id, $1 - interval '4 hours 1 second', $2 + interval '1 microsecond', null, $2
            ) as n
            union all
            select n.* from ops.long_stays(h.queue_id, $1 - interval '4 hours 1 second', $1, $2) as n
        ) as m
        cross join lateral (
            select least(
                m.answered_at, m.ended_at, m.offered_at + make_interval(secs => h.service_level_threshold_seconds + 1)
            ) as decided_at
        ) as d
    ),

    counted as (
        select
            s.scope_id,
            sum(s.offered_calls) filter (where s.is_decided) as offered_calls,
            sum(s.answered_calls) filter (where s.is_decided) as answered_calls,
            sum(s.answered_in_threshold_calls) filter (where s.is_decided) as answered_in_threshold_calls,
            sum(s.abandoned_calls) filter (where s.is_decided) as abandoned_calls,
            sum(s.short_abandoned_calls) filter (where s.is_decided) as short_abandoned_calls,
            sum(s.abandoned_in_threshold_calls) filter (where s.is_decided) as abandoned_in_threshold_calls,
            sum(s.flowed_out_calls) filter (where s.is_decided) as flowed_out_calls,
            sum(s.flowed_out_in_threshold_calls) filter (where s.is_decided) as flowed_out_in_threshold_calls,
            sum(s.answered_wait_seconds) filter (where s.is_decided) as answered_wait_seconds,
            sum(s.handled_calls) filter (where s.is_ended_in_window) as handled_calls,
            sum(s.transferred_calls) filter (where s.is_ended_in_window) as transferred_calls,
            sum(s.transferred_calls) filter (where s.is_ended_in_window and s.transfer_kind_name = 'blind')
                as blind_transferred_calls,
            sum(s.transferred_calls) filter (where s.is_ended_in_window and s.transfer_kind_name = 'attended')
                as attended_transferred_calls,
            sum(s.talk_seconds) filter (where s.is_ended_in_window) as talk_seconds,
            sum(s.hold_seconds) filter (where s.is_ended_in_window) as hold_seconds,
            sum(s.wrap_up_seconds) filter (where s.is_ended_in_window) as wrap_up_seconds
        from stays as s
        group by s.scope_id
    ),

    scopes as (
        select
            h.scope_id,
            min(h.scope_name) as scope_name,
            case when count(distinct h.service_level_formula_name) = 1 then min(h.service_level_formula_name) end as formula_name,
            case when count(distinct h.service_level_target_ratio) = 1 then min(h.service_level_target_ratio) end as target_ratio
        from chosen as h
        group by h.scope_id
    )

    select
        p.scope_id,
        p.scope_name,
        p.formula_name,
        coalesce(to_jsonb(c), '{}') || jsonb_build_object('service_level_target_ratio', p.target_ratio)
    from scopes as p
    left join counted as c on p.scope_id = c.scope_id
$$;

create or replace function ops.left_call_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    -- A contact counts when it is answered or leaves, with its whole wait, however long before the window it was offered.
    with chosen as materialized (
        select s.* from ops.queue_scopes($3, $4) as s
    ),

    counted as (
        select
            h.scope_id,
            sum(m.offered_calls) as offered_calls,
            sum(m.answered_calls) as answered_calls,
            sum(m.abandoned_calls) as abandoned_calls,
            sum(m.short_abandoned_calls) as short_abandoned_calls,
            sum(m.flowed_out_calls) as flowed_out_calls,
            sum(m.callback_calls) as callback_calls,
            sum(m.answered_wait_seconds) as answered_wait_seconds,
            sum(m.abandoned_wait_seconds) as abandoned_wait_seconds,
            sum(m.wait_seconds * m.flowed_out_calls) as flowed_out_wait_seconds
        from chosen as h
        cross join lateral (
            select n.*
            from warehouse.stay_measures(h.queue_id, $1 - interval '1 day', $2 + interval '1 microsecond', null, $2) as n
            union all
            select n.* from ops.long_stays(h.queue_id, $1 - interval '1 day', $1, $2) as n
        ) as m
        where coalesce(m.answered_at, m.ended_at) > $1
        group by h.scope_id
    )

    select
        h.scope_id,
        h.scope_name,
        null::text,
        coalesce(to_jsonb(c), '{}')
    from (select s.scope_id, min(s.scope_name) as scope_name from chosen as s group by s.scope_id) as h
    left join counted as c on h.scope_id = c.scope_id
$$;

create or replace function ops.offered_call_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        c.scope_id,
        c.scope_name,
        c.formula_name,
        to_jsonb(c)
    from (
        select
            h.scope_id,
            min(h.scope_name) as scope_name,
            case when count(distinct q.service_level_formula_name) = 1 then min(q.service_level_formula_name) end as formula_name,
            sum(i.offered_calls) as offered_calls,
            sum(i.answered_calls) as answered_calls,
            sum(i.answered_in_threshold_calls) as answered_in_threshold_calls,
            sum(i.abandoned_calls) as abandoned_calls,
            sum(i.short_abandoned_calls) as short_abandoned_calls,
            sum(i.abandoned_in_threshold_calls) as abandoned_in_threshold_calls,
            sum(i.flowed_out_calls) as flowed_out_calls,
            sum(i.flowed_out_in_threshold_calls) as flowed_out_in_threshold_calls,
            sum(i.callback_calls) as callback_calls,
            sum(i.answered_wait_seconds) as answered_wait_seconds,
            sum(i.abandoned_wait_seconds) as abandoned_wait_seconds,
            sum(i.flowed_out_wait_seconds) as flowed_out_wait_seconds,
            sum(i.handled_calls) as handled_calls,
            sum(i.transferred_calls) as transferred_calls,
            sum(i.talk_seconds) as talk_seconds,
            sum(i.hold_seconds) as hold_seconds,
            sum(i.wrap_up_seconds) as wrap_up_seconds,
            case when count(distinct q.service_level_target_ratio) = 1 then min(q.service_level_target_ratio) end
                as service_level_target_ratio
        from ops.queue_scopes($3, $4) as h
        inner join warehouse.queues as q on h.queue_id = q.queue_id
        left join warehouse.queue_intervals as i
            on h.queue_id = i.queue_id and i.interval_start_at >= $1 and i.interval_start_at < $2
        group by h.scope_id
    ) as c
$$;

create or replace function ops.handled_call_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    -- To the minute, where the rollup of intervals has whole quarters of an hour; of the team of the day of the answer.
    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            s.scope_id,
            min(s.scope_name) as scope_name,
            count(c.call_id) as handled_calls,
            count(c.transfer_kind_name) as transferred_calls,
            count(*) filter (where c.transfer_kind_name = 'blind') as blind_transferred_calls,
            count(*) filter (where c.transfer_kind_name = 'attended') as attended_transferred_calls,
            sum(c.talk_seconds) as talk_seconds,
            sum(c.hold_seconds) as hold_seconds,
            sum(c.wrap_up_seconds) filter (where c.ended_at + make_interval(secs => c.wrap_up_seconds) <= $2) as wrap_up_seconds
        from ops.agent_spans($3, $4, $1 - interval '1 day', $2 + interval '1 microsecond') as s
        left join warehouse.calls as c
            on
                s.agent_id = c.agent_id and c.answered_at >= s.started_at and c.answered_at < s.ended_at
                and c.offered_at > $1 - interval '1 day' and c.offered_at <= $2 and c.ended_at > $1 and c.ended_at <= $2
                and c.direction_name = 'inbound' and c.outcome_name = 'answered'
        group by s.scope_id
    ) as h
$$;

create or replace function ops.agent_interval_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            s.scope_id,
            min(s.scope_name) as scope_name,
            sum(i.handled_calls) as handled_calls,
            sum(i.transferred_calls) as transferred_calls,
            sum(i.blind_transferred_calls) as blind_transferred_calls,
            sum(i.attended_transferred_calls) as attended_transferred_calls,
            sum(i.talk_seconds) as talk_seconds,
            sum(i.hold_seconds) as hold_seconds,
            sum(i.wrap_up_seconds) as wrap_up_seconds,
            sum(i.on_contact_seconds) as on_contact_seconds,
            sum(i.wrapping_up_seconds) as wrapping_up_seconds,
            sum(i.available_seconds) as available_seconds,
            sum(i.paused_seconds) as paused_seconds,
            sum(i.signed_in_seconds) as signed_in_seconds
        from ops.agent_spans($3, $4, $1, $2) as s
        left join warehouse.agent_intervals as i
            on
                s.agent_id = i.agent_id and i.interval_start_at >= $1 and i.interval_start_at < $2
                and i.interval_start_at >= s.started_at and i.interval_start_at < s.ended_at
        group by s.scope_id
    ) as h
$$;

create function ops.target_interval_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    -- Queues that are taken together are judged together, by the formula and the target that they share.
    with scopes as materialized (
        select
            s.scope_id,
            min(s.scope_name) as scope_name,
            array_agg(s.queue_id) as queue_ids,
            case when count(distinct q.service_level_formula_name) = 1 then min(q.service_level_formula_name) end as formula_name,
            case when count(distinct q.service_level_target_ratio) = 1 then min(q.service_level_target_ratio) end as target_ratio
        from ops.queue_scopes($3, $4) as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
        group by s.scope_id
    ),

    levels as (
        select
            s.scope_id,
            i.interval_start_at,
            warehouse.service_level(
                s.formula_name,
                sum(i.offered_calls),
                sum(i.answered_calls),
                sum(i.answered_in_threshold_calls),
                sum(i.abandoned_calls),
                sum(i.short_abandoned_calls),
                sum(i.abandoned_in_threshold_calls),
                sum(i.flowed_out_in_threshold_calls)
            ) as level_ratio
        from scopes as s
        inner join warehouse.queue_intervals as i
            on i.queue_id = any(s.queue_ids) and i.interval_start_at >= $1 and i.interval_start_at <= $2 - interval '15 minutes'
        group by s.scope_id, s.formula_name, i.interval_start_at
    )

    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            s.scope_id,
            s.scope_name,
            count(l.level_ratio) filter (where s.target_ratio is not null) as judged_intervals,
            count(l.level_ratio) filter (where l.level_ratio >= s.target_ratio) as on_target_intervals
        from scopes as s
        left join levels as l on s.scope_id = l.scope_id
        group by s.scope_id, s.scope_name
    ) as h
$$;
comment on function ops.target_interval_sums is
'Grain: one row per scope: whole quarters of an hour in [window_start, window_end] with a service level and a target, and those that '
'met it; none where the queues of the scope share no formula or no target.';

create function ops.contact_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text, known_at timestamptz
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    with contacts as (
        select
            o.*,
            case $3
                when 'queue' then cast(o.queue_id as text)
                when 'group' then o.group_name
                when 'team' then cast(s.team_id as text)
                else ''
            end as scope_id,
            case $3 when 'queue' then q.queue_name when 'group' then o.group_name when 'team' then t.team_name else '' end as scope_name
        -- offset 0: what is chosen is asked after the contacts were put together, whose joins would else be made row by row.
        from (select c.* from warehouse.contact_outcomes($1, $2, least($5, '2100-01-01'), 7) as c offset 0) as o
        left join warehouse.queues as q on o.queue_id = q.queue_id
        left join warehouse.team_spans as s
            on
                $3 = 'team' and o.agent_id = s.agent_id and o.local_date >= s.started_date
                and (s.ended_date is null or o.local_date < s.ended_date)
        left join warehouse.teams as t on s.team_id = t.team_id
    )

    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            c.scope_id,
            min(c.scope_name) as scope_name,
            sum(c.askable_contacts) as askable_contacts,
            sum(c.survey_count) as survey_count,
            sum(c.csat_count) as csat_count,
            sum(c.csat_satisfied_count) as csat_satisfied_count,
            sum(c.nps_count) as nps_count,
            sum(c.nps_promoter_count) as nps_promoter_count,
            sum(c.nps_detractor_count) as nps_detractor_count,
            sum(c.flagged_contacts) as flagged_contacts,
            sum(c.resolved_first_contacts) as resolved_first_contacts,
            sum(c.followed_contacts) as followed_contacts,
            sum(c.repeated_contacts) as repeated_contacts
        from contacts as c
        where c.scope_id is not null and ($4 = '' or c.scope_id = $4)
        group by c.scope_id
    ) as h
$$;
comment on function ops.contact_sums is
'Grain: one row per scope: the contacts of the window in the customers'' eyes, what they answered, whether they were resolved and '
'whether their customers came again within 7 days, as known at known_at; of a team, those that its agents handled on its own days.';

create function ops.review_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    with reviews as (
        select
            r.total_score,
            r.is_failed,
            case $3
                when 'queue' then cast(r.queue_id as text)
                when 'group' then q.group_name
                when 'team' then cast(s.team_id as text)
                else ''
            end as scope_id,
            case $3 when 'queue' then q.queue_name when 'group' then q.group_name when 'team' then t.team_name else '' end as scope_name
        from warehouse.standing_reviews as r
        cross join (select coalesce(min(i.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as i) as z
        left join warehouse.queues as q on r.queue_id = q.queue_id
        left join warehouse.team_spans as s
            on
                $3 = 'team' and r.agent_id = s.agent_id
                and cast(r.reviewed_at at time zone z.time_zone_name as date) >= s.started_date
                and (s.ended_date is null or cast(r.reviewed_at at time zone z.time_zone_name as date) < s.ended_date)
        left join warehouse.teams as t on s.team_id = t.team_id
        where r.reviewed_at >= $1 and r.reviewed_at < $2 and not r.is_calibration
    )

    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            r.scope_id,
            min(r.scope_name) as scope_name,
            count(r.total_score) as review_count,
            sum(r.total_score) as review_total_score,
            count(*) filter (where r.is_failed and r.total_score is not null) as failed_review_count
        from reviews as r
        where r.scope_id is not null and ($4 = '' or r.scope_id = $4)
        group by r.scope_id
    ) as h
$$;
comment on function ops.review_sums is
'Grain: one row per scope: the standing reviews of the window, none for calibration; of a team, those of its agents'' own days.';

create function ops.shift_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text, known_at timestamptz
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            case $3 when 'team' then cast(s.team_id as text) else '' end as scope_id,
            min(case $3 when 'team' then t.team_name else '' end) as scope_name,
            sum(s.scheduled_seconds) as scheduled_seconds,
            sum(s.adherent_seconds) as adherent_seconds,
            sum(s.scheduled_on_queue_seconds) as scheduled_on_queue_seconds,
            sum(s.worked_on_queue_seconds) as worked_on_queue_seconds,
            sum(s.planned_shrinkage_seconds) as planned_shrinkage_seconds,
            sum(s.unplanned_shrinkage_seconds) as unplanned_shrinkage_seconds,
            sum(s.absent_seconds) as absent_seconds
        from warehouse.agent_schedules(
            $1, least($2 - interval '1 microsecond', $5), least($5, '2100-01-01'), null, null,
            case when $3 = 'team' and $4 <> '' then cast($4 as integer) end
        ) as s
        left join warehouse.teams as t on s.team_id = t.team_id
        where $3 = 'everything' or s.team_id is not null
        group by 1
    ) as h
$$;
comment on function ops.shift_sums is
'Grain: one row per scope: how closely schedules were kept and what of them was lost, until known_at; of a team, on its own days.';

create function ops.callback_sums(
    window_start timestamptz, window_end timestamptz, scope_kind_name text, scope_key text, known_at timestamptz, is_settled boolean
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    -- By the offered cohort, or (is_settled) what was reached, given up or fell due in (window_start, window_end].
    with span as (
        select case
            when $6 then $1 - make_interval(secs => greatest(691200, max(q.callback_promise_seconds) + 86400))
            else $1
        end as from_at
        from warehouse.queues as q
    ),

    requests as (
        select
            s.scope_id,
            s.scope_name,
            r.reached_at,
            r.promised_at,
            r.given_up_at,
            r.is_kept,
            case when $6 then $1 else '-infinity' end as after_at,
            least($5, case when $6 then $2 else 'infinity' end) as until_at
        from span as p
        cross join lateral warehouse.callback_requests(p.from_at, $2, $5, null, null) as r
        inner join ops.queue_scopes($3, $4) as s on r.queue_id = s.queue_id
    )

    select
        h.scope_id,
        h.scope_name,
        null::text,
        to_jsonb(h)
    from (
        select
            r.scope_id,
            min(r.scope_name) as scope_name,
            count(*) filter (where r.reached_at > r.after_at and r.reached_at <= r.until_at) as reached_callback_calls,
            count(*) filter (where r.reached_at is null and r.given_up_at > r.after_at and r.given_up_at <= r.until_at)
                as given_up_callback_calls,
            count(*) filter (where r.promised_at > r.after_at and r.promised_at <= r.until_at) as due_promise_calls,
            count(*) filter (where r.is_kept and r.promised_at > r.after_at and r.promised_at <= r.until_at) as kept_promise_calls
        from requests as r
        group by r.scope_id
    ) as h
$$;
comment on function ops.callback_sums is
'Grain: one row per scope: callbacks reached, given up, due and kept, as known at known_at.';

create function ops.self_service_sums(window_start timestamptz, window_end timestamptz, known_at timestamptz) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        '',
        '',
        null::text,
        to_jsonb(h)
    from (
        select
            sum(v.contained_contacts) as contained_contacts,
            sum(v.agent_served_contacts) as agent_served_contacts
        from warehouse.self_service_measures($1, $2, $3) as v
    ) as h
$$;
comment on function ops.self_service_sums is
'Grain: one row: what was settled in menus, by bots and on pages, and what an agent took over from there by known_at.';

create function ops.attempt_sums(window_start timestamptz, window_end timestamptz) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select
        '',
        '',
        null::text,
        to_jsonb(h)
    from (
        select
            count(*) as attempted_calls,
            count(*) filter (where a.outcome_name = 'connected') as connected_calls,
            case when count(a.is_converted) > 0 then count(*) filter (where a.is_converted) end as converted_calls
        from warehouse.attempts as a
        where a.attempted_at >= $1 and a.attempted_at < $2
    ) as h
$$;
comment on function ops.attempt_sums is
'Grain: one row: the attempts of all campaigns in the window, those that reached somebody, and those that met their aim.';

create or replace function ops.sums_of(
    family_name text,
    window_start timestamptz,
    window_end timestamptz,
    scope_kind_name text,
    scope_key text,
    known_at timestamptz
) returns table (
    scope_id text,
    scope_name text,
    formula_name text,
    sums jsonb
)
language sql stable as $$
    select s.* from ops.decided_call_sums($2, $3, $4, $5) as s where $1 = 'decided_calls'
    union all
    select s.* from ops.left_call_sums($2, $3, $4, $5) as s where $1 = 'left_calls'
    union all
    select s.* from ops.offered_call_sums($2, $3, $4, $5) as s where $1 = 'offered_calls'
    union all
    select s.* from ops.target_interval_sums($2, $3, $4, $5) as s where $1 = 'target_intervals'
    union all
    select s.* from ops.handled_call_sums($2, $3, $4, $5) as s where $1 = 'handled_calls'
    union all
    select s.* from ops.agent_state_sums($2, $3, $4, $5) as s where $1 = 'agent_states'
    union all
    select s.* from ops.agent_interval_sums($2, $3, $4, $5) as s where $1 = 'agent_intervals'
    union all
    select s.* from ops.shift_sums($2, $3, $4, $5, $6) as s where $1 = 'shifts'
    union all
    select s.* from ops.contact_sums($2, $3, $4, $5, $6) as s where $1 = 'contacts'
    union all
    select s.* from ops.review_sums($2, $3, $4, $5) as s where $1 = 'reviews'
    union all
    select s.* from ops.callback_sums($2, $3, $4, $5, $6, false) as s where $1 = 'offered_callbacks'
    union all
    select s.* from ops.callback_sums($2, $3, $4, $5, $6, true) as s where $1 = 'settled_callbacks'
    union all
    select s.* from ops.self_service_sums($2, $3, $6) as s where $1 = 'self_services'
    union all
    select s.* from ops.attempt_sums($2, $3) as s where $1 = 'attempts'
    union all
    select s.* from ops.created_ticket_sums($2, $3, $4, $5, $6) as s where $1 = 'created_tickets'
    union all
    select s.* from ops.solved_ticket_sums($2, $3, $4, $5, $6) as s where $1 = 'solved_tickets'
    union all
    select s.* from ops.target_ticket_sums($2, $3, $4, $5, $6) as s where $1 = 'target_tickets'
    union all
    select s.* from ops.backlog_ticket_sums($2, $3, $4, $5) as s where $1 = 'backlog_tickets'
$$;

create function warehouse.compared_days(
    first_date date, last_date date, as_of timestamptz, of_queue_id integer, of_group_name text
) returns table (
    queue_id integer,
    day_date date,
    compared_date date,
    expected_calls numeric
)
language sql stable as $$
    with zone as (
        select
            z.zone_name,
            cast($3 at time zone z.zone_name as date) as today_date
        from (select warehouse.site_zone_name() as zone_name) as z
    ),

    pairs as materialized (
        select
            p.day_date,
            p.compared_date
        from (
            select
                d.day_date,
                c.day_date as compared_date,
                count(*) over (partition by d.day_date) as week_count
            from zone as z
            cross join lateral generate_series(cast($1 as timestamp), least($2, z.today_date), interval '1 day') as g (day_at)
            cross join lateral (select cast(g.day_at as date) as day_date) as d
            cross join lateral warehouse.comparable_days(d.day_date, $4, $5) as c
            where not warehouse.is_holiday(d.day_date, $4, $5)
        ) as p
        where p.week_count >= 3
    ),

    -- Days that are not simply all their quarters once: those of 23 and 25 hours, and the day that is running.
    odd_days as materialized (
        select
            d.day_date,
            d.starts_at,
            d.ends_at
        from zone as z
        cross join (
            select p.day_date from pairs as p
            union
            select p.compared_date from pairs as p
        ) as n
        cross join lateral (
            select
                n.day_date,
                cast(n.day_date as timestamp) at time zone z.zone_name as starts_at,
                cast(n.day_date + 1 as timestamp) at time zone z.zone_name as ends_at
        ) as d
        where d.ends_at - d.starts_at <> interval '24 hours' or d.day_date = z.today_date
    ),

    -- How often the clock of such a day showed each quarter of an hour, and how much of that had passed.
    odd_quarters as materialized (
        select
            d.day_date,
            cast(g.interval_start_at at time zone z.zone_name as time) as local_time,
            count(*) as showing_count,
            sum(least(greatest(extract(epoch from $3 - g.interval_start_at) / 900, 0), 1)) as passed_count
        from odd_days as d
        cross join zone as z
        cross join lateral generate_series(d.starts_at, d.ends_at - interval '15 minutes', interval '15 minutes')
            as g (interval_start_at)
        group by d.day_date, local_time
    ),

    chosen as materialized (
        select c.queue_id from warehouse.chosen_queues($4, $5) as c
    ),

    -- The days that these are compared with are told by the quarter of an hour; of all others the sum is enough.
    whole_days as materialized (
        select p.compared_date as day_date from pairs as p
        except
        select p.compared_date from pairs as p inner join odd_days as d on p.day_date = d.day_date
    ),

    shown as materialized (
        select
            i.queue_id,
            l.day_date,
            n.local_time,
            sum(case when o.showing_count > 1 then cast(i.offered_calls as numeric) / o.showing_count else i.offered_calls end) as calls
        from (
            select
                min(p.compared_date) as first_date,
                max(p.compared_date) as last_date
            from pairs as p
        ) as w
        cross join zone as z
        cross join chosen as c
        inner join warehouse.queue_intervals as i
            on
                c.queue_id = i.queue_id
                and cast(w.first_date as timestamp) at time zone z.zone_name <= i.interval_start_at
                and cast(w.last_date + 1 as timestamp) at time zone z.zone_name > i.interval_start_at
        cross join lateral (select i.interval_start_at at time zone z.zone_name as local_at offset 0) as t
        cross join lateral (select cast(t.local_at as date) as day_date) as l
        left join whole_days as d on l.day_date = d.day_date
        cross join lateral (select case when d.day_date is null then cast(t.local_at as time) end as local_time) as n
        left join odd_quarters as o on l.day_date = o.day_date and cast(t.local_at as time) = o.local_time
        group by i.queue_id, l.day_date, n.local_time
    ),

    told as (
        select
            p.day_date,
            p.compared_date,
            t.queue_id,
            t.calls
        from pairs as p
        inner join (
            select
                s.queue_id,
                s.day_date,
                sum(s.calls) as calls
            from shown as s
            group by s.queue_id, s.day_date
        ) as t on p.compared_date = t.day_date
        where p.day_date not in (select d.day_date from odd_days as d)
        union all
        select
            p.day_date,
            p.compared_date,
            s.queue_id,
            s.calls * case when p.day_date = z.today_date then o.passed_count else o.showing_count end
        from pairs as p
        cross join zone as z
        inner join odd_quarters as o on p.day_date = o.day_date
        inner join shown as s on p.compared_date = s.day_date and o.local_time = s.local_time
        union all
        select
            p.day_date,
            p.compared_date,
            c.queue_id,
            0
        from pairs as p
        cross join chosen as c
    )

    select
        t.queue_id,
        t.day_date,
        t.compared_date,
        sum(t.calls)
    from told as t
    group by grouping sets ((t.queue_id, t.day_date, t.compared_date), (t.day_date, t.compared_date))
$$;
comment on function warehouse.compared_days is
'Grain: one row per day of the period that has a forecast (no holiday, three comparable days or more), comparable day and chosen '
'queue, and one with queue_id null for all of them together: what the comparable day lets expect. Compared by the clock on the wall: '
'a quarter of an hour that the comparable day showed twice counts by half of both, one that the day itself shows twice, twice, and '
'one that it never shows, not; of the day of as_of only what had passed by then, a running quarter as far as it had run.';

create function warehouse.first_reply(
    of_source_name text, of_ticket_id text, created_at timestamptz, first_reply_at timestamptz
) returns table (
    occurred_at timestamptz,
    event_number integer
)
language sql stable as $$
    select
        w.occurred_at,
        w.event_number
    from (
        select
            e.occurred_at,
            e.event_number,
            e.event_name,
            row_number() over (order by e.occurred_at, e.event_number) = 1 and e.occurred_at <= $3 + interval '5 seconds' as is_opening
        from warehouse.ticket_events as e
        where
            e.source_name = $1 and e.ticket_id = $2 and e.occurred_at <= $4
            and (e.event_name = 'request' or (e.event_name = 'reply' and e.actor_name is distinct from 'system'))
    ) as w
    where w.event_name = 'reply' and not w.is_opening and greatest(w.occurred_at, $3) = $4
    order by w.occurred_at, w.event_number
    limit 1
$$;
comment on function warehouse.first_reply is
'Grain: at most one row: which of a ticket''s events is the reply of its first_reply_at. Several can share that instant; the first '
'of them is it, and the word with which an agent opened the ticket (the first one, within 5 seconds) is none.';
