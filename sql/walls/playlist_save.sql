-- Saves a playlist, or an older version of it again, after the version that was looked at; nothing where somebody was quicker.
-- Grain: one row per version.
insert into ops.wall_playlists (playlist_name, version_number, of_version_number, saved_at, viewer_name, toml_text)
values (
    :playlist_name, :version_number, cast(:of_version_number as integer), :saved_at, :viewer_name, cast(:toml_text as text)
)
