"""Reports: one file each, functions of verdicts."""
