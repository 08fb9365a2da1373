-- Takes away what customers wrote, what was written about their contacts, and the ways back to them in other systems.
-- Grain: one row: how many calls and tickets were theirs, and which surveys, reviews and recordings lost their words, or went,
-- without naming them.
-- Their keys, one in each time of a key of its own, go afterwards, with ops.erase_texts.
with their_calls as materialized (
    select
        c.source_name,
        c.call_id,
        c.contact_id
    from warehouse.calls as c
    where c.customer_key = any(cast(:customer_keys as text []))
),

their_tickets as materialized (
    select
        t.source_name,
        t.ticket_id
    from warehouse.tickets as t
    where t.customer_key = any(cast(:customer_keys as text []))
),

links as (
    delete from warehouse.kept_callbacks as k where k.customer_key = any(cast(:customer_keys as text []))
),

addresses as (
    update warehouse.tickets as t set url_text = null
    where t.customer_key = any(cast(:customer_keys as text [])) and t.url_text is not null
),

surveys as (
    update warehouse.surveys as s set comment_text = null
    where
        s.comment_text is not null
        and (
            s.customer_key = any(cast(:customer_keys as text []))
            or exists (select 1 from their_calls as c where c.call_id = s.call_id or c.contact_id = s.contact_id)
            or exists (select 1 from their_tickets as t where t.ticket_id = s.ticket_id)
        )
    returning s.source_name, s.survey_id, s.customer_key
),

reviews as (
    update warehouse.quality_reviews as r set comment_text = null
    where
        r.comment_text is not null
        and (
            exists (select 1 from their_calls as c where c.call_id = r.call_id)
            or exists (select 1 from their_tickets as t where t.ticket_id = r.ticket_id)
        )
    returning r.source_name, r.review_id
),

recordings as (
    delete from warehouse.recordings as r
    where
        r.customer_key = any(cast(:customer_keys as text []))
        or exists (select 1 from their_calls as c where c.call_id = r.call_id or c.contact_id = r.contact_id)
    returning r.source_name, r.recording_id, r.customer_key, r.started_at, r.call_id, r.contact_id, r.media_name
),

-- That a call was recorded once is no word about anybody: its page then says when the recording was erased.
erased_recordings as (
    insert into warehouse.erased_recordings (erased_at, started_at, source_name, call_id, contact_id, media_name)
    select
        :erased_at,
        g.started_at,
        g.source_name,
        g.call_id,
        g.contact_id,
        g.media_name
    from recordings as g
),

choices as (
    update warehouse.self_services as v set choices_text = null
    where
        v.choices_text is not null
        and (
            v.customer_key = any(cast(:customer_keys as text []))
            or exists (select 1 from their_calls as c where c.contact_id = v.contact_id)
        )
),

-- What people here wrote about them: marks of follow-ups, reviews, coaching notes, in every state that is kept.
their_contacts as materialized (
    select
        'call' as kind_name,
        c.source_name,
        c.contact_id
    from their_calls as c
    union
    select
        'ticket',
        t.source_name,
        t.ticket_id
    from their_tickets as t
    union
    select
        'survey',
        s.source_name,
        s.survey_id
    from warehouse.surveys as s
    where s.customer_key = any(cast(:customer_keys as text []))
),

follow_ups as (
    update warehouse.follow_ups as f set comment_text = null
    from their_contacts as c
    where
        f.comment_text is not null and f.kind_name = c.kind_name and f.source_name = c.source_name
        and f.contact_id = c.contact_id
),

own_reviews as materialized (
    select distinct
        r.review_id,
        r.save_number
    from warehouse.reviews as r
    inner join their_contacts as c on r.source_name = c.source_name and r.contact_id = c.contact_id
),

own_words as (
    update warehouse.reviews as r set comment_text = null, recording_url_text = null
    from own_reviews as o
    where r.review_id = o.review_id and r.save_number = o.save_number
),

own_answers as (
    update warehouse.review_answers as a set comment_text = null
    from own_reviews as o
    where a.comment_text is not null and a.review_id = o.review_id and a.save_number = o.save_number
),

notes as (
    update warehouse.coaching_notes as n set comment_text = null, action_text = null
    from their_contacts as c
    where n.source_name = c.source_name and n.contact_id = c.contact_id
),

remarks as (
    select
        s.source_name,
        s.survey_id as of_id
    from surveys as s
    where (s.customer_key = any(cast(:customer_keys as text []))) is not true
    union all
    select
        r.source_name,
        r.review_id
    from reviews as r
    union all
    select
        g.source_name,
        g.recording_id
    from recordings as g
    where (g.customer_key = any(cast(:customer_keys as text []))) is not true
)

select
    (select count(*) from their_calls) as calls,
    (select count(*) from their_tickets) as tickets,
    (select coalesce(array_agg(m.source_name order by m.source_name, m.of_id), '{}') from remarks as m) as source_names,
    (select coalesce(array_agg(m.of_id order by m.source_name, m.of_id), '{}') from remarks as m) as of_ids
