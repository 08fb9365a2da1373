"""Any file through a mapping: its words, its values, and how it is guessed."""
