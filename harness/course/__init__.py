"""A course around the grades: its roster and deadlines, its table, and what its students see.

May know: grading, grading.archive, reports, diagnosis, results, suite, specification, execution,
trace, text, errors.
"""
