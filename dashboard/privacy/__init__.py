"""Privacy: which figures may exist of a single agent, what is kept of whom, and the assessment to print."""
