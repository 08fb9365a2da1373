"""The warehouse: its tables, its statements, and the module that opens it."""
