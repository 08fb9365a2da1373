"""Runs the front door as `python -m floorboard`."""

from floorboard import main

main()
