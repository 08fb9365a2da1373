-- Lets no load move its cursor until the erasure is whole: what a cursor carries is erased too.
-- Grain: none; it answers no rows.
lock table ops.cursors in exclusive mode
