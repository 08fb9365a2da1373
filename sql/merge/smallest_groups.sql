-- Notes how many agents must stand behind a figure of their work before others see it.
-- Grain: one row; none where it is so already.
update access.smallest_groups as s set fewest_agents = :fewest_agents
where s.fewest_agents <> :fewest_agents
