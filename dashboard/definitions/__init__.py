"""What the numbers mean and that they add up: the definitions, and the reconciliation with queues and sources."""
