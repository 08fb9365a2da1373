"""Reports for those who do not open the pages: what they say, how they look, when they are made."""
