"""The simulated floor of the demo."""
