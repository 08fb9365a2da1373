"""What the site aims at and what it wants to be told of: goals with their paths, rules of alerts, what fires now."""
