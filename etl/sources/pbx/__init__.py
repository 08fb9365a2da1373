"""What the readers of Asterisk share."""
