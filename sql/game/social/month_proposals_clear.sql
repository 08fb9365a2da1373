-- Takes the proposals of a month away that nobody has decided on, for those that are made anew.
-- Grain: one row per proposal.
delete from game.month_proposals as p
where
    p.month_date = cast(:month_date as date)
    and exists (select 1 from game.months as m where m.month_date = p.month_date and m.state_name = 'proposed')
