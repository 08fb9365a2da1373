-- Asks the loader to look at an upload again, through another mapping; not while it loads, and not over a newer look.
-- Grain: one row.
update ops.uploads set
    state_name = 'waiting',
    wanted_text = :wanted_text,
    error_text = null
where upload_id = :upload_id and look_number = :look_number and state_name in ('ready', 'unfit', 'failed')
