"""The game on pages: what an agent, a team and a supervisor see of points, badges and contests."""
