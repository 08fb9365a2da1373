"""Where records come from: one origin a file; the source's own words end there."""
