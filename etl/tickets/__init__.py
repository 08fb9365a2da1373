"""Tickets: their clocks, their promises, their measures."""
