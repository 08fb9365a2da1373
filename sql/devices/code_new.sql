-- Lets a screen wait under its code.
-- Grain: one row, none where another one waits under the same code.
insert into access.device_codes (code_text, browser_sha256, address_text, made_at, ends_at)
values (:code_text, :browser_sha256, :address_text, :made_at, :ends_at)
on conflict (code_text) do nothing
