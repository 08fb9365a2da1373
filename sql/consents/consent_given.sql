-- Notes that a person allows their name on a kind of board from now on; nothing where that holds already.
-- Grain: nothing is answered.
insert into access.consents (agent_id, board_name, given_at)
values (:agent_id, :board_name, :at)
on conflict (agent_id, board_name) where withdrawn_at is null do nothing
