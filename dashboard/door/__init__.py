"""The door of the pages: who may come in, by which account, for how long."""
