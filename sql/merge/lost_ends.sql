-- Closes the telephone calls of a source that have been open for longer than a call lasts: their end was lost on the way.
-- Grain: one row: how many; notes their intervals to roll up again. What is not known (how long they waited or were talked)
-- stays null, and the version stays as it is: an end that comes after all replaces this.
with closed as (
    update warehouse.calls as c set
        ended_at = coalesce(c.answered_at, c.offered_at),
        outcome_name = 'interrupted',
        run_id = :run_id
    where
        c.source_name = :source_name and c.channel_name = 'call' and c.ended_at is null
        and c.offered_at < :open_since_before
    returning c.queue_id, c.agent_id, c.offered_at, c.answered_at
),

noted_queues as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select distinct
        c.queue_id,
        date_bin('15 minutes', c.offered_at, '2000-01-01 00:00+00')
    from closed as c
),

noted_agents as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select distinct
        c.agent_id,
        date_bin('15 minutes', c.answered_at, '2000-01-01 00:00+00')
    from closed as c
    where c.agent_id is not null and c.answered_at is not null
)

select count(*) as closed_calls from closed
