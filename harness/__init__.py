"""The checker of the osmem assignment: builds, traces, compares and explains."""
