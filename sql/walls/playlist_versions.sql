-- What did this playlist say after each save, and which save's text stood from then on?
-- Grain: one row per version, the newest first; none where it was never saved.
select
    b.version_number,
    b.of_version_number,
    b.saved_at,
    b.viewer_name,
    b.toml_text
from ops.wall_playlists as b
where b.playlist_name = :playlist_name
order by b.version_number desc
