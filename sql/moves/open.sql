-- The oldest move of a key whose facts have not been moved yet; held until the transaction ends.
-- Grain: one row, or none.
select
    m.move_id,
    m.kind_name,
    m.source_name,
    m.source_key,
    m.from_id,
    m.to_id,
    m.has_past
from ops.key_moves as m
where m.done_at is null and m.error_text is null
order by m.move_id
limit 1
for update
