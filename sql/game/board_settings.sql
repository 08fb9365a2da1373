-- What boards show of names from now on.
-- Grain: the one row.
update game.board_settings set names_name = :names_name
where is_only and names_name <> :names_name
