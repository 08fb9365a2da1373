-- How many agents allow their name on each kind of board now?
-- Grain: one row per kind of board that anybody allows.
select
    c.board_name,
    count(distinct c.agent_id) as consented_agents
from access.consents as c
where c.withdrawn_at is null
group by c.board_name
order by c.board_name
