"""What people ask of the load on the pages."""
