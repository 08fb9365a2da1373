"""What belongs to a person: what is kept about them, what they allow, and the names that stand for them."""
