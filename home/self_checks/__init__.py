"""Each night the installation checks itself, and writes to its operator where something is wrong; weekly where not."""
