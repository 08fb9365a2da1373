-- Which screens hang on which wall: what each may show, the codes that wait for a yes, and the addresses that open once.

create table access.devices (
    device_id integer primary key generated always as identity,
    account_id integer not null unique references access.accounts (account_id) on delete cascade,
    device_name text not null check (device_name <> '' and length(device_name) <= 80),
    board_text text not null check (board_text like '/%' and length(board_text) <= 500),
    made_by_name text not null,
    made_at timestamptz not null default now() check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    revoked_at timestamptz check (revoked_at >= '1990-01-01' and revoked_at < '2100-01-01')
);
comment on table access.devices is
'Grain: one row per wall display. account_id: its own account of the role wall. board_text: the one address that it shows.';
create unique index devices_in_use on access.devices (lower(device_name)) where revoked_at is null;

create table access.device_codes (
    code_text text primary key check (code_text ~ '^[BCDFGHJKMNPQRSTVWXZ]{8}$'),
    browser_sha256 bytea not null unique check (length(browser_sha256) = 32),
    address_text text not null,
    made_at timestamptz not null default now() check (made_at >= '1990-01-01' and made_at < '2100-01-01'),
    ends_at timestamptz not null check (ends_at >= '1990-01-01' and ends_at < '2100-01-01'),
    device_id integer references access.devices (device_id) on delete cascade,
    check (ends_at > made_at)
);
comment on table access.device_codes is
'Grain: one row per screen that shows a code and waits. browser: the hash of what its browser keeps. device_id: said yes to.';

create table access.device_links (
    token_sha256 bytea primary key check (length(token_sha256) = 32),
    device_id integer not null references access.devices (device_id) on delete cascade,
    ends_at timestamptz not null check (ends_at >= '1990-01-01' and ends_at < '2100-01-01'),
    used_at timestamptz check (used_at >= '1990-01-01' and used_at < '2100-01-01')
);
comment on table access.device_links is
'Grain: one row per address that opens a wall display once. Only the hash of its token is kept.';
