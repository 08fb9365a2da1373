"""Measures the load against stated limits, in one run on one machine: `make bench`."""
