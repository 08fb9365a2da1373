-- Forgets how far a source was read; the next load reads it from its first line and changes nothing that it already loaded.
-- Grain: one row per source that was reset.
update ops.cursors set
    position_text = '',
    carry_text = ''
where source_name = :source_name
