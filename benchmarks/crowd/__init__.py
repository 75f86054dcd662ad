"""People who use a served campus, all at once, and what it costs the machine."""
