-- Where does the net of the ledger differ from what one full count of all facts and rules gives?
-- Grain: one row per key. A badge, level or streak that was once earned may stay beyond it, and so may what a rule never takes back;
-- what waits for a person, or was refused by one, is due to nobody, unless it was posted before somebody looked.
with due as (
    select
        d.entry_key,
        d.entry_points,
        d.effective_date > coalesce((select max(c.day_date) from game.day_closes as c), '-infinity') as is_open,
        (select bool_or(h.state_name = 'refused') from game.holds as h where h.entry_key = d.entry_key) as is_refused,
        (select bool_or(h.state_name = 'held') from game.holds as h where h.entry_key = d.entry_key) as is_held
    from game_desired as d
),

net as (
    select
        l.entry_key,
        sum(l.entry_points) as entry_points
    from game.ledger as l
    inner join game_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
    where l.kind_name in ('award', 'reversal', 'adjust')
    group by l.entry_key
),

sides as (
    select
        coalesce(d.entry_key, n.entry_key) as entry_key,
        case
            when coalesce(d.is_refused, false) then 0
            when coalesce(d.is_held, false) then coalesce(n.entry_points, 0)
            else coalesce(d.entry_points, 0)
        end as due_points,
        coalesce(n.entry_points, 0) as net_points,
        coalesce(d.is_open, false) as is_open
    from due as d
    full join net as n on d.entry_key = n.entry_key
)

select
    s.entry_key,
    s.due_points,
    s.net_points
from sides as s
inner join game_versions as v
    on split_part(s.entry_key, '|', 1) = v.rule_name and cast(split_part(s.entry_key, '|', 2) as integer) = v.version_number
where
    -- As long as a day is open, less than least_change is left: its close puts it right.
    not (s.is_open and s.due_points > 0 and s.net_points > 0 and abs(s.due_points - s.net_points) < cast(:least_change as integer))
    and (s.due_points > s.net_points
    or (s.due_points < s.net_points and v.kind_name = 'points' and v.revoke_name <> 'never'))
order by s.entry_key
