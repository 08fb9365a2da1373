"""When and by whom work is done: clocks, slots, who leads, the processes that load, and the local days that ended."""
