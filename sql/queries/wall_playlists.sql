-- Which playlists has the site saved for its walls, and what does each say?
-- Grain: one row per playlist as it stands; toml_text is null where it was taken back.
select distinct on (p.playlist_name)
    p.playlist_name,
    p.version_number,
    p.of_version_number,
    p.saved_at,
    p.toml_text
from ops.wall_playlists as p
order by p.playlist_name, p.version_number desc
