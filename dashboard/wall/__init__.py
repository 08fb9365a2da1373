"""The wall: a live display that a whole floor can trust from five metres."""
