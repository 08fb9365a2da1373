-- Ends what a person allowed, for one kind of board or for all (board_name null); nothing where nothing was allowed.
-- Grain: nothing is answered.
update access.consents
set withdrawn_at = greatest(given_at, :at), is_withdrawn_by_person = :is_by_person
where
    agent_id = :agent_id and withdrawn_at is null
    and (cast(:board_name as text) is null or board_name = :board_name)
