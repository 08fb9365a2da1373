"""Teams, agents, queues, timetables and promises, as people edit them, and who changed what."""
