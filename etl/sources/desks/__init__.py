"""What the readers of help desks share."""
