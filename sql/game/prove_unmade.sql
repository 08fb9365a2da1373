-- Makes every working day's sums count as changed: they are made anew from the facts.
-- Grain: one row per day that was made before.
update game.made_days set is_changed = true
where is_changed is false
