-- Forgets every place from which a day is read once more: what a reader carries there may tell of somebody who is erased.
-- Grain: one row per place.
delete from ops.reconciliation_marks
