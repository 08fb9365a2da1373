"""The ways of a contact beside the queues: channels, self-service, callbacks, transfers, campaigns."""
