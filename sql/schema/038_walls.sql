-- What hangs on the walls of a site: its own boards and playlists with every version of them, and what its people tell the floor.

create table ops.wall_boards (
    save_id bigint primary key generated always as identity,
    board_name text not null check (board_name ~ '^[a-z][a-z0-9-]{0,39}$'),
    version_number integer not null check (version_number > 0),
    of_version_number integer check (of_version_number between 1 and version_number),
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    viewer_name text not null,
    toml_text text check (char_length(toml_text) between 1 and 20000),
    check ((toml_text is null) = (of_version_number is null)),
    unique (board_name, version_number)
);
comment on table ops.wall_boards is
'Grain: one row per time that a board of the site was saved or changed back; the last one of a name is how it stands. '
'of_version_number: the save whose text stands from then on, itself for a new one; null: none of the site''s stands any more.';

create table ops.wall_playlists (
    save_id bigint primary key generated always as identity,
    playlist_name text not null check (playlist_name ~ '^[a-z][a-z0-9-]{0,39}$'),
    version_number integer not null check (version_number > 0),
    of_version_number integer check (of_version_number between 1 and version_number),
    saved_at timestamptz not null check (saved_at >= '1990-01-01' and saved_at < '2100-01-01'),
    viewer_name text not null,
    toml_text text check (char_length(toml_text) between 1 and 20000),
    check ((toml_text is null) = (of_version_number is null)),
    unique (playlist_name, version_number)
);
comment on table ops.wall_playlists is
'Grain: one row per time that a playlist was saved or changed back; the last one of a name is how it stands. of_version_number: '
'the save whose text stands from then on, itself for a new one; null: there is no such playlist any more.';

create table ops.wall_messages (
    message_id integer primary key generated always as identity,
    message_text text not null check (char_length(message_text) between 1 and 200),
    tone_name text not null check (tone_name in ('none', 'good', 'near', 'off')),
    starts_at timestamptz not null check (starts_at >= '1990-01-01' and starts_at < '2100-01-01'),
    ends_at timestamptz not null check (ends_at >= '1990-01-01' and ends_at < '2100-01-01'),
    ended_at timestamptz check (ended_at >= '1990-01-01' and ended_at < '2100-01-01'),
    viewer_name text not null,
    ended_by_name text,
    check (ends_at > starts_at),
    check (ended_by_name is null or ended_at is not null)
);
comment on table ops.wall_messages is
'Grain: one row per message that somebody put on every wall. ends_at: until when it was to stand; ended_at: when it was taken '
'down, or another one took its place, before that.';

create function ops.keep_wall_saves() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'a save of %.% stays as it was made; save another one', tg_table_schema, tg_table_name using errcode = '23514';
end
$$;
comment on function ops.keep_wall_saves is 'What was once saved stays, so that every version can stand again.';
create trigger kept before update or delete on ops.wall_boards
for each row execute function ops.keep_wall_saves();
create trigger kept before update or delete on ops.wall_playlists
for each row execute function ops.keep_wall_saves();

-- A display was bound to a page of people; from now on it shows a wall, with the same queues.
update access.devices set board_text = '/wall/show?boards=floor' || coalesce('&' || substring(board_text from '^/live\?(queue=[^&]+)$'), '')
where board_text ~ '^/live(\?queue=[^&]+)?$';
