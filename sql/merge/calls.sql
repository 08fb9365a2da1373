-- Merges the staged stays into the facts: newer versions win, what changes nothing is left alone.
-- Grain: one row: how many source rows changed something, and which. Whoever stages rows notes their intervals as dirty; a source
-- that may change who answered, or when, must note the old interval of the agent too.
with merged as (
    insert into warehouse.calls as c (
        offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, stay_number, wait_seconds,
        ring_seconds, talk_seconds, hold_seconds, wrap_up_seconds, entry_position, source_name, call_id, contact_id,
        channel_name, direction_name, outcome_name, ended_by_name, transfer_kind_name, transferred_to_name, customer_key,
        csat_score, nps_score, is_resolved, topic_name, revenue_amount, place_text
    )
    select
        s.offered_at,
        s.answered_at,
        s.ended_at,
        s.version_number,
        :run_id,
        s.queue_id,
        s.agent_id,
        s.stay_number,
        s.wait_seconds,
        s.ring_seconds,
        s.talk_seconds,
        s.hold_seconds,
        s.wrap_up_seconds,
        s.entry_position,
        :source_name,
        s.call_id,
        s.contact_id,
        s.channel_name,
        s.direction_name,
        s.outcome_name,
        s.ended_by_name,
        s.transfer_kind_name,
        s.transferred_to_name,
        s.customer_key,
        s.csat_score,
        s.nps_score,
        s.is_resolved,
        s.topic_name,
        round(cast(s.revenue_amount as numeric), 2),
        s.place_text
    from stage_calls as s
    order by s.queue_id, s.offered_at, s.call_id, s.stay_number
    on conflict (queue_id, offered_at, source_name, call_id, stay_number) do update set
        answered_at = excluded.answered_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        run_id = excluded.run_id,
        agent_id = excluded.agent_id,
        wait_seconds = excluded.wait_seconds,
        ring_seconds = excluded.ring_seconds,
        talk_seconds = excluded.talk_seconds,
        hold_seconds = excluded.hold_seconds,
        wrap_up_seconds = excluded.wrap_up_seconds,
        entry_position = excluded.entry_position,
        contact_id = excluded.contact_id,
        channel_name = excluded.channel_name,
        direction_name = excluded.direction_name,
        outcome_name = excluded.outcome_name,
        ended_by_name = excluded.ended_by_name,
        transfer_kind_name = excluded.transfer_kind_name,
        transferred_to_name = excluded.transferred_to_name,
        customer_key = excluded.customer_key,
        csat_score = excluded.csat_score,
        nps_score = excluded.nps_score,
        is_resolved = excluded.is_resolved,
        topic_name = excluded.topic_name,
        revenue_amount = excluded.revenue_amount,
        place_text = coalesce(excluded.place_text, c.place_text)
    where
        c.version_number <= excluded.version_number
        -- Told once more as it was, a stay does not open again whose lost end was closed.
        and (c.version_number < excluded.version_number or c.ended_at is null or excluded.ended_at is not null)
        and (
            c.version_number, c.answered_at, c.ended_at, c.agent_id, c.wait_seconds, c.ring_seconds, c.talk_seconds,
            c.hold_seconds, c.wrap_up_seconds, c.entry_position, c.contact_id, c.channel_name, c.direction_name,
            c.outcome_name, c.ended_by_name, c.transfer_kind_name, c.transferred_to_name, c.customer_key,
            c.csat_score, c.nps_score, c.is_resolved, c.topic_name, c.revenue_amount
        ) is distinct from (
            excluded.version_number, excluded.answered_at, excluded.ended_at, excluded.agent_id, excluded.wait_seconds,
            excluded.ring_seconds, excluded.talk_seconds, excluded.hold_seconds, excluded.wrap_up_seconds,
            excluded.entry_position, excluded.contact_id, excluded.channel_name, excluded.direction_name,
            excluded.outcome_name, excluded.ended_by_name, excluded.transfer_kind_name, excluded.transferred_to_name,
            excluded.customer_key, excluded.csat_score, excluded.nps_score, excluded.is_resolved, excluded.topic_name,
            excluded.revenue_amount
        )
    returning c.queue_id, c.offered_at, c.call_id, c.stay_number
)

select
    case
        when (select count(*) from merged) = (select count(*) from stage_calls)
            then (select coalesce(sum(s.new_rows), 0) from stage_calls as s)
        else (
            select coalesce(sum(s.new_rows), 0)
            from merged as m
            inner join stage_calls as s
                on
                    m.queue_id = s.queue_id and m.offered_at = s.offered_at and m.call_id = s.call_id
                    and m.stay_number = s.stay_number
        )
    end::bigint as changed_rows,
    (
        select coalesce(array_agg(distinct s.seq), '{}')
        from merged as m
        inner join stage_calls as s
            on
                m.queue_id = s.queue_id and m.offered_at = s.offered_at and m.call_id = s.call_id
                and m.stay_number = s.stay_number
        where :is_record
    ) as changed_seqs
