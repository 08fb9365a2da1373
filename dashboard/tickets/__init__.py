"""Tickets: their questions, and what the page of tickets shows of them."""
