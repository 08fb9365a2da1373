"""The rules of the game as data: what a rule may say, and the statement that it becomes."""
