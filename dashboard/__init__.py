"""What the numbers mean and how they look: pages, charts, words, and the server that shows them."""
