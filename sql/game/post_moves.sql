-- What must be written so that the ledger says what the rules say: reversals and awards of open days, adjustments of closed ones.
-- Grain: one row per entry. A held award is not posted; one that was posted before somebody looked stays until it is refused. What
-- differs by less than least_change points is left until the day is closed. A badge or level of a closed day is never taken back.
insert into game_moves (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, version_number, tier_name, effective_date,
    period_text, reverses_entry_id, corrects_entry_id, is_quiet, reason_text, workings
)
with closed as (
    select coalesce(max(c.day_date), '-infinity') as until_date
    from game.day_closes as c
),

due as (
    select
        d.*,
        coalesce(h.is_refused, false) as is_refused,
        coalesce(h.is_held, false) as is_held
    from game_desired as d
    left join (
        select
            o.entry_key,
            bool_or(o.state_name = 'refused') as is_refused,
            bool_or(o.state_name = 'held') as is_held
        from game.holds as o
        group by o.entry_key
    ) as h on d.entry_key = h.entry_key
    where d.effective_date between cast(:first_date as date) and cast(:last_date as date)
),

keys as (
    select d.entry_key from due as d
    union distinct
    select l.entry_key
    from game.ledger as l
    inner join game_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
    where
        l.kind_name = 'award'
        and l.effective_date between cast(:first_date as date) and cast(:last_date as date)
    union distinct
    select l.entry_key
    from game.ledger as l
    inner join game_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
    where
        l.kind_name = 'adjust'
        and cast(l.workings ->> 'for_date' as date) between cast(:first_date as date) and cast(:last_date as date)
),

held as (
    select
        k.entry_key,
        coalesce(sum(l.entry_points), 0) as held_points,
        coalesce(max(l.sequence_number), 0) as last_number,
        max(l.entry_id) filter (
            where
            l.kind_name = 'award'
            and not exists (select 1 from game.ledger as r where r.reverses_entry_id = l.entry_id)
        ) as live_id,
        max(l.entry_id) as newest_id
    from keys as k
    left join game.ledger as l on k.entry_key = l.entry_key and l.kind_name in ('award', 'reversal', 'adjust')
    group by k.entry_key
),

-- What an agent disagrees with stays as it is until somebody has answered.
disputed as (
    select distinct l.entry_key
    from game.disputes as o
    inner join game.ledger as l on o.entry_id = l.entry_id
    where o.state_name = 'open'
),

sides as (
    select
        h.entry_key,
        h.held_points,
        h.last_number,
        h.newest_id,
        a.entry_id as live_id,
        a.effective_date as live_date,
        coalesce(a.agent_id, n.agent_id) as live_agent_id,
        coalesce(a.account_name, n.account_name) as live_account_name,
        a.entry_points as live_points,
        a.tier_name as live_tier_name,
        a.period_text as live_period_text,
        coalesce(cast(n.workings ->> 'for_date' as date), n.effective_date) as for_date,
        n.tier_name as newest_tier_name,
        n.period_text as newest_period_text,
        d.agent_id,
        d.account_name,
        d.entry_points,
        d.tier_name,
        d.effective_date,
        d.period_text,
        d.workings,
        v.rule_name,
        v.version_number,
        v.kind_name as rule_kind_name,
        v.revoke_name,
        v.published_date,
        c.until_date,
        (coalesce(d.is_held, false) and a.entry_id is not null) or f.entry_key is not null as is_looked_at,
        d.entry_key is not null and not d.is_refused and (not d.is_held or a.entry_id is not null) as is_due,
        coalesce(d.is_refused, false) as is_refused
    from held as h
    cross join closed as c
    inner join game_versions as v
        on
            split_part(h.entry_key, '|', 1) = v.rule_name
            and cast(split_part(h.entry_key, '|', 2) as integer) = v.version_number
    left join game.ledger as a on h.live_id = a.entry_id
    left join game.ledger as n on h.newest_id = n.entry_id
    left join due as d on h.entry_key = d.entry_key
    left join disputed as f on h.entry_key = f.entry_key
),

judged as (
    select
        s.*,
        -- Closed for this entry: its day is, be it that of what was posted or of what is due now.
        coalesce(s.live_date, s.for_date, s.effective_date) <= s.until_date
        or (s.is_due and s.effective_date <= s.until_date) as is_closed,
        -- Posted for an open day, and earned on a closed one, as late facts show: it moves there, or the next count of the open days
        -- alone would find nothing that gives it.
        s.is_due and s.live_date > s.until_date and s.effective_date <= s.until_date as is_moved,
        (
            s.live_id is not null and s.is_due and abs(s.entry_points - s.held_points) < cast(:least_change as integer)
            and (s.live_agent_id, s.live_account_name, s.live_date, coalesce(s.live_tier_name, ''), s.live_period_text)
            = (s.agent_id, s.account_name, s.effective_date, coalesce(s.tier_name, ''), s.period_text)
        ) as is_same
    from sides as s
    where not s.is_looked_at
),

reversed as (
    select
        j.entry_key,
        j.last_number + 1 as sequence_number,
        j.live_agent_id as agent_id,
        j.live_account_name as account_name,
        -j.live_points as entry_points,
        'reversal' as kind_name,
        j.rule_name,
        j.version_number,
        j.live_tier_name as tier_name,
        j.live_date as effective_date,
        j.live_period_text as period_text,
        j.live_id as reverses_entry_id,
        cast(null as bigint) as corrects_entry_id,
        true as is_quiet,
        case
            when j.is_refused then 'Refused after a second look'
            when j.is_due then 'Counted anew: the facts changed'
            else 'Taken back: the facts no longer give it'
        end as reason_text,
        cast('{}' as jsonb) as workings
    from judged as j
    where
        j.live_id is not null and (not j.is_closed or j.is_moved) and not j.is_same
        and (j.is_due or j.is_refused or j.revoke_name <> 'never')
        and not (j.is_due and not j.is_moved and j.revoke_name = 'never' and j.entry_points <= j.held_points)
),

awarded as (
    select
        j.entry_key,
        j.last_number + 1 + (r.entry_key is not null)::integer as sequence_number,
        j.agent_id,
        j.account_name,
        j.entry_points,
        'award' as kind_name,
        j.rule_name,
        j.version_number,
        j.tier_name,
        j.effective_date,
        j.period_text,
        cast(null as bigint) as reverses_entry_id,
        cast(null as bigint) as corrects_entry_id,
        j.effective_date < j.published_date - 1 or j.last_number > 0 as is_quiet,
        case when j.last_number > 0 then 'Counted anew: the facts changed' else 'Earned' end as reason_text,
        j.workings
    from judged as j
    left join reversed as r on j.entry_key = r.entry_key
    where j.is_due and not j.is_closed and (j.live_id is null or r.entry_key is not null)
),

adjusted as (
    select
        j.entry_key,
        j.last_number + 1 + j.is_reversed::integer as sequence_number,
        coalesce(j.agent_id, j.live_agent_id) as agent_id,
        coalesce(j.account_name, j.live_account_name) as account_name,
        case when j.is_due then j.entry_points else 0 end - j.left_points as entry_points,
        'adjust' as kind_name,
        j.rule_name,
        j.version_number,
        coalesce(j.tier_name, j.live_tier_name, j.newest_tier_name) as tier_name,
        greatest(cast(:last_date as date), j.until_date + 1) as effective_date,
        coalesce(j.period_text, j.live_period_text, j.newest_period_text) as period_text,
        cast(null as bigint) as reverses_entry_id,
        coalesce(j.live_id, j.newest_id) as corrects_entry_id,
        j.live_id is not null as is_quiet,
        'The day was closed already: the difference of ' || to_char(j.closed_date, 'YYYY-MM-DD') as reason_text,
        coalesce(j.workings, '{}') || jsonb_build_object('for_date', j.closed_date) as workings
    from (
        select
            k.*,
            r.entry_key is not null as is_reversed,
            k.held_points - case when r.entry_key is not null then k.live_points else 0 end as left_points,
            case when k.is_moved then k.effective_date else coalesce(k.live_date, k.for_date, k.effective_date) end as closed_date
        from judged as k
        left join reversed as r on k.entry_key = r.entry_key
    ) as j
    where
        j.is_closed
        and case when j.is_due then j.entry_points else 0 end <> j.left_points
        and (
            (j.is_due and j.entry_points > j.left_points)
            or j.is_refused
            or (j.rule_kind_name = 'points' and j.revoke_name <> 'never')
        )
)

select r.* from reversed as r
union all
select a.* from awarded as a
union all
select d.* from adjusted as d
