-- Six agents of two teams over some days: two queues, three hours of the day, tickets, answers, thanks, schedules; always the same.
-- Grain: no row.
with agents as (
    insert into warehouse.agents (agent_id, agent_name) overriding system value
    select
        n as agent_id,
        'Agent ' || n as agent_name
    from generate_series(1, 6) as g (n)
    returning agent_id
),

teams as (
    insert into warehouse.teams (team_id, team_name) overriding system value
    values (1, 'Red'), (2, 'Blue')
    returning team_id
),

members as (
    insert into warehouse.team_members (agent_id, team_id, started_date)
    select
        a.agent_id,
        t.team_id,
        cast('2025-01-01' as date)
    from agents as a
    inner join teams as t on mod(a.agent_id, 2) + 1 = t.team_id
),

seasons as (
    insert into game.seasons (season_name, start_date, end_date, freezes)
    values ('Winter', '2026-01-01', '2026-03-01', 1), ('Spring', '2026-03-01', '2026-06-01', 2)
),

drawn as (
    select
        a.agent_id,
        cast(:last_date as date) - d as day_date,
        k,
        -- a number between 0 and 1 that is always the same
        (hashtextextended(a.agent_id || '/' || d || '/' || k, 8) & 1048575) / 1048576.0 as luck,
        (hashtextextended(k || '|' || d || '|' || a.agent_id, 9) & 1048575) / 1048576.0 as other_luck
    from generate_series(1, 6) as a (agent_id)
    cross join generate_series(0, cast(:days as integer) - 1) as g (d)
    cross join generate_series(0, 6) as h (k)
    where extract(isodow from cast(:last_date as date) - d) < 6 or k = 6
)

insert into game.day_sums (agent_id, effective_date, queue_id, channel_name, direction_name, topic_name, hour_band, sums)
select
    r.agent_id,
    r.day_date,
    case when r.k < 6 then 1 + mod(r.k, 2) end as queue_id,
    case when r.k < 6 then (array['call', 'chat', 'email'])[1 + mod(r.k, 3)] end as channel_name,
    case when r.k < 6 then 'inbound' end as direction_name,
    null as topic_name,
    case when r.k < 6 then (array[7, 3, 4])[1 + r.k / 2] end as hour_band,
    case
        when r.k < 6 then jsonb_build_object(
            'handled_calls', 8,
            'timed_calls', 8,
            'handle_seconds', 8 * (200 + 100 * r.luck),
            'log_handle_sum', 8 * (5.4 + 0.06 * r.agent_id + 0.05 * r.luck),
            'log_handle_square_sum', 8 * ((5.4 + 0.06 * r.agent_id + 0.05 * r.luck) ^ 2 + 0.05),
            'wrap_up_seconds', 8 * (25 + 10 * r.luck),
            'hold_seconds', 8 * (5 + 4 * r.agent_id * r.luck),
            'answered_rings', 8,
            'missed_rings', floor(r.luck + 0.1),
            'flagged_contacts', 8,
            'resolved_first_contacts',
            least(8, floor(5.2 + 3 * r.luck + 0.15 * r.agent_id + case when r.day_date > '2026-02-28' then 0.5 else 0 end)),
            'followed_contacts', 8,
            'not_repeated_contacts', 8 - floor(0.2 * r.agent_id * r.luck + r.other_luck * 0.9),
            'repeated_contacts', floor(0.2 * r.agent_id * r.luck + r.other_luck * 0.9),
            'csat_responses', 2,
            'csat_satisfied_responses', 1 + round(0.5 + 0.45 * r.luck),
            'nps_responses', 1,
            'nps_promoters', round(0.4 + r.luck / 3),
            'nps_detractors', floor(r.other_luck + 0.05)
        )
        else jsonb_build_object(
            'scheduled_seconds', case when extract(isodow from r.day_date) < 6 then 28800 end,
            'leave_seconds', case when r.luck < 0.05 then 28800 end,
            'signed_in_seconds', 28800,
            'solved_tickets', 6 + round(4 * r.luck),
            'reopened_tickets', floor(r.other_luck + 0.2),
            'one_touch_tickets', 3 + round(r.agent_id * r.luck / 2),
            'first_replies', 8,
            'first_replies_in_target', 7 + round(r.luck),
            'ticket_csat_responses', 2,
            'ticket_csat_satisfied_responses', 1 + round(0.5 + 0.45 * r.other_luck),
            'reviews', 1,
            'failed_reviews', 0,
            'review_earned_points', 90 + round(10 * r.luck),
            'review_possible_points', 100,
            'kudos', floor(4 * r.luck * r.other_luck)
        )
    end as sums
from drawn as r
