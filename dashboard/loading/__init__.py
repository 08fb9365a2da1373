"""What is read and loaded: sources, uploads, outages, refused rows, and the requests to the loader."""
