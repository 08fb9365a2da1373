"""What all pages share: the clock, the moment, the frame of a page, choices in its address, changes, files to take."""
