"""What customers say: answers to surveys, how sure they make us, comments, and contacts that had to come again."""
