"""What the readers of cloud telephony share."""
