"""Agents and teams: what each did, and how it is shown."""
