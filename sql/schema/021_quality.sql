-- What became of each contact in the customer's eyes, and what reviewers, coaches and those who follow up write down.
-- Grain: as each table's comment states.
create index quality_reviews_by_time on warehouse.quality_reviews (reviewed_at);

create type warehouse.contact_outcome as (
    happened_at timestamptz,
    told_at timestamptz,
    local_date date,
    queue_id integer,
    agent_id integer,
    kind_name text,
    source_name text,
    contact_id text,
    channel_name text,
    group_name text,
    topic_name text,
    customer_key text,
    csat_score double precision,
    nps_score double precision,
    is_resolved boolean,
    comment_text text,
    survey_source_name text,
    survey_id text,
    askable_contacts integer,
    survey_count integer,
    unplaced_survey_count integer,
    csat_count integer,
    csat_satisfied_count integer,
    nps_count integer,
    nps_promoter_count integer,
    nps_detractor_count integer,
    flagged_contacts integer,
    resolved_first_contacts integer,
    followed_contacts integer,
    repeated_contacts integer,
    provisional_contacts integer
);
comment on type warehouse.contact_outcome is
'One contact in the customer''s eyes: who met whom, what was answered, and what it adds to each additive column.';

create function warehouse.contact_outcomes(
    window_start timestamptz, window_end timestamptz, as_of timestamptz, repeat_days integer
) returns setof warehouse.contact_outcome
language sql stable as $$
    -- Stays around the window: the legs of a contact lie within days of each other, and so do its answer and its ticket.
    with recursive stays as materialized (
        select
            c.offered_at,
            c.answered_at,
            c.ended_at,
            c.queue_id,
            c.agent_id,
            c.stay_number,
            c.source_name,
            c.call_id,
            c.contact_id,
            c.channel_name,
            c.topic_name,
            c.customer_key,
            c.csat_score,
            c.nps_score,
            c.is_resolved,
            c.direction_name = 'inbound' as is_inbound,
            c.direction_name = 'inbound' and c.answered_at is not null and c.ended_at is not null as is_handled
        from warehouse.calls as c
        where
            c.offered_at >= $1 - interval '7 days' and c.offered_at < $2 + make_interval(days => greatest(7, $4))
            and c.offered_at <= $3
    ),

    -- Of the legs of a contact the last answered one stands for it: that queue and that agent were met last.
    call_contacts as materialized (
        select distinct on (s.source_name, s.contact_id)
            s.*,
            q.group_name,
            coalesce(q.group_name, q.queue_name) as follow_name
        from stays as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
        order by s.source_name, s.contact_id, s.is_handled desc, s.offered_at desc, s.call_id, s.stay_number desc
    ),

    -- A ticket that was written about a call is no contact of its own.
    call_tickets as materialized (
        select distinct on (t.source_name, t.ticket_id)
            t.source_name as ticket_source_name,
            t.ticket_id,
            t.csat_score,
            t.last_resolved_at,
            t.created_at,
            s.source_name,
            s.contact_id
        from stays as s
        inner join warehouse.tickets as t
            on
                s.call_id = t.call_id
                and (
                    s.source_name = t.source_name
                    or not exists (
                        select 1 from warehouse.calls as o
                        where o.source_name = t.source_name and o.call_id = t.call_id
                    )
                )
        where not t.is_deleted
        order by
            t.source_name, t.ticket_id, t.source_name = s.source_name desc,
            abs(extract(epoch from t.created_at - s.offered_at)), s.source_name, s.contact_id
    ),

    ticket_contacts as materialized (
        select
            t.*,
            coalesce(t.last_resolved_at, t.created_at) as happened_at
        from warehouse.tickets as t
        where
            not t.is_deleted
            and (
                (t.last_resolved_at >= $1 and t.last_resolved_at < $2)
                or (t.last_resolved_at is null and t.created_at >= $1 and t.created_at < $2)
            )
            and coalesce(t.last_resolved_at, t.created_at) <= $3
            and not exists (select 1 from warehouse.calls as c where c.call_id = t.call_id)
    ),

    -- Which contact a survey is about: by its call, its contact or its ticket; of namesakes that of its own source, else the nearest.
    -- A namesake elsewhere is left out even where its own one lies outside this window: else a survey would count in two windows.
    survey_links as (
        select distinct on (n.survey_source_name, n.survey_id) n.*
        from (
            select
                v.source_name as survey_source_name,
                v.survey_id,
                'call' as kind_name,
                s.source_name,
                s.contact_id,
                1 as rank_number,
                abs(extract(epoch from v.answered_at - s.offered_at)) as apart_seconds
            from stays as s
            inner join warehouse.surveys as v
                on
                    s.call_id = v.call_id
                    and (
                        s.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.source_name = v.source_name and o.call_id = v.call_id
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'call',
                s.source_name,
                s.contact_id,
                2,
                abs(extract(epoch from v.answered_at - s.offered_at))
            from stays as s
            inner join warehouse.surveys as v
                on
                    s.contact_id = v.contact_id
                    and (
                        s.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.source_name = v.source_name and o.contact_id = v.contact_id
                                and (o.contact_id <> o.call_id or o.call_id = v.contact_id)
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'call',
                t.source_name,
                t.contact_id,
                3,
                abs(extract(epoch from v.answered_at - t.created_at))
            from call_tickets as t
            inner join warehouse.surveys as v
                on
                    t.ticket_id = v.ticket_id
                    and (
                        t.ticket_source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.tickets as o
                            where o.source_name = v.source_name and o.ticket_id = v.ticket_id and not o.is_deleted
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'ticket',
                t.source_name,
                t.ticket_id,
                3,
                abs(extract(epoch from v.answered_at - t.created_at))
            from ticket_contacts as t
            inner join warehouse.surveys as v
                on
                    t.ticket_id = v.ticket_id
                    and (
                        t.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.tickets as o
                            where o.source_name = v.source_name and o.ticket_id = v.ticket_id and not o.is_deleted
                        )
                    )
        ) as n
        order by
            n.survey_source_name, n.survey_id, n.rank_number, n.source_name = n.survey_source_name desc, n.apart_seconds,
            n.source_name, n.contact_id
    ),

    told as (
        select
            l.kind_name,
            l.source_name,
            l.contact_id,
            v.answered_at as told_at,
            v.csat_score,
            v.nps_score,
            v.is_resolved,
            v.comment_text,
            v.source_name as survey_source_name,
            v.survey_id
        from survey_links as l
        inner join warehouse.surveys as v on l.survey_source_name = v.source_name and l.survey_id = v.survey_id
        union all
        select
            'call',
            s.source_name,
            s.contact_id,
            coalesce(s.ended_at, s.offered_at),
            s.csat_score,
            s.nps_score,
            null,
            null,
            null,
            null
        from stays as s
        where s.csat_score is not null or s.nps_score is not null
        union all
        select
            'call',
            t.source_name,
            t.contact_id,
            coalesce(t.last_resolved_at, t.created_at),
            t.csat_score,
            null,
            null,
            null,
            null,
            null
        from call_tickets as t
        where t.csat_score is not null
        union all
        select
            'ticket',
            t.source_name,
            t.ticket_id,
            t.happened_at,
            t.csat_score,
            null,
            null,
            null,
            null,
            null
        from ticket_contacts as t
        where t.csat_score is not null
        union all
        -- What names no contact that we know stands for itself.
        select
            'survey',
            v.source_name,
            v.survey_id,
            v.answered_at,
            v.csat_score,
            v.nps_score,
            v.is_resolved,
            v.comment_text,
            v.source_name,
            v.survey_id
        from warehouse.surveys as v
        where
            v.answered_at >= $1 and v.answered_at < $2
            and not exists (select 1 from warehouse.calls as c where c.call_id = v.call_id)
            and not exists (
                select 1 from warehouse.calls as c
                where c.contact_id = v.contact_id and (c.contact_id <> c.call_id or c.call_id = v.contact_id)
            )
            and not exists (select 1 from warehouse.tickets as t where t.ticket_id = v.ticket_id and not t.is_deleted)
    ),

    -- A leg that a transfer or a kept callback made is no further contact of the customer; it stands for the one before.
    legs as materialized (
        select
            l.source_name,
            l.contact_id,
            l.linked_source_name,
            l.linked_contact_id
        from warehouse.contact_links as l
        where l.link_name in ('transfer', 'callback') and l.linked_at >= $1 - interval '7 days'
    ),

    later_legs as (
        select
            l.linked_source_name,
            l.linked_contact_id,
            l.source_name,
            l.contact_id
        from legs as l
        union
        select
            e.linked_source_name,
            e.linked_contact_id,
            l.source_name,
            l.contact_id
        from later_legs as e
        inner join legs as l on e.source_name = l.linked_source_name and e.contact_id = l.linked_contact_id
    ),

    -- The last handled leg stands for every contact before it; one whose further legs nobody answered stands for itself.
    passed_on as materialized (
        select distinct on (e.linked_source_name, e.linked_contact_id)
            'call' as kind_name,
            e.linked_source_name,
            e.linked_contact_id,
            n.source_name,
            n.contact_id
        from later_legs as e
        inner join call_contacts as n on e.source_name = n.source_name and e.contact_id = n.contact_id
        where n.is_handled
        order by e.linked_source_name, e.linked_contact_id, n.offered_at desc, n.source_name, n.contact_id
    ),

    -- One answer per contact, of all its legs together: of several the last score of each kind stands.
    answers as (
        select
            t.kind_name,
            coalesce(p.source_name, t.source_name) as source_name,
            coalesce(p.contact_id, t.contact_id) as contact_id,
            max(t.told_at) as told_at,
            (array_agg(t.csat_score order by t.told_at desc, t.survey_id) filter (where t.csat_score is not null))[1] as csat_score,
            (array_agg(t.nps_score order by t.told_at desc, t.survey_id) filter (where t.nps_score is not null))[1] as nps_score,
            (array_agg(t.is_resolved order by t.told_at desc, t.survey_id) filter (where t.is_resolved is not null))[1] as is_resolved,
            (array_agg(t.comment_text order by t.told_at desc, t.survey_id) filter (where t.comment_text <> ''))[1] as comment_text,
            (array_agg(t.survey_source_name order by t.told_at desc, t.survey_id) filter (where t.survey_id is not null))[1]
                as survey_source_name,
            (array_agg(t.survey_id order by t.told_at desc, t.survey_id) filter (where t.survey_id is not null))[1] as survey_id
        from told as t
        full join passed_on as p
            on t.kind_name = p.kind_name and t.source_name = p.linked_source_name and t.contact_id = p.linked_contact_id
        where coalesce(t.told_at, 'infinity') <= $3
        group by t.kind_name, coalesce(p.source_name, t.source_name), coalesce(p.contact_id, t.contact_id)
    ),

    -- Who may come again, and every coming of a customer, in one line of time: what follows a contact is seen without a join.
    comings as (
        select
            c.customer_key,
            c.follow_name,
            c.offered_at as happened_at,
            null::timestamptz as came_at,
            c.source_name,
            c.contact_id
        from call_contacts as c
        where
            c.offered_at >= $1 and c.offered_at < $2 and c.is_handled and c.customer_key is not null
            and (c.source_name, c.contact_id) not in (select p.linked_source_name, p.linked_contact_id from passed_on as p)
        union all
        select
            s.customer_key,
            coalesce(q.group_name, q.queue_name),
            min(s.offered_at),
            min(s.offered_at),
            null,
            null
        from stays as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
        where
            s.customer_key is not null and s.is_inbound
            and (s.source_name, s.contact_id) not in (select l.source_name, l.contact_id from legs as l)
        group by s.customer_key, coalesce(q.group_name, q.queue_name), s.source_name, s.contact_id
        union all
        select
            t.customer_key,
            t.group_name,
            t.created_at,
            t.created_at,
            null,
            null
        from warehouse.tickets as t
        where
            t.customer_key is not null and not t.is_deleted and t.call_id is null
            and t.created_at >= $1 and t.created_at < $2 + make_interval(days => $4) and t.created_at <= $3
    ),

    follow as (
        select
            n.source_name,
            n.contact_id,
            coalesce(n.next_at <= n.happened_at + make_interval(days => $4), false) as is_repeated
        from (
            select
                c.source_name,
                c.contact_id,
                c.happened_at,
                min(c.came_at) over (
                    partition by c.customer_key, c.follow_name order by c.happened_at
                    groups between 1 following and unbounded following
                ) as next_at
            from comings as c
        ) as n
        where n.contact_id is not null
    ),

    zone as (
        select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name
        from warehouse.sites as s
    ),

    contacts as (
        select
            c.offered_at as happened_at,
            cast(coalesce(c.answered_at, c.offered_at) at time zone z.time_zone_name as date) as local_date,
            c.queue_id,
            c.agent_id,
            'call' as kind_name,
            c.source_name,
            c.contact_id,
            c.channel_name,
            c.group_name,
            c.topic_name,
            c.customer_key,
            c.is_resolved,
            c.is_handled
            and (c.source_name, c.contact_id) not in (select p.linked_source_name, p.linked_contact_id from passed_on as p)
                as is_askable,
            f.is_repeated,
            c.offered_at + make_interval(days => $4) > $3 as is_provisional
        from call_contacts as c
        cross join zone as z
        -- A full join, of which one side is then left out, is never made by asking for each row anew.
        full join follow as f on c.source_name = f.source_name and c.contact_id = f.contact_id
        where coalesce(c.offered_at, '-infinity') >= $1 and coalesce(c.offered_at, 'infinity') < $2
        union all
        select
            t.happened_at,
            cast(t.happened_at at time zone z.time_zone_name as date),
            null,
            t.agent_id,
            'ticket',
            t.source_name,
            t.ticket_id,
            t.channel_name,
            t.group_name,
            t.topic_name,
            t.customer_key,
            null,
            t.resolved_at is not null,
            null,
            false
        from ticket_contacts as t
        cross join zone as z
        union all
        select
            v.answered_at,
            cast(v.answered_at at time zone z.time_zone_name as date),
            v.queue_id,
            v.agent_id,
            'survey',
            v.source_name,
            v.survey_id,
            q.channel_name,
            q.group_name,
            null,
            v.customer_key,
            null,
            false,
            null,
            false
        from told as u
        inner join warehouse.surveys as v on u.survey_source_name = v.source_name and u.survey_id = v.survey_id
        cross join zone as z
        left join warehouse.queues as q on v.queue_id = q.queue_id
        where u.kind_name = 'survey'
    )

    select
        c.happened_at,
        a.told_at,
        c.local_date,
        c.queue_id,
        c.agent_id,
        c.kind_name,
        c.source_name,
        c.contact_id,
        c.channel_name,
        c.group_name,
        c.topic_name,
        c.customer_key,
        a.csat_score,
        a.nps_score,
        coalesce(a.is_resolved, c.is_resolved),
        a.comment_text,
        a.survey_source_name,
        a.survey_id,
        c.is_askable::integer,
        (a.told_at is not null and c.is_askable)::integer,
        (a.told_at is not null and not c.is_askable)::integer,
        (a.csat_score is not null)::integer,
        coalesce(a.csat_score >= 4, false)::integer,
        (a.nps_score is not null)::integer,
        coalesce(a.nps_score >= 9, false)::integer,
        coalesce(a.nps_score < 7, false)::integer,
        (c.is_askable and coalesce(a.is_resolved, c.is_resolved) is not null)::integer,
        coalesce(c.is_askable and coalesce(a.is_resolved, c.is_resolved), false)::integer,
        (c.is_repeated is not null)::integer,
        coalesce(c.is_repeated, false)::integer,
        (c.is_repeated is not null and not c.is_repeated and c.is_provisional)::integer
    from contacts as c
    full join answers as a on c.kind_name = a.kind_name and c.source_name = a.source_name and c.contact_id = a.contact_id
    where coalesce(c.kind_name, '') <> '' and (c.is_askable or a.told_at is not null)
$$;
comment on function warehouse.contact_outcomes is
'Grain: one row per contact that could be asked (answered inbound call, solved ticket) or that answered a survey, in '
'[window_start, window_end), as known at as_of. A contact belongs to the offer of its last answered leg, a ticket to its last '
'solving, an answer that names no known contact to its own instant. Followed: the customer is known; repeated: another contact '
'of the customer in the same group within repeat_days; provisional: not repeated, and the days have not passed.';

create function warehouse.chosen_outcomes(
    window_start timestamptz,
    window_end timestamptz,
    as_of timestamptz,
    repeat_days integer,
    queue_id integer,
    group_name text,
    channel_name text,
    topic_name text,
    team_id integer,
    site_name text,
    agent_id integer,
    is_business_hours boolean
) returns setof warehouse.contact_outcome
language sql stable as $$
    with stretches as materialized (
        select
            s.queue_id,
            s.starts_at,
            s.ends_at
        from warehouse.chosen_stretches($1, $2, null, null, true) as s
        where $12
        union all
        select
            null,
            o.opens_at,
            o.closes_at
        from warehouse.open_stretches(null, $1, $2) as o
        where $12
    ),

    teams as materialized (
        select
            t.agent_id,
            t.started_date,
            t.ended_date
        from warehouse.team_spans as t
        where t.team_id = $9
    )

    select o.*
    -- offset 0: what is chosen is asked after the contacts were put together, whose joins would else be made row by row.
    from (select c.* from warehouse.contact_outcomes($1, $2, $3, $4) as c offset 0) as o
    where
        ($5 is null or o.queue_id = $5)
        and ($6 is null or coalesce(o.group_name, '') = $6)
        and ($7 is null or coalesce(o.channel_name, '') = $7)
        and ($8 is null or coalesce(o.topic_name, '') = $8)
        and (
            $9 is null
            or exists (
                select 1 from teams as t
                where
                    t.agent_id = o.agent_id and t.started_date <= o.local_date
                    and (t.ended_date is null or t.ended_date > o.local_date)
            )
        )
        and (
            $10 is null
            or exists (
                select 1 from warehouse.agents as a
                where a.agent_id = o.agent_id and coalesce(a.site_name, '') = $10
            )
        )
        and ($11 is null or o.agent_id = $11)
        and (
            not coalesce($12, false)
            or exists (
                select 1 from stretches as s
                where
                    s.queue_id is not distinct from o.queue_id and o.happened_at >= s.starts_at
                    and o.happened_at < s.ends_at
            )
        )
$$;
comment on function warehouse.chosen_outcomes is
'Grain: one row per contact of warehouse.contact_outcomes that a reader has chosen; null narrows nothing, an empty text means '
'those without one. The team is that of the agent on the local day; a contact without a queue keeps the default timetable.';

create table warehouse.follow_ups (
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    save_number integer not null check (save_number >= 1),
    is_done boolean not null,
    kind_name text not null check (kind_name in ('call', 'ticket', 'survey')),
    source_name text not null,
    contact_id text not null,
    viewer_name text not null,
    comment_text text,
    primary key (kind_name, source_name, contact_id, save_number)
);
comment on table warehouse.follow_ups is
'Grain: one row per time that somebody marked a low score as followed up, or took that back; the last one stands.';

create table warehouse.review_forms (
    form_id integer generated by default as identity primary key,
    is_active boolean not null default true,
    form_name text not null unique
);
comment on table warehouse.review_forms is 'Grain: one row per form by which reviewers listen.';

create table warehouse.review_questions (
    form_id integer not null references warehouse.review_forms (form_id),
    version_number integer not null check (version_number >= 1),
    question_number integer not null check (question_number >= 1),
    weight_number integer not null check (weight_number between 0 and 100),
    is_critical boolean not null default false,
    is_skippable boolean not null default true,
    answer_kind_name text not null check (answer_kind_name in ('yes_no', 'scale_5')),
    section_name text not null,
    question_text text not null,
    primary key (form_id, version_number, question_number)
);
comment on table warehouse.review_questions is
'Grain: one row per question of a version of a form. A version is never changed: a changed form is a new version. weight_number '
'is its share of the score; a critical question that is failed (no, or 0) fails the whole review.';

create table warehouse.review_form_versions (
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    form_id integer not null references warehouse.review_forms (form_id),
    version_number integer not null check (version_number >= 1),
    viewer_name text not null,
    primary key (form_id, version_number)
);
comment on table warehouse.review_form_versions is 'Grain: one row per version of a form; the highest is used for new reviews.';

create table warehouse.review_samples (
    week_date date not null check (week_date between '1990-01-01' and '2099-12-31'),
    drawn_at timestamptz not null check (drawn_at >= '1990-01-01' and drawn_at < '2100-01-01'),
    contacts_per_agent_number integer not null check (contacts_per_agent_number between 1 and 50),
    seed_name text not null,
    viewer_name text not null,
    primary key (week_date)
);
comment on table warehouse.review_samples is
'Grain: one row per week (its Monday, local days of the site) for which a sample was drawn, with the seed that draws it again.';

create table warehouse.review_sample_contacts (
    week_date date not null references warehouse.review_samples (week_date) on delete cascade
    check (week_date between '1990-01-01' and '2099-12-31'),
    offered_at timestamptz not null check (offered_at >= '1990-01-01' and offered_at < '2100-01-01'),
    place_number integer not null check (place_number >= 1),
    candidate_count integer not null check (candidate_count >= 1),
    agent_id integer not null,
    queue_id integer not null,
    source_name text not null,
    contact_id text not null,
    primary key (source_name, contact_id)
);
comment on table warehouse.review_sample_contacts is
'Grain: one row per contact that was drawn for review, never twice; candidate_count is how many of the agent''s contacts of the '
'week it was drawn from.';
create index review_sample_contacts_by_week on warehouse.review_sample_contacts (week_date);

create table warehouse.reviews (
    review_id bigint not null,
    save_number integer not null check (save_number >= 1),
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    reviewed_at timestamptz not null check (reviewed_at >= '1990-01-01' and reviewed_at < '2100-01-01'),
    form_id integer not null references warehouse.review_forms (form_id),
    version_number integer not null,
    agent_id integer not null,
    queue_id integer,
    earned_points integer not null check (earned_points >= 0),
    possible_points integer not null check (possible_points >= earned_points),
    is_failed boolean not null,
    is_calibration boolean not null default false,
    is_removed boolean not null default false,
    source_name text not null,
    contact_id text not null,
    reviewer_name text not null,
    viewer_name text not null,
    comment_text text,
    recording_url_text text,
    primary key (review_id, save_number),
    foreign key (form_id, version_number) references warehouse.review_form_versions (form_id, version_number)
);
comment on table warehouse.reviews is
'Grain: one row per saved state of a review that was written here; the last one stands. Points are weights times answers; '
'possible_points leaves out what was not applicable. A review for calibration compares reviewers and counts for no agent.';
create index reviews_by_contact on warehouse.reviews (source_name, contact_id);
create sequence warehouse.review_numbers;

create table warehouse.review_answers (
    review_id bigint not null,
    save_number integer not null,
    question_number integer not null,
    answer_score double precision check (answer_score between 0 and 5),
    comment_text text,
    primary key (review_id, save_number, question_number),
    foreign key (review_id, save_number) references warehouse.reviews (review_id, save_number) on delete cascade
);
comment on table warehouse.review_answers is
'Grain: one row per question of a saved state of a review; answer_score is 0 to 5, of yes and no 5 and 0, null where not applicable.';

create table warehouse.coaching_notes (
    note_id bigint not null,
    save_number integer not null check (save_number >= 1),
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    due_date date check (due_date between '1990-01-01' and '2099-12-31'),
    done_date date check (done_date between '1990-01-01' and '2099-12-31'),
    agent_id integer not null,
    is_removed boolean not null default false,
    source_name text,
    contact_id text,
    viewer_name text not null,
    comment_text text,
    action_text text,
    primary key (note_id, save_number)
);
comment on table warehouse.coaching_notes is
'Grain: one row per saved state of a coaching note: for whom, about which contact, what was agreed; the last one stands.';
create index coaching_notes_by_agent on warehouse.coaching_notes (agent_id);
create sequence warehouse.coaching_numbers;

create view warehouse.standing_own_reviews with (security_invoker = true) as
select
    r.review_id,
    r.save_number,
    r.saved_at,
    r.reviewed_at,
    r.form_id,
    r.version_number,
    r.agent_id,
    r.queue_id,
    r.earned_points,
    r.possible_points,
    r.is_failed,
    r.is_calibration,
    r.source_name,
    r.contact_id,
    r.reviewer_name,
    r.viewer_name,
    r.comment_text,
    r.recording_url_text
from warehouse.reviews as r
where
    not r.is_removed
    and not exists (select 1 from warehouse.reviews as n where n.review_id = r.review_id and n.save_number > r.save_number);
comment on view warehouse.standing_own_reviews is 'Grain: one row per review that was written here and stands, as it was saved last.';

create view warehouse.standing_reviews with (security_invoker = true) as
select
    r.reviewed_at,
    r.agent_id,
    r.queue_id,
    'floorboard' as source_name,
    cast(r.review_id as text) as review_id,
    f.form_name,
    r.version_number,
    r.reviewer_name,
    r.source_name as contact_source_name,
    r.contact_id,
    -- 100 times the earned of the possible points; a failed critical question fails the whole.
    case
        when r.is_failed then 0
        when r.possible_points > 0 then 100.0 * r.earned_points / r.possible_points
    end::double precision as total_score,
    r.is_failed,
    r.is_calibration,
    r.comment_text
from warehouse.standing_own_reviews as r
inner join warehouse.review_forms as f on r.form_id = f.form_id
union all
select
    v.reviewed_at,
    v.agent_id,
    c.queue_id,
    v.source_name,
    v.review_id,
    v.form_name,
    null,
    v.reviewer_name,
    coalesce(c.source_name, t.source_name),
    coalesce(c.contact_id, t.ticket_id),
    v.total_score,
    coalesce(v.is_failed, false),
    false,
    v.comment_text
from warehouse.quality_reviews as v
left join lateral (
    select
        s.source_name,
        s.contact_id,
        s.queue_id
    from warehouse.calls as s
    where s.call_id = v.call_id
    order by s.agent_id = v.agent_id desc nulls last, s.source_name = v.source_name desc, s.offered_at desc, s.source_name
    limit 1
) as c on true
left join lateral (
    select
        s.source_name,
        s.ticket_id
    from warehouse.tickets as s
    where s.ticket_id = v.ticket_id
    order by s.source_name = v.source_name desc, s.source_name
    limit 1
) as t on c.contact_id is null;
comment on view warehouse.standing_reviews is
'Grain: one row per review that stands, written here (source_name floorboard) or told by a source, with the contact that it is '
'about; total_score is 0 to 100, null where every question was not applicable.';
