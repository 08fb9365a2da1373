-- Which boards has the site saved for its walls, and what does each say?
-- Grain: one row per board of the site as it stands; toml_text is null where it was changed back to the shipped one, or to none.
select distinct on (b.board_name)
    b.board_name,
    b.version_number,
    b.of_version_number,
    b.saved_at,
    b.toml_text
from ops.wall_boards as b
order by b.board_name, b.version_number desc
