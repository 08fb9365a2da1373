-- Lets no load move its cursor until the erasure is whole: what a cursor carries is erased too.
lock table ops.cursors in exclusive mode
