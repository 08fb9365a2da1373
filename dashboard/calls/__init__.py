"""Queues and their calls: this instant, a window, a day; and how they are shown."""
