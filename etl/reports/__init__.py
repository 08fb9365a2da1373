"""Makes the reports that are due, once each, and sends them."""
