-- Who saved or changed back which board or playlist of the walls, and what does it say from then on?
-- Grain: one row per save, the newest first; toml_text is null where nothing of the site's stands from then on.
select
    'board' as kind_name,
    b.board_name as saved_name,
    b.version_number,
    b.of_version_number,
    b.saved_at,
    b.viewer_name,
    b.toml_text
from ops.wall_boards as b
where b.saved_at <= :as_of
union all
select
    'playlist' as kind_name,
    p.playlist_name as saved_name,
    p.version_number,
    p.of_version_number,
    p.saved_at,
    p.viewer_name,
    p.toml_text
from ops.wall_playlists as p
where p.saved_at <= :as_of
order by saved_at desc, kind_name, saved_name, version_number desc
