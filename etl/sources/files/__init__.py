"""How files are followed and read."""
